package runtime

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// shownMembers is how many names of a module a hint lists.
const shownMembers = 12

// memberHint says what was meant by a field or method that is nil. It looks in
// the table that the failed line indexed, and nowhere else.
func (r *run) memberHint(name string, e *ScriptError) string {
	owner := r.indexed(name, e)
	if owner == nil {
		return ""
	}
	members := membersOf(owner)
	if near := manual.Likeliest(name, members); len(near) > 0 {
		return catalog.Question(near)
	}
	module := r.moduleOf(owner)
	if module == "" {
		return r.libraryHint(name)
	}
	shown, more := members[:min(len(members), shownMembers)], ""
	if left := len(members) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return module + " has: " + strings.Join(shown, ", ") + more
}

// libraryHint says where a function lies that is no field of a table of the
// script.
func (r *run) libraryHint(name string) string {
	library, ok := r.loaded().RawGetString("table").(*lua.LTable)
	if !ok {
		return ""
	}
	if member(library, name) == lua.LNil {
		near := manual.Likeliest(name, membersOf(library))
		if len(near) == 0 {
			return ""
		}
		name = near[0]
	}
	return "tables have no functions of their own: write table." + name + "(the table, ...)"
}

// membersOf lists the names in a table and in what its metatable hands on to,
// in alphabetical order.
func membersOf(t *lua.LTable) []string {
	var names []string
	for range 8 {
		t.ForEach(func(k, _ lua.LValue) {
			if name, ok := k.(lua.LString); ok {
				names = append(names, string(name))
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
	slices.Sort(names)
	return slices.Compact(names)
}

// moduleOf returns the name of the library or module that a table is, or "".
func (r *run) moduleOf(t *lua.LTable) string {
	for _, name := range append(r.rt.ModuleNames(), luaLibraries...) {
		for _, key := range []string{builtinKey + name, name} {
			module, ok := r.loaded().RawGetString(key).(*lua.LTable)
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

// luaLibraries are Lua's own libraries.
var luaLibraries = []string{"string", "table", "math", "coroutine", "os", "io", "debug"}

// indexed returns the table whose field a line reads, or nil where the line
// leaves that open.
func (r *run) indexed(name string, e *ScriptError) *lua.LTable {
	path := regexp.MustCompile(`(\w+(?:\s*\.\s*\w+)*)\s*[.:]\s*` + regexp.QuoteMeta(name) + `\b`)
	line := r.sourceLine(e.Script, e.Line)
	for _, m := range path.FindAllStringSubmatchIndex(line, -1) {
		if before := strings.TrimRight(line[:m[0]], " \t"); strings.HasSuffix(before, ".") && !strings.HasSuffix(before, "..") || strings.HasSuffix(before, ":") {
			continue
		}
		parts := strings.Split(line[m[2]:m[3]], ".")
		value := r.variable(strings.TrimSpace(parts[0]), e)
		for _, part := range parts[1:] {
			value = member(value, strings.TrimSpace(part))
		}
		if _, ok := value.(lua.LString); ok {
			value = r.loaded().RawGetString("string")
		}
		if t, ok := value.(*lua.LTable); ok && member(t, name) == lua.LNil {
			return t
		}
	}
	return nil
}

// member reads a field without running code of the script.
func member(v lua.LValue, name string) lua.LValue {
	for range 8 {
		t, ok := v.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		if found := t.RawGetString(name); found != lua.LNil {
			return found
		}
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		v = meta.RawGetString("__index")
	}
	return lua.LNil
}

// searchedLevels is how many levels of the stack are searched for a variable.
const searchedLevels = 20

// variable returns what a name stands for on the failed line: a local variable
// of the function that failed, one of those around it, or a global one.
func (r *run) variable(name string, e *ScriptError) lua.LValue {
	L := r.L
	for level := 0; level < searchedLevels; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			break
		}
		value, err := L.GetInfo("Slf", frame, lua.LNil)
		if err != nil {
			break
		}
		fn, ok := value.(*lua.LFunction)
		if !ok || fn.IsG || frame.Source != e.Script || frame.CurrentLine != e.Line {
			continue
		}
		var found lua.LValue
		for i := 1; ; i++ {
			local, value := L.GetLocal(frame, i)
			if local == "" {
				break
			}
			if local == name {
				found = value
			}
		}
		for i := 1; found == nil && i <= len(fn.Upvalues); i++ {
			if upvalue, value := L.GetUpvalue(fn, i); upvalue == name {
				found = value
			}
		}
		if found != nil {
			return found
		}
		break
	}
	return L.G.Global.RawGetString(name)
}
