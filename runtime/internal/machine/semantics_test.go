package machine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// newState returns a state whose code this package's loop runs.
func newState(t *testing.T, functions map[string]lua.LGFunction) *lua.LState {
	t.Helper()
	L := lua.NewState()
	t.Cleanup(L.Close)
	machine.Attach(L)
	for name, f := range functions {
		L.SetGlobal(name, L.NewFunction(f))
	}
	return L
}

// eval runs a chunk and returns its results as text, or its error.
func eval(t *testing.T, L *lua.LState, src string) string {
	t.Helper()
	proto, err := compile.Compile([]byte(src), "test.lua")
	require.NoError(t, err, src)
	top := L.GetTop()
	L.Push(L.NewFunctionFromProto(proto))
	if failed, ok := errors.AsType[*lua.ApiError](L.PCall(0, lua.MultRet, nil)); ok {
		return failed.Object.String()
	}
	var results []string
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i).String())
	}
	L.SetTop(top)
	return strings.Join(results, " ")
}

func evaluates(t *testing.T, cases map[string]string) {
	t.Helper()
	for src, want := range cases {
		assert.Equal(t, want, eval(t, newState(t, nil), src), src)
	}
}

// TestArithmetic: results as lua5.1 prints them.
func TestArithmetic(t *testing.T) {
	evaluates(t, map[string]string{
		"local a, b = 7, 2 return a+b, a-b, a*b, a/b, a%b, a^b":                     "9 5 14 3.5 1 49",
		"local a, b = -7, 2 return a%b, a%-b, 7%-b, -a":                             "1 -1 -1 7",
		"local a, b = '7', 2 return a+b, b-a, a*'3', a/b, a%b, a^b, -a":             "9 -5 21 3.5 1 49 -7",
		"return '0x10' + 1, ' 5 ' * 2, -' 5'":                                       "17 10 -5",
		"local z = 0 return 1/z == 1/0, 1/-z == -1/0, 1/(z*-1) == -1/0, -z == z":    "true true true true",
		"local n = 0/0 return n == n, n ~= n":                                       "false true",
		"return 2^53 == 2^53 + 1, 127 + 1, 128 - 1, 0.5 + 0.5, 1e300 * 1e10 == 1/0": "true 128 127 1 true",
		"local t = {} return t + 1":                                                 "test.lua:1: attempt to perform arithmetic on local 't' (a table value)",
		"local s = 'x' return 1 - s":                                                "test.lua:1: attempt to perform arithmetic on local 's' (a string value)",
		"local t return -t":                                                         "test.lua:1: attempt to perform arithmetic on local 't' (a nil value)",
	})
}

// TestOperatorsOfTables: the left operand's metamethod comes first, and gives one
// value.
func TestOperatorsOfTables(t *testing.T) {
	name := func(v lua.LValue) string {
		if t, ok := v.(*lua.LTable); ok {
			return t.RawGetString("name").String()
		}
		return v.String()
	}
	meta := func(L *lua.LState) int {
		t, side := L.NewTable(), L.CheckString(1)
		for _, op := range []string{"add", "sub", "mul", "div", "mod", "pow", "unm", "concat", "len"} {
			t.RawSetString("__"+op, L.NewFunction(func(L *lua.LState) int {
				L.Push(lua.LString(fmt.Sprintf("%s %s(%s,%s)", side, op, name(L.Get(1)), name(L.Get(2)))))
				L.Push(lua.LString("dropped"))
				return 2
			}))
		}
		L.Push(t)
		return 1
	}
	const tables = `
		local a = setmetatable({ name = "a" }, meta "L")
		local b = setmetatable({ name = "b" }, meta "R")
		return `
	for src, want := range map[string]string{
		"a + b": "L add(a,b)", "a - 1": "L sub(a,1)", "1 * b": "R mul(1,b)", "'2' / b": "R div(2,b)", "b % a": "R mod(b,a)", "a ^ 2": "L pow(a,2)",
		"-a": "L unm(a,a)", "#b": "R len(b,nil)", "a .. b": "L concat(a,b)", "1 .. b": "R concat(1,b)",
		"a .. 1 .. 2": "L concat(a,12)", "1 .. 2 .. a": "1L concat(2,a)", "1 .. a .. 2": "1L concat(a,2)", "'x' .. 'y' .. 1": "xy1",
	} {
		L := newState(t, map[string]lua.LGFunction{"meta": meta})
		assert.Equal(t, want, eval(t, L, tables+src), src)
	}
}

// TestJoining: numbers are written as Lua writes them, and what cannot be joined is
// named.
func TestJoining(t *testing.T) {
	evaluates(t, map[string]string{
		"local a, b, c = 1, 'x', 2.5 return a .. b .. c, a .. c, b .. b .. b .. b": "1x2.5 12.5 xxxx",
		"return 1e15 .. '', 1e100 .. '', -0.1 .. '', 1/3 .. ''":                    "1e+15 1e+100 -0.1 0.33333333333333",
		"return '' .. '' .. 'a'":                              "a",
		"local a, b = 1 return a .. 'x' .. b":                 "test.lua:1: attempt to concatenate local 'b' (a nil value)",
		"local a, b = 1 return b .. 'x' .. a":                 "test.lua:1: attempt to concatenate local 'b' (a nil value)",
		"local a, b = 1 return a .. b .. 'x' .. 'y'":          "test.lua:1: attempt to concatenate local 'b' (a nil value)",
		"local a, t = 1, {} return a .. a .. t .. 'x' .. 'y'": "test.lua:1: attempt to concatenate local 't' (a table value)",
		"local t = {} return #'abc', #t, #{ 1, 2 }":           "3 0 2",
		"local t return #t":                                   "test.lua:1: attempt to get length of local 't' (a nil value)",
		"return #setmetatable({ 1, 2 }, {})":                  "2",
	})
}

// TestLoopBounds: as lua5.1 takes them.
func TestLoopBounds(t *testing.T) {
	const sum = " do n = n * 10 + i end return n"
	evaluates(t, map[string]string{
		"local n = 0 for i = 1, 3" + sum:                          "123",
		"local n = 0 for i = 3, 1, -1" + sum:                      "321",
		"local n = 0 for i = '1', '5', '2'" + sum:                 "135",
		"local n = 0 for i = 3, 1" + sum:                          "0",
		"local n = 0 for i = 1, 3, -1" + sum:                      "0",
		"local n = 0 for i = 0, 1, 0.5 do n = n + i end return n": "1.5",
		"for i = {}, 'x' do end":                                  "test.lua:1: 'for' initial value must be a number",
		"for i = 1, 'x' do end":                                   "test.lua:1: 'for' limit must be a number",
		"for i = 1, 2, {} do end":                                 "test.lua:1: 'for' step must be a number",
	})
}

// TestKeysOfAssignments: what no table takes is an error, also in a table with
// __newindex.
func TestKeysOfAssignments(t *testing.T) {
	evaluates(t, map[string]string{
		"local t, k = {} t[k] = 1":      "test.lua:1: table index is nil",
		"local t, k = {}, 0/0 t[k] = 1": "test.lua:1: table index is NaN",
		"local t, k = setmetatable({}, { __newindex = function() end }) t[k] = 1":    "test.lua:1: table index is nil",
		"local t, k = {}, 1 t[k] = 2 t['x'] = 3 t[1/0] = 4 return t[1], t.x, t[1/0]": "2 3 4",
	})
}

// TestExtraArguments: "..." gives those after the parameters, and leaves the other
// values of the statement alone.
func TestExtraArguments(t *testing.T) {
	evaluates(t, map[string]string{
		"local function f(a, ...) return ... end return f(1, 2, 3)":                                   "2 3",
		"local function f(a, ...) local x, y, z = ... return z, y, x end return f(1, 2, 3)":           "nil 3 2",
		"local function f(a, b, ...) return a, b, ... end return f(1)":                                "1 nil",
		"local function f(...) return (...) end return f(), f(7, 8)":                                  "nil 7",
		"local function f(...) local t = { ..., ... } return #t, t[1], t[2], t[3] end return f(1, 2)": "3 1 1 2",
		"local function f(...) local a, b = 5, ... return a, b end return f(6, 7)":                    "5 6",
	})
}

type counter struct {
	context.Context
	ticks, looks int
}

func (c *counter) Tick(n int) { c.ticks, c.looks = c.ticks+n, c.looks+1 }

func (*counter) Before(int) {}

// TestTheContextEndsTheRun: at once after a Go function has ended it, and soon
// in a loop that calls nothing.
func TestTheContextEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	L := newState(t, map[string]lua.LGFunction{"stop": func(*lua.LState) int { cancel(); return 0 }})
	machine.SetContext(L, ctx)
	assert.Equal(t, "1", eval(t, L, "return 1"))
	assert.Contains(t, eval(t, L, "stop() ran = true"), "context canceled")
	assert.Equal(t, lua.LNil, L.GetGlobal("ran"))
	assert.Contains(t, eval(t, L, "for i = 1, 100 do n = i end"), "context canceled")
	assert.Equal(t, lua.LNil, L.GetGlobal("n"), "a call from Go looks at once")

	ctx, cancel = context.WithCancel(t.Context())
	c := &counter{Context: ctx}
	machine.SetContext(L, c)
	L.SetGlobal("endless", lua.LTrue)
	go cancel()
	assert.Contains(t, eval(t, L, "while endless do end"), "context canceled")

	c = &counter{Context: t.Context()}
	machine.SetContext(L, c)
	assert.Equal(t, "1000", eval(t, L, "local n = 0 for i = 1, 1000 do n = n + 1 end return n"))
	assert.InDelta(t, 2000, c.ticks, 100, "each turn takes two instructions")
	assert.InDelta(t, 2000/16, c.looks, 10)
}

// TestWhatIsRunning: Go functions see the Lua functions below them.
func TestWhatIsRunning(t *testing.T) {
	var frames []string
	var crosses bool
	look := func(L *lua.LState) int {
		frames = nil
		for f := range machine.Frames(L) {
			frames = append(frames, fmt.Sprintf("%v %d %d", f.Fn.IsG, f.Line, f.Tail))
		}
		crosses = machine.CrossesGo(L)
		return 0
	}
	L := newState(t, map[string]lua.LGFunction{"look": look, "callback": func(L *lua.LState) int {
		L.Push(L.Get(1))
		L.Call(0, 0)
		return 0
	}})
	assert.Empty(t, eval(t, L, "local function f()\n  look()\nend\nf()"))
	assert.Equal(t, []string{"true 0 0", "false 2 0", "false 4 0"}, frames)
	assert.False(t, crosses)
	assert.Empty(t, eval(t, L, "local function f() look() end\nlocal function g() return f() end\ng()"))
	assert.Equal(t, []string{"true 0 0", "false 1 1", "false 3 0"}, frames)
	assert.False(t, crosses)
	assert.Empty(t, eval(t, L, "callback(function() look() end)"))
	assert.Len(t, frames, 4)
	assert.True(t, crosses)
	eval(t, L, "local t = setmetatable({}, { __add = function() look() end }) return t + 1")
	assert.True(t, crosses, "the metamethod was called by the loop")
}

// TestWhatFailed: the value that the failing instruction calls or indexes.
func TestWhatFailed(t *testing.T) {
	idle := newState(t, nil)
	assert.Nil(t, machine.Called(idle))
	object, _, _ := machine.Indexed(idle)
	assert.Nil(t, object)
	text := func(v lua.LValue) string {
		if v == nil {
			return "-"
		}
		return v.String()
	}
	for src, want := range map[string]string{
		"local x = 5 x()":                 "5 - - false",
		"local x = 5 return x()":          "5 - - false",
		"for k in 5 do end":               "5 - - false",
		"local x return x.name":           "- nil name false",
		"local x, i = nil, 7 return x[i]": "- nil 7 false",
		"local x x:name()":                "- nil name false",
		"local x x.name = 1":              "- nil name true",
		"local x, i = nil, 7 x[i] = 1":    "- nil 7 true",
		"local x return x + 1":            "- - - false",
	} {
		proto, err := compile.Compile([]byte(src), "test.lua")
		require.NoError(t, err)
		L := newState(t, nil)
		var got string
		L.Push(L.NewFunctionFromProto(proto))
		func() {
			defer func() {
				_ = recover() // the frames are still there
				object, key, write := machine.Indexed(L)
				got = fmt.Sprintf("%s %s %s %v", text(machine.Called(L)), text(object), text(key), write)
			}()
			L.Call(0, 0)
		}()
		assert.Equal(t, want, got, src)
	}
}

// TestCalls: arguments and results are as many as the function and the call want, and
// the registers of functions that ended are not seen again.
func TestCalls(t *testing.T) {
	evaluates(t, map[string]string{
		"local function f(a, b, ...) return select('#', ...), b, a, ... end return f(1), f(1, 2, 3, nil)":                   "0 2 2 1 3 nil",
		"local function f(...) local a, b, c = ... return c, b, a, (...) end return f(1, 2)":                                "nil 2 1 1",
		"local function f(a, ...) local t = {...} local u return #t, u, a end return f(1, 2, 3), f()":                       "2 0 nil nil",
		"local function f(a, ...) a = a + 1 return function() return a end, ... end return f(1)(), select(2, f(1, 5))":      "2 5",
		"local function f(a, ...) return arg end return f(1, 2) == nil, (function(...) return arg.n end)(7, 8)":             "false 2",
		"local function f(a, b) return b, a end return f(1), f(1, 2)":                                                       "nil 2 1",
		"local function f(a, b) local c return c, a, b end return f(1, 2, 3, 4)":                                            "nil 1 2",
		"local function f() return 1, 2, 3 end local a, b, c, d = f() return d, c, b, a":                                    "nil 3 2 1",
		"local function f() return 1, 2, 3 end local a, b = f() return (f()), b, f()":                                       "1 2 1 2 3",
		"local function f() return 1, 2, 3 end local function g(...) return ... end return g(0, f())":                       "0 1 2 3",
		"local function f() return 1, 2, 3 end local function g(a, b) return a, b, a end return g(f())":                     "1 2 1",
		"local function f() end return f(), select('#', f()), f()":                                                          "nil 0",
		"local function f(n) if n == 0 then return 1, 2, 3 end return f(n - 1) end return f(9)":                             "1 2 3",
		"local function f(n) if n == 0 then return 'end' end local r = f(n - 1) return r end return f(5000)":                "test.lua:1: stack overflow",
		"local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(150)":                             "150",
		"local function f(n) local m = n + 1 return function() m = m + 1 return m end end return f(1)(), f(5)()":            "3 7",
		"local g local function f() local m = 1 g = function() return m end return m + 1 end return f() + g()":              "3",
		"local function f(a, b, c) return a, b, c end local r = {f(1, 2, 3, 4, 5)} return #r, f(f(1, 2), 9)":                "3 1 9 nil",
		"local t = setmetatable({}, {__index = function(t, k) return k end}) function t.f(a) return t[a] end return t.f(7)": "7",
	})
}

// TestFields: names are set in all kinds of tables, and each is listed once.
func TestFields(t *testing.T) {
	const list = " local s = '' for k, v in pairs(t) do s = s .. tostring(k) .. '=' .. tostring(v) .. ' ' end return s"
	evaluates(t, map[string]string{
		"local t = {} t.a = 1 t.b = 2 t.a = 3" + list:                                                         "a=3 b=2 ",
		"local t = {} t[true] = 1 t.a = 2" + list:                                                             "true=1 a=2 ",
		"local t = {a = 1} t.a = nil t.a = 2" + list:                                                          "a=2 ",
		"local t = {} t.a = 1 t.b = 2 t.a = nil t.b = nil t.a = 3" + list:                                     "a=3 ",
		"local t = {} t.a = nil t.b = 1" + list:                                                               "b=1 ",
		"local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v + 1) end}) t.a = 1" + list: "a=2 ",
		"local t = setmetatable({a = 1}, {__newindex = function() error('no') end}) t.a = 2" + list:           "a=2 ",
		"local t = {} setmetatable({}, {__newindex = t}).a = 1" + list:                                        "a=1 ",
		"local f = function() end local ok, e = pcall(function() f.a = 1 end) return ok":                      "false",
		"local s = 'x' local ok, e = pcall(function() s.a = 1 end) return ok":                                 "false",
	})
}
