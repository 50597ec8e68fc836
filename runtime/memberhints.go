package runtime

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/suggest"
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
	if near := likeliest(name, members); len(near) > 0 {
		return didYouMean(near)
	}
	module := r.moduleOf(owner)
	if module == "" {
		return ""
	}
	shown, more := members[:min(len(members), shownMembers)], ""
	if left := len(members) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return module + " has: " + strings.Join(shown, ", ") + more
}

// likeliest returns the members that a name may stand for: the one that differs
// in spelling conventions only, what other languages call so, the singular of
// a plural, or else what is spelt like it.
func likeliest(name string, members []string) []string {
	near := suggest.Nearest(name, members)
	if len(near) > 0 && folded(near[0]) == folded(name) {
		return near[:1]
	}
	var meant []string
	for _, other := range habits[folded(name)] {
		if slices.Contains(members, other) {
			meant = append(meant, other)
		}
	}
	if len(meant) > 0 {
		return meant
	}
	if one := singular(name, members); one != "" {
		return []string{one}
	}
	return near
}

// singular returns the member that a name is the plural of, or "".
func singular(name string, members []string) string {
	for _, ending := range []struct{ plural, singular string }{{"ies", "y"}, {"s", ""}, {"es", ""}} {
		stem, ok := strings.CutSuffix(folded(name), ending.plural)
		if !ok {
			continue
		}
		at := slices.IndexFunc(members, func(member string) bool { return folded(member) == stem+ending.singular })
		if at >= 0 {
			return members[at]
		}
	}
	return ""
}

// folded is a name without what spelling conventions differ in.
func folded(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// habits are the names that other languages and clients give to what modules
// do, with those that it may be called here.
var habits = func() map[string][]string {
	known := map[string][]string{}
	for _, habit := range []struct{ names, members string }{
		{"find get fetch read load show findone getone findbyid retrieve byid", "get_by_id get_list decode"},
		{"list all findall getall listall filter where search query select index findby", "get_list each"},
		{"save insert add put store push append set", "create update bulk_upsert write insert"},
		{"upsert bulkinsert bulkcreate bulkupdate createorupdate", "bulk_upsert"},
		{"patch modify edit change", "update"},
		{"new post make", "create"},
		{"remove destroy del erase drop", "delete remove"},
		{"removeall deleteall deletemany bulkremove", "bulk_delete"},
		{"join", "concat"},
		{"stringify dump dumps serialize tojson tostring", "encode"},
		{"parse loads deserialize fromjson", "decode"},
	} {
		for _, name := range strings.Fields(habit.names) {
			known[name] = append(known[name], strings.Fields(habit.members)...)
		}
	}
	return known
}()

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

// variable returns what a name stands for on the failed line: a local variable
// of the function that failed, one of those around it, or a global one.
func (r *run) variable(name string, e *ScriptError) lua.LValue {
	L := r.L
	for level := 0; level < shownFrames; level++ {
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
