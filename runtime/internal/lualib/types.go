package lualib

import (
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	lua "github.com/yuin/gopher-lua"
)

// arithmeticEvents are the events of the binary arithmetic operators.
var arithmeticEvents = []string{"__add", "__sub", "__mul", "__div", "__mod", "__pow"}

// openTypes gives the basic types metatables of phscript's own. They cost
// nothing while a program does what it can do; when it indexes, calls or
// computes with nil and the like, they raise Lua's own messages with the name
// of the variable, and for strings they convert by Lua's rules. getmetatable
// does not show them.
func (lib *library) openTypes(L *lua.LState) {
	for _, v := range []lua.LValue{lua.LNil, lua.LTrue, lua.LNumber(0), L.NewFunction(func(*lua.LState) int { return 0 }), L} {
		meta := L.NewTable()
		lib.operators(L, meta)
		register(L, meta, map[string]func(call) int{"__index": indexOther, "__newindex": storeOther, "__len": func(c call) int {
			compile.Fail(c.LState, compile.NewBlame(c.LState, 1, c.Get(1)).Measured())
			return 0
		}})
		if _, callable := v.(*lua.LFunction); !callable {
			register(L, meta, map[string]func(call) int{"__call": callOther})
		}
		L.SetMetatable(v, meta)
	}
	meta := L.NewTable()
	lib.operators(L, meta)
	register(L, meta, map[string]func(call) int{"__newindex": storeOther, "__call": callOther})
	meta.RawSetString("__index", loaded(L).RawGetString("string"))
	meta.RawSetString("__lt", lua.LNil)
	meta.RawSetString("__le", lua.LNil)
	L.SetMetatable(lua.LString(""), meta)
}

// operators adds what happens when the basic types meet an operator.
func (lib *library) operators(L *lua.LState, meta *lua.LTable) {
	functions := map[string]func(call) int{
		"__unm": func(c call) int { return c.results(negate(c.LState, c.Get(1))) },
		"__lt":  compareOther,
		"__le":  compareOther,
	}
	for _, event := range arithmeticEvents {
		functions[event] = func(c call) int {
			return c.results(compile.Arithmetic(c.LState, event, c.Get(1), c.Get(2)))
		}
	}
	register(L, meta, functions)
}

// negate is the unary minus of a value that is no number.
func negate(L *lua.LState, v lua.LValue) lua.LValue {
	if n, ok := compile.ToNumber(v); ok {
		return lua.LNumber(-n)
	}
	compile.Fail(L, compile.NewBlame(L, 1, v).Arithmetic(0))
	return lua.LNil
}

// indexOther is what reading a field of a basic type does.
func indexOther(c call) int {
	compile.Fail(c.LState, compile.NewBlame(c.LState, 1, c.Get(1)).Indexed(c.Get(2), fault.ToRead))
	return 0
}

// storeOther is what writing a field of a basic type does.
func storeOther(c call) int {
	compile.Fail(c.LState, compile.NewBlame(c.LState, 1, c.Get(1)).Indexed(c.Get(2), fault.ToWrite))
	return 0
}

// callOther is what calling a basic type does.
func callOther(c call) int {
	blame := compile.NewBlame(c.LState, 1, c.Get(1))
	if blame.Source() == HiddenSource {
		compile.Fail(c.LState, &fault.Fault{Operation: fault.Call, Type: c.Get(1).Type().String()})
	}
	short := ""
	if frame, ok := c.GetStack(0); ok {
		if _, err := c.GetInfo("n", frame, lua.LNil); err == nil {
			short = frame.Name
		}
	}
	compile.Fail(c.LState, blame.Called(short))
	return 0
}

// compareOther is what "<" does for two values of a type without an order.
func compareOther(c call) int {
	kind := c.Get(1).Type().String()
	compile.Fail(c.LState, fault.Comparison(kind, kind))
	return 0
}
