package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// processNames are what os has of the process itself: its arguments, streams,
// environment, folder and end.
var processNames = []string{
	"Args", "Stdin", "Stdout", "Stderr", "Exit",
	"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv", "Chdir", "Getwd",
}

// mayTouch lists the files that use something of processNames, and what.
var mayTouch = map[string][]string{
	"cmd/phscript/main.go":                            {"Exit"},
	"runtime/internal/command/environment/process.go": processNames,
	// A host that names no folder means the process's own.
	"runtime/options.go": {"Getwd"},
	// A generator, not part of the program.
	"planhat/internal/genservices/main.go": {"Stderr", "Exit"},
}

// goFiles calls visit for every Go file outside of tests and of tools that
// live in hidden folders, by its name from the root on.
func goFiles(t *testing.T, visit func(name string, file *ast.File)) {
	t.Helper()
	for _, p := range packages(t) {
		for _, base := range p.GoFiles {
			full := filepath.Join(p.Dir, base)
			file, err := parser.ParseFile(token.NewFileSet(), full, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			folder := strings.TrimPrefix(p.ImportPath, module+"/")
			visit(folder+"/"+base, file)
		}
	}
}

func TestOnlyOneFileTouchesTheProcess(t *testing.T) {
	goFiles(t, func(name string, file *ast.File) {
		for _, spec := range file.Imports {
			if spec.Path.Value == `"os/signal"` {
				assert.Equal(t, "runtime/internal/command/environment/process.go", name, "signals are the environment's affair")
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := selector.X.(*ast.Ident)
			if ok && pkg.Name == "os" && slices.Contains(processNames, selector.Sel.Name) {
				assert.Contains(t, mayTouch[name], selector.Sel.Name, "%s uses os.%s", name, selector.Sel.Name)
			}
			return true
		})
	})
}

// TestMainIsTiny keeps logic out of the one file that no test runs in-process.
func TestMainIsTiny(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "cmd/phscript/main.go"))
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(text), "\n"), 10)
}
