package lualib

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

func TestProtectedCallsKeepLocalsShared(t *testing.T) {
	prints(t, "false\tt.lua:4: oops\n3\t3\t3\n", `
		local n, inner, get = 0
		local function inc() n = n + 1 end
		print(pcall(function() local m = 1 inner = function() m = m + 1 return m end inc() inner() error("oops") end))
		get = function() return n end
		inc() inc() print(n, inner(), get())`)
	prints(t, "1\t2\t4\n", `
		local fs = {}
		for i = 1, 4 do
			pcall(function() local v = i fs[i] = function() return v end if i % 2 == 0 then error() end return v end)
		end
		print(fs[1](), fs[2](), fs[4]())`)
}

func TestProtectedCallsNest(t *testing.T) {
	prints(t, "true\tfalse\tt.lua:2: in\n", `
		print(pcall(pcall, function() error("in") end))`)
	prints(t, "false\touter\n", `
		print(pcall(function() local ok, e = pcall(error, "inner") error(ok == false and e == "inner" and "outer", 0) end))`)
	prints(t, "1000\tend\n", `
		local function deep(n) if n == 0 then error("end", 0) end local ok, e, m = pcall(deep, n - 1) return ok and e or 0, ok and m or e end
		local function count(n) if n == 0 then return 0 end local _, m = pcall(count, n - 1) return m + 1 end
		print(count(1000), select(2, pcall(deep, 0)))`)
	prints(t, "false\tsort\n", `
		print(pcall(function() table.sort({ 3, 2, 1 }, function() error("sort", 0) end) end))`)
}

func TestProtectedCallsWantArguments(t *testing.T) {
	prints(t, `false	bad argument #1 to 'pcall' (value expected)
false	bad argument #2 to 'xpcall' (value expected)
false	attempt to call a nil value
false	attempt to call a nil value
false	attempt to call a number value
`, `print(pcall(pcall)) print(pcall(xpcall, print)) print(pcall(nil)) print(xpcall(nil, nil)) print(pcall(5))`)
}

func TestHandlersSeeTheStack(t *testing.T) {
	prints(t, "false\tt.lua:1: x|f\n", `local function f() error("x") end
		print(xpcall(function() f() end, function(m) return m .. "|" .. (debug.traceback():match("in function '(f)'") or "") end))`)
	prints(t, "true\nfalse\tstack overflow\ttrue\n", `
		local function f() return 1 + f() end
		local seen
		local ok, e = xpcall(f, function(m) seen = #debug.traceback() > 100 return m:match("stack overflow") end)
		print(not ok) print(ok, e, seen)`)
	prints(t, "false\tt.lua:2: second\n", `
		print(xpcall(function() error("first") end, function(m) error("second") end))`)
	prints(t, "false\tfirst again\n", `
		print(xpcall(function() error("first", 0) end, function(m) return select(2, pcall(error, m .. " again", 0)) end))`)
}

func TestHandlersCannotYield(t *testing.T) {
	for _, failing := range []string{`local t = {} t()`, `error("x")`, `local x = nil + 1`} {
		prints(t, "true\tfalse\tattempt to yield across metamethod/C-call boundary\n", `
			local co = coroutine.create(function() return xpcall(function() `+failing+` end, function() coroutine.yield() end) end)
			print(coroutine.resume(co))`)
	}
}

// TestCallsByGo makes protected calls of gopher-lua's own, which must not change
// how errors are handled around them.
func TestCallsByGo(t *testing.T) {
	host := &testHost{files: map[string]string{}, cancel: func() {}}
	L := lua.NewState(StateOptions())
	defer L.Close()
	Open(L, host, Limits{})
	L.SetGlobal("try", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.Get(1))
		err := L.PCall(0, 0, nil)
		L.Push(lua.LBool(err == nil))
		return 1
	}))
	proto, err := compile.Compile([]byte(`
		local n = 0
		local function inc() n = n + 1 end
		print(pcall(function() local ok = try(function() inc() error("a") end) inc() error(ok) end))
		inc()
		print(n, xpcall(function() local x = n.y end, function(m) return m end))`), "t.lua")
	require.NoError(t, err)
	_, err = callMain(L, proto)
	require.NoError(t, err)
	assert.Equal(t, "false\tfalse\n3\tfalse\tt.lua:6: attempt to index upvalue 'n' (a number value)\n", host.out.String())
}
