package runtime

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/suggest"
)

// nilName finds the name in Lua's messages about a value that is nil.
var nilName = regexp.MustCompile(`^attempt to (\w+) (global|field|method) '([^']+)' \(a nil value\)`)

// hint returns what to do about a message, or "". For a name that is nil it
// suggests the names that are like it; for a field that was only read, just
// where the line says that it was a module's.
func (r *run) hint(message, sourceLine string) string {
	m := nilName.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	act, what, name := m[1], m[2], m[3]
	var known []string
	switch {
	case what == "global":
		known = r.globalNames()
		if slices.Contains(r.rt.ModuleNames(), name) {
			return "write local " + name + " = require \"" + name + "\" first"
		}
	case act == "call" || act == "index" && r.ofModule(name, sourceLine):
		known = r.memberNames()
	}
	near := suggest.Nearest(name, known)
	if len(near) == 0 {
		return ""
	}
	return "did you mean '" + strings.Join(near, "' or '") + "'?"
}

// ofModule reports whether a line reads a name from a module, as in
// "planhat.compny".
func (r *run) ofModule(name, sourceLine string) bool {
	m := regexp.MustCompile(`(\w+)\s*[.:]\s*` + regexp.QuoteMeta(name) + `\b`).FindStringSubmatch(sourceLine)
	return m != nil && (isLibrary(m[1]) || slices.Contains(r.rt.ModuleNames(), m[1]))
}

// globalNames lists the names that every script can use, and its own globals.
func (r *run) globalNames() []string {
	names := r.rt.ModuleNames()
	r.L.G.Global.ForEach(func(k, _ lua.LValue) { names = append(names, k.String()) })
	return names
}

// memberNames lists the functions and parts of every library and module that
// the script has used.
func (r *run) memberNames() []string {
	seen := map[string]bool{}
	r.L.G.Global.ForEach(func(k, v lua.LValue) {
		name := k.String()
		if m := r.rt.goModule(name); m != nil {
			collectNames(m, seen)
			return
		}
		if t, ok := v.(*lua.LTable); ok && t != r.L.G.Global && isLibrary(name) {
			t.ForEach(func(k, _ lua.LValue) { seen[k.String()] = true })
		}
	})
	for _, name := range r.rt.ModuleNames() {
		if r.loaded().RawGetString(builtinKey+name) != lua.LNil {
			collectNames(r.rt.goModule(name), seen)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// isLibrary holds for Lua's own libraries.
func isLibrary(name string) bool {
	return slices.Contains([]string{"string", "table", "math", "coroutine", "os", "io", "debug"}, name)
}

func collectNames(m *bindings.Module, seen map[string]bool) {
	for _, f := range m.Funcs {
		seen[f.Name] = true
	}
	for _, sub := range m.Modules {
		_, last, _ := strings.Cut(sub.Name, ".")
		seen[last] = true
		collectNames(sub, seen)
	}
}
