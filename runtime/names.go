package runtime

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// names are the names that the script can use, for explanations of errors.
type names struct{ *run }

func (n names) Modules() []string { return n.rt.ModuleNames() }

func (n names) Globals() []string {
	list := n.rt.ModuleNames()
	for _, f := range globals().Funcs {
		list = append(list, f.Name)
	}
	n.L.G.Global.ForEach(func(k, _ lua.LValue) { list = append(list, k.String()) })
	return list
}

func (n names) Members(owner any) []string { return membersOf(n.table(owner)) }

func (n names) Columns(owner any) []string {
	if t, ok := owner.(*lua.LTable); ok {
		return bindings.Columns(t)
	}
	return nil
}

func (n names) Record(owner any) bool {
	t, ok := owner.(*lua.LTable)
	if ok {
		bindings.Fill(t)
	}
	return ok && t.RawGetString("_id").Type() == lua.LTString
}

func (n names) TableFunctions() []string {
	library, _ := n.loaded().RawGetString("table").(*lua.LTable)
	return membersOf(library)
}

// table returns the table of an owner; for a string, the string library.
func (n names) table(owner any) *lua.LTable {
	if _, ok := owner.(lua.LString); ok {
		owner = n.loaded().RawGetString("string")
	}
	t, _ := owner.(*lua.LTable)
	return t
}

// luaLibraries are Lua's own libraries.
var luaLibraries = []string{"string", "table", "math", "coroutine", "os", "io", "debug"}

func (n names) Module(owner any) string {
	t := n.table(owner)
	for _, name := range append(n.rt.ModuleNames(), luaLibraries...) {
		for _, key := range []string{builtinKey + name, name} {
			module, ok := n.loaded().RawGetString(key).(*lua.LTable)
			if !ok {
				continue
			}
			if module == t {
				return name
			}
			found := ""
			module.ForEach(func(k, v lua.LValue) {
				if v == t {
					found = name + "." + k.String()
				}
			})
			if found != "" {
				return found
			}
		}
	}
	return ""
}

// membersOf lists the names in a table and in its metatable's __index, sorted.
func membersOf(t *lua.LTable) []string {
	bindings.Fill(t)
	var list []string
	for range 8 {
		if t == nil {
			break
		}
		t.ForEach(func(k, _ lua.LValue) {
			if name, ok := k.(lua.LString); ok {
				list = append(list, string(name))
			}
		})
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			break
		}
		if t, ok = meta.RawGetString("__index").(*lua.LTable); !ok {
			break
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
