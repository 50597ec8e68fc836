// Package architecture keeps the house in order: imports run one way, every
// folder is one that was agreed on, and only one file touches the process.
package architecture

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the repository's folder, seen from this package.
const root = "../.."

const module = "github.com/phscript/phscript"

// room is what one package may import of this module's own packages, and what
// it must not import of others. Names end in "/..." for all that is below.
type room struct {
	pkg string
	own []string
	// programs is why the room may start programs; empty for one that may not.
	programs string
	// never are packages that the room must not reach, even through others.
	never []string
}

// rooms lists every package outside of tests. A package matches the first
// entry that fits.
var rooms = []room{
	{pkg: "planhat/catalog", never: []string{"net/http", lua}},
	{pkg: "planhat/suggest", never: []string{"net/http", lua}},
	{pkg: "planhat/simulator", own: []string{"planhat/catalog", "planhat/suggest"}, never: []string{lua}},
	{pkg: "planhat/internal/...", own: []string{"planhat/catalog", "planhat/internal/..."}, never: []string{lua}},
	{pkg: "planhat", own: []string{"planhat/catalog", "planhat/suggest"}, never: []string{lua, "os/signal", "flag"}},
	{pkg: "stdlib"},
	{pkg: "bindings", own: []string{"planhat", "planhat/catalog", "planhat/suggest"}, never: []string{luar}},
	{pkg: "runtime/compile", own: []string{"runtime/lualib/number"}, never: []string{"net/http"}},
	{pkg: "runtime/lualib/number", never: []string{lua}},
	{pkg: "runtime/lualib", own: []string{"runtime/compile", "runtime/lualib/..."}, never: []string{"net/http"}},
	{pkg: "runtime/redact", never: []string{lua}},
	{pkg: "runtime/sandbox", never: []string{lua, "net/http"}},
	{pkg: "runtime/config", own: []string{"planhat/suggest"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/editor", own: []string{"bindings", "planhat/catalog", "runtime/manual", "runtime/pattern"}},
	{pkg: "runtime/manual", own: []string{"bindings", "planhat/catalog", "planhat/suggest", "runtime/pattern"}},
	{pkg: "runtime/repl/complete", own: []string{"bindings", "planhat/catalog", "runtime/compile", "runtime/manual"}, never: []string{readline}},
	{pkg: "runtime/repl/show", own: []string{"bindings", "planhat/catalog", "runtime/manual"}, never: []string{readline}},
	{pkg: "runtime/repl", own: []string{"runtime", "runtime/compile", "runtime/manual", "runtime/pattern", "runtime/redact", "runtime/repl/...", "planhat/suggest"}},
	{pkg: "runtime/outcome", own: []string{"runtime", "planhat"}},
	{pkg: "runtime/suite", own: []string{"runtime", "runtime/...", "bindings", "planhat", "planhat/catalog", "planhat/simulator", "planhat/suggest"}},
	{pkg: "runtime/pattern", never: []string{lua, "net/http"}},
	{pkg: "runtime/display", never: []string{lua, "net/http"}},
	{pkg: "runtime/check", own: []string{"runtime/compile", "runtime/manual", "runtime/pattern", "runtime/display", "runtime/lualib/number", "bindings", "planhat/catalog", "planhat/suggest"}},
	{pkg: "runtime/store", never: []string{lua, "net/http"}},
	{pkg: "runtime/quota", own: []string{"planhat", "runtime/store"}, never: []string{lua}},
	{pkg: "runtime/schedule", own: []string{"planhat/suggest", "runtime/config"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/checkpoint", own: []string{"runtime/store"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/history", own: []string{"runtime/config", "runtime/store"}, never: []string{lua, "net/http"}},
	{
		pkg: "runtime/serve", own: []string{"planhat", "runtime/config", "runtime/history", "runtime/quota", "runtime/schedule", "runtime/store"}, never: []string{lua},
		programs: "each scheduled run is a process of its own, and an operator's command tells of failures; scripts reach neither",
	},
	{pkg: "runtime/...", own: []string{"runtime/...", "bindings", "planhat", "planhat/catalog", "planhat/suggest", "stdlib"}},
	{pkg: "runtime", own: []string{"runtime/...", "bindings", "planhat", "planhat/catalog", "planhat/suggest", "stdlib"}},
	{pkg: "cmd/phscript", own: []string{"runtime", "runtime/...", "planhat", "planhat/...", "bindings"}},
}

const (
	lua  = "github.com/yuin/gopher-lua"
	luar = "layeh.com/gopher-luar"
	// readline is the line editor.
	readline = "github.com/reeflective/readline"
)

// listed is what go list tells about a package.
type listed struct {
	ImportPath, Name, Dir string
	Imports, Deps         []string
	GoFiles               []string
}

// packages returns the module's packages without the tests.
func packages(t *testing.T) []listed {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Dir,Imports,Deps,GoFiles", "./...")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if !strings.HasPrefix(p.ImportPath, module+"/tests/") {
			all = append(all, p)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// fits tells whether a package, or one inside of it, is meant by a pattern.
func fits(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(pkg, below+"/")
	}
	return pattern == pkg
}

func fitsAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return fits(pattern, pkg) })
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		i := slices.IndexFunc(rooms, func(r room) bool { return fits(r.pkg, name) })
		if !assert.GreaterOrEqual(t, i, 0, "%s is in no room: say in rooms what it may import", name) {
			continue
		}
		for _, imported := range p.Imports {
			if rooms[i].programs == "" {
				assert.NotEqual(t, "os/exec", imported, "%s could start programs, which scripts must not", name)
			}
			if own, ok := strings.CutPrefix(imported, module+"/"); ok {
				assert.True(t, fitsAny(rooms[i].own, own), "%s imports %s, which is not one of %v", name, own, rooms[i].own)
			}
		}
		for _, dep := range p.Deps {
			for _, never := range rooms[i].never {
				assert.False(t, dep == never || strings.HasPrefix(dep, never+"/"), "%s reaches %s", name, dep)
			}
		}
	}
}

// TestRoomsExist fails for a rule about a package that is gone.
func TestRoomsExist(t *testing.T) {
	var names []string
	for _, p := range packages(t) {
		names = append(names, strings.TrimPrefix(p.ImportPath, module+"/"))
	}
	for _, r := range rooms {
		assert.True(t, slices.ContainsFunc(names, func(name string) bool { return fits(r.pkg, name) }), "there is no package %s", r.pkg)
	}
}

// TestNames keeps out packages that are named after nothing.
func TestNames(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range append(strings.Split(p.ImportPath, "/"), p.Name) {
			assert.NotContains(t, []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base"}, name, p.ImportPath)
		}
		if p.Name != "main" {
			assert.Equal(t, path.Base(p.ImportPath), p.Name, "the package's name and its folder's differ")
		}
	}
}
