package bindings

import (
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
)

// Open builds the Lua table of a module on L. Functions may be called with a
// dot or with a colon; arguments are checked against their specs.
func Open(L *lua.LState, h *Host, m *Module) *lua.LTable {
	t := L.CreateTable(0, len(m.Funcs)+len(m.Modules)+len(m.Values))
	for _, fn := range m.Funcs {
		t.RawSetString(fn.Name, newFunction(L, h, m.Name, fn, t))
	}
	for _, sub := range m.Modules {
		t.RawSetString(sub.Name[strings.LastIndexByte(sub.Name, '.')+1:], Open(L, h, sub))
	}
	for _, value := range m.Values {
		if make, ok := value.Make.(func(*lua.LState) lua.LValue); ok {
			t.RawSetString(value.Name, make(L))
		}
	}
	if m.Call != nil {
		mt := L.CreateTable(0, 1)
		// __call passes the module itself first, as a colon does.
		mt.RawSetString("__call", newFunction(L, h, "", m.Call, t))
		t.Metatable = mt
	}
	return t
}

func newFunction(L *lua.LState, h *Host, module string, fn *Func, self *lua.LTable) *lua.LFunction {
	if fn.Lua != "" {
		return luaFunction(L, spec.Qualify(module, fn.Name), fn.Lua)
	}
	call := fn.Call.(func(*Args) (int, error)) // as Validate says
	return L.NewFunction(func(L *lua.LState) int {
		a := Args{L: L, Host: h, fn: fn, module: module}
		if self != nil && L.GetTop() > 0 && L.Get(1) == self {
			a.skip = 1
		}
		err := a.check()
		if err == nil {
			var n int
			if n, err = call(&a); err == nil {
				return n
			}
		}
		Raise(L, err)
		return 0
	})
}

// Method makes a checked function of an object, which may be called with a dot
// or with a colon. Messages call it by the name of the module.
func Method(L *lua.LState, h *Host, module string, fn *Func, object *lua.LTable) *lua.LFunction {
	return newFunction(L, h, module, fn, object)
}

// luaFunction runs a chunk that returns a function. It panics if the chunk,
// which is part of the program, does not compile.
func luaFunction(L *lua.LState, name, chunk string) *lua.LFunction {
	f, err := L.Load(strings.NewReader(chunk), InternalChunk+" "+name)
	if err != nil {
		panic(err)
	}
	L.Push(f)
	L.Call(0, 1)
	f = L.CheckFunction(-1)
	L.Pop(1)
	return f
}

// Function makes a Lua function outside of a module, such as an iterator that
// a module's function returns. Errors are raised as Open's functions do.
func Function(L *lua.LState, call func(L *lua.LState) (int, error)) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		n, err := call(L)
		if err != nil {
			Raise(L, err)
		}
		return n
	})
}

// Raise raises err in Lua. A mistake in the script (UsageError) becomes text
// with the script's position in front, as Lua's own errors; everything else
// becomes an error object.
func Raise(L *lua.LState, err error) {
	var usage *UsageError
	if errors.As(err, &usage) {
		L.Error(lua.LString(where(L)+usage.Error()), 0)
	}
	var raised *lua.ApiError
	if errors.As(err, &raised) && raised.Object != nil && raised.Object != lua.LNil {
		L.Error(raised.Object, 0)
	}
	L.Error(newError(L, err), 0)
}
