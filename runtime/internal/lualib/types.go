package lualib

import (
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// openTypes gives the basic types metatables of phscript's own. They cost
// nothing while a program does what it can do; when it indexes or calls nil and
// the like, they raise Lua's own messages with the name of the variable. Scripts
// do not see them: getmetatable shows only the one of strings, which is Lua's.
func (lib *library) openTypes(L *lua.LState) {
	for _, v := range []lua.LValue{lua.LNil, lua.LTrue, lua.LNumber(0), L.NewFunction(func(*lua.LState) int { return 0 }), L} {
		meta := L.CreateTable(0, 3)
		register(L, meta, functions{{"__index", indexOther}, {"__newindex", storeOther}})
		if _, callable := v.(*lua.LFunction); !callable {
			register(L, meta, functions{{"__call", callOther}})
		}
		L.SetMetatable(v, meta)
	}
	meta := L.CreateTable(0, 1)
	meta.RawSetString("__index", loaded(L).RawGetString("string"))
	lib.share(L, lua.LString(""), meta)
}

// share sets the metatable of a value, which scripts see; values of a basic type share it.
func (lib *library) share(L *lua.LState, v, meta lua.LValue) {
	L.SetMetatable(v, meta)
	lib.shared[v.Type()] = meta
}

// indexOther is what reading a field of a basic type does.
func indexOther(c call) int {
	compile.Fail(c.LState, machine.Blame(c.LState, 1, c.Get(1)).Indexed(c.Get(2), fault.ToRead))
	return 0
}

// storeOther is what writing a field of a basic type does.
func storeOther(c call) int {
	compile.Fail(c.LState, machine.Blame(c.LState, 1, c.Get(1)).Indexed(c.Get(2), fault.ToWrite))
	return 0
}

// callOther is what calling a basic type does.
func callOther(c call) int {
	blame := machine.Blame(c.LState, 1, c.Get(1))
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
