// Package bindings holds the Lua modules that are written in Go, and what you need
// to write your own.
//
// A module is data: each function is declared once, by a [Func], with its
// documentation, its parameters and its results. Argument checks, help, the
// reference pages and editor types all come from that declaration. [CSV], [FS],
// [JSON], [Planhat] and the others return the modules of phscript.
//
// A function gets its checked arguments as [Args], and returns an error to raise
// one in Lua: [Args.Errorf] for a wrong call, which becomes text with the script's
// line, and any other error for a failure, which becomes an error object as
// [ErrorShape] describes. An error can name its kind and a hint: see [ErrorKinder]
// and [Hinter]. [ErrorFrom] returns the Go error of an error object.
//
// The package decides nothing about files, environment or secrets: it asks the
// [Host], which is [Args.Host] in a function. Package runtime makes one for each
// run and opens its modules; in a test of your own module, call [Open] with a host
// that has the parts that the module uses.
//
// [CodecOf] converts between JSON and Lua values. [Show] and [ShowLine] write any
// value as text.
package bindings

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
)

type (
	// Module is a module as a declaration.
	Module = spec.Module
	// Func is a function. Its Call is a func(*Args) (int, error): it reads its
	// checked arguments, pushes its results and returns how many they are. An
	// error is raised in Lua as an error object that names the script's line.
	Func = spec.Func
	// Param is a parameter of a function.
	Param = spec.Param
	// Return is a value that a function returns.
	Return = spec.Return
	// Value is a field of a module. Its Make is a func(*lua.LState) lua.LValue.
	Value = spec.Value
	// Shape describes a table with named fields.
	Shape = spec.Shape
	// Field is a named field of a table.
	Field = spec.Field
)

// Validate returns what is wrong with the declaration of a module: what
// [spec.Module.Validate] finds, and functions that cannot be called.
func Validate(m *Module, known func(name string) bool) error {
	errs := []error{m.Validate(known)}
	for all := []*Module{m}; len(all) > 0; all = all[1:] {
		m := all[0]
		all = append(all, m.Modules...)
		for _, f := range m.Funcs {
			errs = append(errs, callable(spec.Qualify(m.Name, f.Name), f))
		}
		if m.Call != nil {
			errs = append(errs, callable(m.Name, m.Call))
		}
		for _, v := range m.Values {
			if _, ok := v.Make.(func(*lua.LState) lua.LValue); !ok && v.Make != nil {
				errs = append(errs, fmt.Errorf("%s: Make is a %T, not a func(*lua.LState) lua.LValue", spec.Qualify(m.Name, v.Name), v.Make))
			}
		}
	}
	return errors.Join(errs...)
}

// callable returns what keeps a function from being called.
func callable(name string, f *Func) error {
	_, ok := f.Call.(func(*Args) (int, error))
	switch {
	case ok && f.Lua != "":
		return fmt.Errorf("%s has both Call and Lua", name)
	case !ok && f.Call != nil:
		return fmt.Errorf("%s: Call is a %T, not a func(*bindings.Args) (int, error)", name, f.Call)
	case !ok && f.Lua == "":
		return fmt.Errorf("%s has neither Call nor Lua", name)
	}
	return nil
}

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
		defer h.recoverPanic(L)
		a := Args{L: L, Host: h, fn: fn, module: module}
		if self != nil && L.GetTop() > 0 && L.Get(1) == self {
			a.skip = 1
		}
		if !fn.Lazy {
			for i := range a.Len() {
				Whole(a.Get(i))
			}
		}
		err := a.check()
		if err == nil {
			var n int
			if n, err = call(&a); err == nil {
				return n
			}
		}
		h.raise(L, err)
		return 0
	})
}

// recoverPanic is deferred by functions that scripts call. It tells the host
// about a panic and lets errors of Lua, which are panics too, pass.
func (h *Host) recoverPanic(L *lua.LState) {
	p := recover()
	if p == nil {
		return
	}
	if _, raised := p.(*lua.ApiError); raised || h == nil || h.Panicked == nil {
		panic(p)
	}
	h.Panicked(L, p)
	L.Error(lua.LString(fmt.Sprint(p)), 0)
}

// raise raises err as Raise does, and tells the host which error is behind a
// text.
func (h *Host) raise(L *lua.LState, err error) {
	if usage, ok := errors.AsType[*UsageError](err); ok && h != nil && h.RaisedText != nil {
		h.RaisedText(L, usage.Error(), err)
	}
	Raise(L, err)
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
func (h *Host) Function(L *lua.LState, call func(L *lua.LState) (int, error)) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		defer h.recoverPanic(L)
		n, err := call(L)
		if err != nil {
			h.raise(L, err)
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
