// Package architecture checks the structure of the code: imports run one way,
// top-level folders are the agreed ones, and only one file touches the process.
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

// rule is what one package may import of this module's own packages, and what
// it must not import of others. Names end in "/..." for all that is below.
type rule struct {
	pkg string
	own []string
	// programs is why the package may start programs; empty for one that may not.
	programs string
	// never are packages that the package must not reach, even through others.
	never []string
}

// rules lists every package outside of tests. A package matches the first
// entry that fits.
var rules = []rule{
	{pkg: "planhat/catalog", never: []string{"net/http", lua}},
	{pkg: "planhat/simulator", own: []string{"planhat/catalog"}, never: []string{lua}},
	{pkg: "planhat/internal/...", own: []string{"planhat/catalog", "planhat/internal/..."}, never: []string{lua}},
	{pkg: "planhat", own: []string{"planhat/catalog", "planhat/internal/ahead", "planhat/internal/keyset", "planhat/internal/spelling", "planhat/internal/rowkeys", "planhat/internal/scan"}, never: []string{lua, "os/signal", "flag"}},
	{pkg: "stdlib"},
	{pkg: "docs"},
	{pkg: "bindings/spec", never: []string{lua, "net/http"}},
	{pkg: "bindings/internal/csvtext", own: []string{"bindings/internal/amount", "bindings/internal/invalid", "bindings/internal/luatext", "bindings/internal/textfile", "planhat/catalog"}, never: []string{lua, "net/http"}},
	{pkg: "bindings/internal/textfile", own: []string{"bindings/internal/invalid"}, never: []string{lua, "net/http"}},
	{pkg: "bindings/internal/calendar", own: []string{"bindings/internal/invalid", "planhat/catalog"}, never: []string{lua, "net/http"}},
	{pkg: "bindings/internal/luajson", own: []string{"bindings/internal/calendar", "bindings/internal/invalid", "bindings/internal/luatext", "planhat", "planhat/catalog"}},
	{pkg: "bindings/internal/export", own: []string{"planhat"}, never: []string{lua}},
	{pkg: "bindings/internal/reconcile", own: []string{"bindings/internal/calendar", "bindings/internal/precheck", "planhat", "planhat/catalog"}, never: []string{lua}},
	{pkg: "bindings/internal/precheck", own: []string{"planhat", "planhat/catalog"}, never: []string{lua}},
	{pkg: "bindings/internal/rowfile", own: []string{"bindings/internal/csvtext", "bindings/internal/invalid", "bindings/internal/luatext", "bindings/internal/mapping", "bindings/internal/textfile", "planhat"}, never: []string{lua}},
	{pkg: "bindings/internal/mapping", own: []string{"bindings/internal/calendar", "bindings/internal/csvtext", "bindings/internal/invalid", "bindings/internal/luatext", "planhat/catalog"}, never: []string{lua, "net/http"}},
	{pkg: "bindings/internal/...", never: []string{lua, "net/http"}},
	{pkg: "bindings", own: []string{"bindings/internal/...", "bindings/spec", "planhat", "planhat/catalog"}, never: []string{luar}},
	{pkg: "bindings/crypto", own: []string{"bindings", "bindings/internal/invalid", "bindings/internal/luatext", "planhat/catalog"}, never: []string{luar}},
	{pkg: "bindings/html", own: []string{"bindings", "bindings/internal/invalid"}, never: []string{luar}},
	{pkg: "bindings/template", own: []string{"bindings", "bindings/internal/invalid", "bindings/internal/luatext", "planhat/catalog"}, never: []string{luar}},
	{pkg: "bindings/notify", own: []string{"bindings", "planhat"}, never: []string{luar}},
	{pkg: "bindings/parallel", own: []string{"bindings", "bindings/internal/luajson", "planhat"}, never: []string{luar}},
	{pkg: "bindings/progress", own: []string{"bindings", "bindings/internal/luajson"}, never: []string{luar}},
	{pkg: "bindings/state", own: []string{"bindings", "planhat"}, never: []string{luar}},
	{pkg: "bindings/xlsx", own: []string{"bindings", "bindings/internal/calendar", "bindings/internal/export", "bindings/internal/invalid", "bindings/internal/luatext", "planhat/catalog"}, never: []string{luar}},
	{pkg: "bindings/webhook/body", own: nil, never: []string{lua, luar}},
	{pkg: "bindings/webhook", own: []string{"bindings", "bindings/webhook/body", "planhat"}, never: []string{luar}},
	{pkg: "bindings/web", own: []string{"bindings", "planhat"}, never: []string{luar}},
	{pkg: "runtime/internal/header", own: []string{"planhat/catalog", "runtime/internal/config", "runtime/internal/fault", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/network", own: []string{"bindings", "planhat", "runtime/internal/redact"}},
	{pkg: "runtime/internal/explain", own: []string{"planhat/catalog", "runtime/internal/fault", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/compile", own: []string{"bindings/spec", "runtime/internal/explain", "runtime/internal/fault", "runtime/internal/lualib/number", "runtime/internal/syntax"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/lualib/number", never: []string{lua}},
	{pkg: "runtime/internal/lualib/printf", never: []string{lua}},
	{pkg: "runtime/internal/lualib/luapattern", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/machine", own: []string{"runtime/internal/compile", "runtime/internal/lualib/number"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/lualib", own: []string{"runtime/internal/compile", "runtime/internal/fault", "runtime/internal/lualib/...", "runtime/internal/machine", "runtime/internal/pattern"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/likeness", never: []string{"net/http"}},
	{pkg: "runtime/internal/schema", own: []string{"bindings/spec", "planhat", "planhat/catalog", "runtime/internal/sourcefile"}, never: []string{lua}},
	{pkg: "runtime/internal/threads", own: []string{"bindings", "runtime/internal/lualib"}},
	{pkg: "runtime/internal/redact", own: []string{"planhat"}, never: []string{lua}},
	{pkg: "runtime/internal/wire", own: []string{"planhat", "runtime/internal/display", "runtime/internal/pattern", "runtime/internal/redact"}, never: []string{lua}},
	{pkg: "runtime/internal/webhook", never: []string{lua}},
	{pkg: "runtime/internal/hooks", own: []string{"bindings/webhook/body", "planhat/catalog", "runtime/internal/audit", "runtime/internal/config", "runtime/internal/history", "runtime/internal/pattern", "runtime/internal/schedule", "runtime/internal/store", "runtime/internal/webhook"}, never: []string{lua}},
	{pkg: "runtime/internal/proposal", own: []string{"bindings/spec", "planhat/catalog", "runtime/internal/schema"}},
	{pkg: "runtime/internal/scaffold", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/trust", own: []string{"runtime/internal/sourcefile", "runtime/internal/fault", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/sourcefile", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/unfinished", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/sandbox", own: []string{"runtime/internal/sourcefile", "planhat/catalog", "runtime/internal/trust", "runtime/internal/unfinished"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/builtins", own: []string{"bindings", "bindings/crypto", "bindings/html", "bindings/notify", "bindings/parallel", "bindings/progress", "bindings/spec", "bindings/state", "bindings/template", "bindings/web", "bindings/webhook", "bindings/xlsx", "planhat/catalog", "runtime/internal/manual", "stdlib"}},
	{pkg: "runtime/internal/clients", own: []string{"bindings", "planhat", "runtime/internal/plan", "runtime/internal/redact"}},
	{pkg: "runtime/internal/progress", own: []string{"bindings", "planhat", "runtime/internal/display"}},
	{pkg: "runtime/internal/profile", own: []string{"runtime/internal/display", "runtime/internal/machine", "runtime/internal/pattern"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/plan", own: []string{"planhat", "planhat/catalog"}, never: []string{lua}},
	{pkg: "runtime/internal/anonymize", own: []string{"planhat/catalog", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/snapshot", own: []string{"planhat", "planhat/catalog", "planhat/simulator", "runtime/internal/anonymize"}, never: []string{lua}},
	{pkg: "runtime/internal/recording", own: []string{"planhat", "planhat/catalog", "runtime/internal/anonymize", "runtime/internal/pattern", "runtime/internal/redact", "runtime/internal/sourcefile", "runtime/internal/unfinished"}, never: []string{lua}},
	{pkg: "runtime/internal/undoable", own: []string{"planhat", "planhat/catalog", "runtime/internal/changes", "runtime/internal/plan"}, never: []string{lua}},
	{pkg: "runtime/internal/undo", own: []string{"planhat", "planhat/catalog", "runtime/internal/changes", "runtime/internal/plan"}, never: []string{lua}},
	{pkg: "runtime/internal/values", own: []string{"bindings"}},
	{pkg: "runtime/internal/memory", never: []string{"net/http"}},
	{pkg: "runtime/internal/fault", own: []string{"runtime/internal/display"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/config", own: []string{"planhat/catalog", "runtime/internal/fault", "runtime/internal/pattern", "runtime/internal/trust"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/keyring", own: []string{"runtime/internal/fault"}, never: []string{lua}},
	{
		pkg: "runtime/internal/credential", own: []string{"runtime/internal/config", "runtime/internal/fault", "runtime/internal/keyring", "runtime/internal/redact", "runtime/internal/sourcefile", "runtime/internal/trust", "runtime/internal/unfinished"}, never: []string{lua},
		programs: "the setting token_command names a program that prints a token; scripts do not reach it",
	},
	{pkg: "runtime/internal/editor", own: []string{"runtime/internal/sourcefile", "bindings/spec", "planhat/catalog", "runtime/internal/manual", "runtime/internal/pattern", "runtime/internal/schema", "runtime/internal/unfinished"}},
	{pkg: "runtime/internal/guide", own: []string{"docs"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/manual", own: []string{"runtime/internal/display", "runtime/internal/guide", "bindings/spec", "planhat/catalog", "runtime/internal/pattern"}, never: []string{lua}},
	{pkg: "runtime/internal/repl/complete", own: []string{"bindings/spec", "planhat/catalog", "runtime/internal/compile", "runtime/internal/display", "runtime/internal/infer", "runtime/internal/manual", "runtime/internal/schema"}, never: []string{readline}},
	{pkg: "runtime/internal/repl/show", own: []string{"bindings", "planhat/catalog", "runtime/internal/display", "runtime/internal/manual"}, never: []string{readline}},
	{pkg: "runtime/internal/repl", own: []string{"runtime", "runtime/internal/display", "runtime/internal/builtins", "runtime/internal/compile", "runtime/internal/manual", "runtime/internal/pattern", "runtime/internal/redact", "runtime/internal/repl/...", "runtime/internal/schema", "runtime/internal/sourcefile", "runtime/internal/unfinished", "planhat/catalog"}},
	{pkg: "runtime/internal/consent", own: []string{"planhat/catalog", "runtime/internal/fault"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/outcome", own: []string{"runtime/internal/fault", "runtime/internal/plan", "planhat"}, never: []string{lua}},
	{pkg: "runtime/internal/rejects", own: []string{"bindings", "bindings/xlsx", "planhat", "runtime/internal/outcome"}},
	{pkg: "runtime/internal/suite/report", own: []string{"runtime/internal/sourcefile", "runtime/internal/fault", "runtime/internal/compile", "runtime/internal/display"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/suite", own: []string{"runtime", "runtime/...", "bindings", "bindings/spec", "planhat", "planhat/catalog", "planhat/simulator"}},
	{pkg: "runtime/internal/infer", own: []string{"bindings/spec", "planhat/catalog", "runtime/internal/manual", "runtime/internal/syntax"}},
	{pkg: "runtime/internal/syntax", never: []string{"net/http"}},
	{pkg: "runtime/internal/pattern", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/display", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/check/position", own: []string{"runtime/internal/compile"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/check/flow", own: []string{"runtime/internal/check/position", "runtime/internal/syntax"}, never: []string{"net/http"}},
	{pkg: "runtime/internal/check/secret", own: []string{"runtime/internal/pattern", "runtime/internal/redact"}, never: []string{lua}},
	{pkg: "runtime/internal/check/meant", own: []string{"runtime/internal/lualib/luapattern", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/check/report", own: []string{"runtime/internal/display"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/check", own: []string{"runtime/internal/check/...", "runtime/internal/compile", "runtime/internal/explain", "runtime/internal/header", "runtime/internal/infer", "runtime/internal/manual", "runtime/internal/pattern", "runtime/internal/lualib/luapattern", "runtime/internal/lualib/number", "runtime/internal/lualib/printf", "runtime/internal/schema", "bindings/spec", "planhat/catalog", "runtime/internal/syntax"}},
	{pkg: "runtime/internal/store", never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/quota", own: []string{"planhat", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/schedule", own: []string{"planhat/catalog", "runtime/internal/config", "runtime/internal/header", "runtime/internal/pattern"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/journal", own: []string{"planhat", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/changes", own: []string{"runtime/internal/journal", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/durable", own: []string{"bindings", "runtime/internal/store"}},
	{pkg: "runtime/internal/tokens", own: []string{"runtime/internal/store"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/guard", never: []string{lua}},
	{pkg: "runtime/internal/listen", never: []string{lua}},
	{pkg: "runtime/internal/web/pages", own: []string{"runtime/internal/access", "runtime/internal/apply", "runtime/internal/audit", "runtime/internal/config", "runtime/internal/consent", "runtime/internal/display", "runtime/internal/follow", "runtime/internal/header", "runtime/internal/history", "runtime/internal/hooks", "runtime/internal/outcome", "runtime/internal/overview", "runtime/internal/plan", "runtime/internal/planfile", "runtime/internal/plans", "runtime/internal/quota", "runtime/internal/rejects", "runtime/internal/serve", "runtime/internal/store", "runtime/internal/web", "runtime/internal/web/pages/redacted"}},
	{pkg: "runtime/internal/web/pages/redacted", own: []string{"runtime/internal/redact"}, never: []string{lua}},
	{pkg: "runtime/internal/web", own: []string{"runtime/internal/access", "runtime/internal/audit", "runtime/internal/guard"}, never: []string{lua}},
	{pkg: "runtime/internal/access", own: []string{"runtime/internal/audit", "runtime/internal/store"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/checkpoint", own: []string{"runtime/internal/store"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/audit", own: []string{"runtime/internal/store"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/history", own: []string{"runtime/internal/config", "runtime/internal/store"}, never: []string{lua, "net/http"}},
	{
		pkg: "runtime/internal/serve", own: []string{"runtime/internal/sourcefile", "planhat", "planhat/catalog", "runtime/internal/audit", "runtime/internal/config", "runtime/internal/fault", "runtime/internal/header", "runtime/internal/history", "runtime/internal/hooks", "runtime/internal/outcome", "runtime/internal/pattern", "runtime/internal/plans", "runtime/internal/quota", "runtime/internal/schedule", "runtime/internal/store", "runtime/internal/trust"}, never: []string{lua},
		programs: "each scheduled run is a process of its own, and an operator's command tells of failures; scripts reach neither",
	},
	{pkg: "runtime/internal/overview", own: []string{"runtime/internal/history", "runtime/internal/hooks", "runtime/internal/plans", "runtime/internal/quota", "runtime/internal/serve", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/plans", own: []string{"planhat", "runtime/internal/audit", "runtime/internal/changes", "runtime/internal/config", "runtime/internal/consent", "runtime/internal/fault", "runtime/internal/history", "runtime/internal/outcome", "runtime/internal/plan", "runtime/internal/planfile", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/follow", own: []string{"runtime/internal/history"}, never: []string{lua, "net/http"}},
	{pkg: "runtime/internal/reference", own: []string{"bindings/spec", "planhat/catalog", "runtime/internal/guide", "runtime/internal/manual", "runtime/internal/pattern"}},
	{pkg: "runtime/internal/planfile", own: []string{"planhat", "planhat/catalog", "runtime/internal/outcome", "runtime/internal/plan", "runtime/internal/sourcefile", "runtime/internal/unfinished"}, never: []string{lua}},
	{pkg: "runtime/internal/apply", own: []string{"planhat", "planhat/catalog", "runtime/internal/changes", "runtime/internal/consent", "runtime/internal/plan", "runtime/internal/planfile", "runtime/internal/store"}, never: []string{lua}},
	{pkg: "runtime/internal/view", own: []string{"planhat", "runtime/internal/access", "runtime/internal/apply", "runtime/internal/config", "runtime/internal/display", "runtime/internal/header", "runtime/internal/history", "runtime/internal/hooks", "runtime/internal/outcome", "runtime/internal/pattern", "runtime/internal/plan", "runtime/internal/planfile", "runtime/internal/plans", "runtime/internal/quota", "runtime/internal/schedule", "runtime/internal/schema", "runtime/internal/serve", "runtime/internal/store", "runtime/internal/undo"}},
	{pkg: "runtime/internal/luatext", own: []string{}},
	{
		pkg: "runtime/internal/command/environment", own: []string{"runtime/internal/sourcefile", "planhat", "runtime/internal/display", "runtime/internal/fault", "runtime/internal/keyring", "runtime/internal/trust"},
		programs: "'phscript serve --open' shows its page in the user's browser; scripts do not reach it",
	},
	{pkg: "runtime/internal/command/usage", own: []string{"planhat/catalog", "runtime/internal/config", "runtime/internal/fault", "runtime/internal/command/environment"}, never: []string{lua}},
	{pkg: "runtime/internal/command/printing", own: []string{"runtime/internal/sourcefile", "runtime", "runtime/internal/display", "runtime/internal/unfinished", "runtime/internal/view", "runtime/internal/command/environment", "runtime/internal/command/usage"}},
	{pkg: "runtime/internal/command/storage", own: []string{"runtime/internal/audit", "runtime/internal/config", "runtime/internal/quota", "runtime/internal/trust", "runtime/internal/serve", "runtime/internal/store", "runtime/internal/command/environment", "runtime/internal/command/usage"}},
	{
		pkg: "runtime/internal/command/mcp", own: []string{"runtime/internal/command/environment", "runtime/internal/command/usage", "runtime/internal/config", "runtime/internal/guide", "runtime/internal/header", "runtime/internal/manual", "runtime/internal/reference", "runtime/internal/schema", "runtime/internal/suite", "planhat/catalog"},
		programs: "each call of a tool is a process of phscript, so a script cannot end or exhaust the server; scripts cannot choose the program",
	},
	{pkg: "runtime/internal/command/...", own: []string{"runtime", "runtime/internal/...", "planhat", "planhat/...", "bindings", "bindings/spec"}},
	{pkg: "runtime/internal/command", own: []string{"runtime/internal/command/...", "runtime/internal/config", "runtime/internal/outcome", "runtime/internal/pattern", "planhat/catalog"}},
	{pkg: "runtime/cli", own: []string{"runtime/internal/command"}},
	{pkg: "runtime", own: []string{"runtime/internal/...", "bindings", "bindings/spec", "planhat", "planhat/catalog", "stdlib"}},
	{pkg: "cmd/phscript", own: []string{"runtime/cli"}},
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
		// A folder that holds only tests may import what it tests.
		if !strings.HasPrefix(p.ImportPath, module+"/tests/") && len(p.GoFiles) > 0 {
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

// public are the packages that other modules may import. Everything else is
// below an internal folder. docs only embeds the guides: Go embeds files of the
// package's own folder.
var public = []string{
	"bindings", "bindings/crypto", "bindings/html", "bindings/notify", "bindings/parallel", "bindings/progress", "bindings/spec", "bindings/state", "bindings/template", "bindings/web", "bindings/webhook", "bindings/webhook/body", "bindings/xlsx", "docs", "planhat", "planhat/catalog", "planhat/simulator", "runtime", "runtime/cli", "stdlib",
}

func TestPublicPackages(t *testing.T) {
	var found []string
	for _, p := range packages(t) {
		if name := strings.TrimPrefix(p.ImportPath, module+"/"); p.Name != "main" && !strings.Contains(name, "internal/") {
			found = append(found, name)
		}
	}
	assert.ElementsMatch(t, public, found)
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		i := slices.IndexFunc(rules, func(r rule) bool { return fits(r.pkg, name) })
		if !assert.GreaterOrEqual(t, i, 0, "%s has no rule: say in rules what it may import", name) {
			continue
		}
		for _, imported := range p.Imports {
			if rules[i].programs == "" {
				assert.NotEqual(t, "os/exec", imported, "%s could start programs, which scripts must not", name)
			}
			if own, ok := strings.CutPrefix(imported, module+"/"); ok {
				assert.True(t, fitsAny(rules[i].own, own), "%s imports %s, which is not one of %v", name, own, rules[i].own)
			}
		}
		for _, dep := range p.Deps {
			for _, never := range rules[i].never {
				assert.False(t, dep == never || strings.HasPrefix(dep, never+"/"), "%s reaches %s", name, dep)
			}
		}
	}
}

// TestRulesAreUsed fails for a rule about a package that is gone.
func TestRulesAreUsed(t *testing.T) {
	var names []string
	for _, p := range packages(t) {
		names = append(names, strings.TrimPrefix(p.ImportPath, module+"/"))
	}
	for _, r := range rules {
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
