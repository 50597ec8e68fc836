package builtins

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Keys of the tables of loaded modules, which scripts see as package.loaded, and of
// their files.
const (
	loadedKey = "_LOADED"
	filesKey  = "phscript.files"
	// Key is the prefix for modules written in Go, so that a script's own module of
	// the same name does not replace the global one.
	Key = "phscript:"
)

// Loaded is the table of the modules that a state has loaded.
func Loaded(L *lua.LState) *lua.LTable { return registered(L, loadedKey) }

// ModuleFiles is a table of the names by which a state has loaded modules, by their
// files.
func ModuleFiles(L *lua.LState) *lua.LTable { return registered(L, filesKey) }

func registered(L *lua.LState, key string) *lua.LTable {
	registry := L.G.Registry
	if t, ok := registry.RawGetString(key).(*lua.LTable); ok {
		return t
	}
	t := L.NewTable()
	registry.RawSetString(key, t)
	return t
}

// TopicOf returns the topic of a module, a model or a function of one, and nil for any
// other value.
func TopicOf(m *manual.Manual, L *lua.LState, v lua.LValue) *manual.Topic {
	switch v.(type) {
	case *lua.LTable, *lua.LFunction, *lua.LUserData:
	default:
		return nil
	}
	for _, module := range m.Modules() {
		if t, ok := opened(L, module.Name).(*lua.LTable); ok {
			if name := nameIn(module, t, v); name != "" {
				return m.Topic(name)
			}
		}
	}
	for _, model := range bindings.OpenedModels(L) {
		if name := nameIn(model.Module, model.Table, v); name != "" {
			return m.Member(model.Module, name)
		}
	}
	globals := m.Globals()
	return m.Topic(nameIn(globals, L.G.Global, v))
}

// opened returns a module that a state has opened, or nil.
func opened(L *lua.LState, name string) lua.LValue {
	for _, v := range []lua.LValue{
		Loaded(L).RawGetString(Key + name), Loaded(L).RawGetString(name), L.G.Global.RawGetString(name),
	} {
		if v != lua.LNil {
			return v
		}
	}
	return lua.LNil
}

// nameIn returns the name of a value in the table of a module, or "".
func nameIn(module *bindings.Module, t *lua.LTable, v lua.LValue) string {
	if module.Name != "" && v == t {
		return module.Name
	}
	for _, f := range module.Funcs {
		if t.RawGetString(f.Name) == v {
			return spec.Qualify(module.Name, f.Name)
		}
	}
	for _, value := range module.Values {
		if t.RawGetString(value.Name) == v {
			return spec.Qualify(module.Name, value.Name)
		}
	}
	for _, part := range module.Modules {
		short := part.Name[strings.LastIndexByte(part.Name, '.')+1:]
		if inner, ok := t.RawGetString(short).(*lua.LTable); ok {
			if name := nameIn(part, inner, v); name != "" {
				return name
			}
		}
	}
	return ""
}
