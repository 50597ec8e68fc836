package runtime

import (
	"regexp"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// nilName finds the name in Lua's messages about a value that is nil.
var nilName = regexp.MustCompile(`^attempt to (\w+) (global|field|method) '([^']+)' \(a nil value\)`)

// hint returns what to do about an error of Lua's, or "". It is asked while the
// state's stack is as the error left it.
func (r *run) hint(e *ScriptError) string {
	if m := nilOperand().FindStringSubmatch(e.Message); m != nil {
		if m[2] == "global" {
			if hint := r.globalHint(m[3]); hint != "" {
				return hint
			}
		}
		return r.operandHint(m[1], m[2], m[3], e)
	}
	if m := nilName.FindStringSubmatch(e.Message); m != nil {
		switch {
		case m[2] == "global":
			return r.globalHint(m[3])
		case m[3] == unnamed:
			return r.placeHint(e)
		}
		return r.memberHint(m[3], e)
	}
	if hint := r.loopHint(e); hint != "" {
		return hint
	}
	return r.mixedHint(e)
}

// globalHint says what was meant by a global name that is nil.
func (r *run) globalHint(name string) string {
	if slices.Contains(r.rt.ModuleNames(), name) {
		return "write local " + name + " = require \"" + name + "\" first"
	}
	if hint := manual.Foreign(name); hint != "" {
		return hint
	}
	return catalog.Question(catalog.Nearest(name, r.globalNames()))
}

// globalNames lists the names that every script can use, and its own globals.
func (r *run) globalNames() []string {
	names := r.rt.ModuleNames()
	for _, f := range globals().Funcs {
		names = append(names, f.Name)
	}
	r.L.G.Global.ForEach(func(k, _ lua.LValue) { names = append(names, k.String()) })
	return names
}
