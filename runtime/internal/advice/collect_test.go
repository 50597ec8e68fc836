package advice

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// code matches hints that propose something to write: code, an option, a flag, a
// command or a setting.
var code = regexp.MustCompile("`|--[a-z]|'phscript |\\w\\(|\\w\\.\\w+\\b.*\\bdo\\b|[\\w…\\]] = [^=]|…\\)| or [0{]|\\{ |require \"|~=|\\.\\.[^.]|\\[\\\"|<[^ ]|is written|write (?:not|and|or) instead|write \\(|for … in|declared with|#value")

// hinting matches the names of functions that return hints.
var hinting = regexp.MustCompile(`(?i)hint$|^instead$|advice|propos`)

// hintFiles are the files whose functions all return hints.
var hintFiles = []string{"runtime/internal/explain/", "runtime/internal/compile/habits.go", "runtime/internal/compile/loophabits.go", "runtime/internal/compile/uncalled.go"}

// collected returns the hints in the program's source that contain code, by the
// file that they are in. What is filled in is written "…".
func collected(t *testing.T) map[string][]string {
	t.Helper()
	const root = "../../.."
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "tests" || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		short := filepath.ToSlash(strings.TrimPrefix(name, root+string(filepath.Separator)))
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		c := collector{all: slices.ContainsFunc(hintFiles, func(prefix string) bool { return strings.HasPrefix(short, prefix) })}
		c.file(file)
		for _, hint := range c.hints {
			if code.MatchString(hint) && !slices.Contains(found[short], hint) {
				found[short] = append(found[short], hint)
			}
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// collector gathers the hints of a file.
type collector struct {
	all   bool
	hints []string
	// passed are the functions of the file with a parameter for a hint, and its place.
	passed map[string]int
}

// takesHints finds the functions of a file that have a parameter for a hint.
func (c *collector) takesHints(file *ast.File) {
	c.passed = map[string]int{}
	note := func(name string, params *ast.FieldList) {
		at := 0
		for _, field := range params.List {
			for _, param := range field.Names {
				if param.Name == "hint" {
					c.passed[name] = at
				}
				at++
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			note(n.Name.Name, n.Type.Params)
		case *ast.AssignStmt:
			if f, ok := n.Rhs[0].(*ast.FuncLit); ok {
				note(nameOf(n.Lhs[0]), f.Type.Params)
			}
		}
		return true
	})
}

// nameOf is the last name of a variable, a field or a function.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func (c *collector) file(file *ast.File) {
	c.takesHints(file)
	for _, decl := range file.Decls {
		f, isFunc := decl.(*ast.FuncDecl)
		returns := c.all || isFunc && hinting.MatchString(f.Name.Name)
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "hint") {
					c.take(n.Value)
				}
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if i < len(n.Rhs) && isHint(lhs) {
						c.take(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if at, ok := c.passed[nameOf(n.Fun)]; ok && at < len(n.Args) {
					c.take(n.Args[at])
				}
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Errorf" && len(n.Args) > 1 {
					if x, ok := f.X.(*ast.Ident); ok && x.Name == "invalid" {
						c.take(n.Args[0])
					}
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) && hinting.MatchString(name.Name) {
						c.take(n.Values[i])
					}
				}
			case *ast.ReturnStmt:
				if returns {
					for _, e := range n.Results {
						c.take(e)
					}
				}
			case *ast.CompositeLit:
				if c.all && n.Type == nil && len(n.Elts) > 1 { // a row of a table of habits, whose last field is the hint
					c.take(n.Elts[len(n.Elts)-1])
					if last := len(c.hints) - 1; last >= 0 { // "%" is filled in
						c.hints[last] = strings.ReplaceAll(c.hints[last], "%", "…")
					}
				}
			}
			return true
		})
	}
}

func isHint(e ast.Expr) bool { return strings.EqualFold(nameOf(e), "hint") }

var verb = regexp.MustCompile(`%[-+#0-9.]*[a-z]`)

func (c *collector) take(e ast.Expr) {
	text := strings.TrimSpace(textOf(e))
	if strings.HasPrefix(text, ";") {
		text = "…" + text // the end of a hint
	}
	if strings.Trim(text, "… ") != "" {
		c.hints = append(c.hints, text)
	}
}

// textOf is an expression's text as far as it is written out.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return textOf(e.X) + textOf(e.Y)
		}
	case *ast.ParenExpr:
		return textOf(e.X)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			return verb.ReplaceAllLiteralString(textOf(e.Args[0]), "…")
		}
	}
	return "…"
}
