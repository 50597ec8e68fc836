package runtime

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/values"
)

// ModuleNames returns the names of all built-in modules: those written in Go
// and those in Lua.
func (r *Runtime) ModuleNames() []string {
	names := slices.AppendSeq(builtins.Names(), maps.Keys(r.modules))
	names = slices.AppendSeq(names, maps.Keys(r.opts.LuaModules))
	slices.Sort(names)
	return slices.Compact(names)
}

// goModule returns a module written in Go, or nil.
func (r *Runtime) goModule(name string) *bindings.Module {
	if m := r.modules[name]; m != nil {
		return m
	}
	return builtins.Module(name)
}

// hasGoModule reports whether goModule would return one, without making it.
func (r *Runtime) hasGoModule(name string) bool {
	return r.modules[name] != nil || builtins.Has(name)
}

// isGlobal reports whether a module written in Go is global in every script.
func (r *Runtime) isGlobal(name string) bool {
	if m := r.modules[name]; m != nil {
		return !m.Required
	}
	return builtins.IsGlobal(name)
}

// open returns the table of a module written in Go, made once per run.
func (r *run) open(name string) *lua.LTable {
	if t, ok := r.loaded().RawGetString(builtinKey + name).(*lua.LTable); ok {
		return t
	}
	if name == clientModule {
		r.watchPlanned()
	}
	t := bindings.Open(r.L, r.modules, r.rt.goModule(name))
	r.loaded().RawSetString(builtinKey+name, t)
	return t
}

// lazyGlobals makes modules written in Go, and the function help, globals that
// open on first use. They are in the global table's __index, which a script may
// replace; require still finds them.
func (r *run) lazyGlobals() {
	L := r.L
	globals := L.G.Global
	meta := L.CreateTable(0, 1)
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name, ok := L.Get(2).(lua.LString)
		if !ok {
			return 0
		}
		v := r.globalFunction(string(name))
		if r.rt.isGlobal(string(name)) {
			v = r.open(string(name))
		}
		if v == lua.LNil {
			return 0
		}
		globals.RawSetString(string(name), v)
		L.Push(v)
		return 1
	}))
	globals.Metatable = meta
}

// setValues sets the caller's globals and Go values, and the script's
// arguments.
func (r *run) setValues() {
	L := r.L
	for _, m := range r.opts.Modules {
		if m.Name == "" {
			bindings.Open(L, r.host.modules, m).ForEach(L.G.Global.RawSet)
		}
	}
	bridge := &values.Bridge{Host: r.modules, Context: (*lua.LState).Context}
	for _, list := range []map[string]any{r.opts.Values, r.given.Values} {
		for name, v := range list {
			l, err := bridge.Value(L, name, v)
			if err != nil {
				L.Error(lua.LString(err.Error()), 0)
			}
			L.G.Global.RawSetString(name, l)
		}
	}
	args := L.CreateTable(len(r.given.Args), 1)
	args.RawSetInt(0, lua.LString(r.script.Name))
	for i, a := range r.given.Args {
		args.RawSetInt(i+1, lua.LString(a))
	}
	L.G.Global.RawSetString("args", args)
	L.G.Global.RawSetString("arg", args) // as in Lua's own interpreter
	L.G.Global.RawSetString("params", r.params())
}

// params is the table of the script's parameters.
func (r *run) params() lua.LValue {
	if len(r.given.Params) == 0 {
		return r.L.CreateTable(0, 0)
	}
	v, err := bindings.CodecOf(r.L).DecodeBytes(r.given.Params, bindings.DecodeOptions{})
	if err != nil {
		r.L.Error(lua.LString("the script's parameters cannot be read: "+err.Error()), 0)
	}
	if jsontext.Value(r.given.Params).Kind() != jsontext.KindBeginObject {
		r.L.Error(lua.LString("the script's parameters are not a JSON object"), 0)
	}
	return v
}
