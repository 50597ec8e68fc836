package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
)

// meaningful are Lua's own functions to which other versions of Lua pass more.
var meaningful = map[string]bool{"load": true, "loadfile": true, "loadstring": true, "xpcall": true, "math.atan": true, "math.log": true, "string.rep": true}

// tooMany reports arguments that a function does not take. Lua's own functions ignore them,
// so they only matter where another version of Lua gives them a meaning.
func (c *script) tooMany(callee infer.Value, given []ast.Expr, n int) {
	f := callee.Function()
	finding := c.misuse(c.flow.Expr[given[len(f.Params)]].From, callee, f.TooMany(n))
	if !standard(callee) {
		return
	}
	finding.Severity = report.Warning
	name := callee.Topic.Name
	finding.minor = !meaningful[name]
	if strings.HasPrefix(name, "load") {
		// Scripts for several versions choose between setfenv and load with an environment.
		finding.minor = c.knowsVersions()
	}
}

// standard reports whether a function is one of Lua's own.
func standard(k infer.Value) bool {
	root, _, _ := strings.Cut(k.Topic.Name, ".")
	return slices.Contains([]string{"string", "table", "math", "os", "io", "debug", "coroutine", "package"}, root) || basic[root]
}

// basic are the functions of Lua that are in no module.
var basic = map[string]bool{
	"assert": true, "collectgarbage": true, "dofile": true, "error": true, "getfenv": true, "getmetatable": true, "ipairs": true, "load": true,
	"loadfile": true, "loadstring": true, "module": true, "next": true, "pairs": true, "pcall": true, "print": true, "rawequal": true, "rawget": true,
	"rawset": true, "require": true, "select": true, "setfenv": true, "setmetatable": true, "tonumber": true, "tostring": true, "type": true,
	"unpack": true, "xpcall": true,
}
