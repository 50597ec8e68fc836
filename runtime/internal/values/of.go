// Package values converts between Lua and Go for programs that embed phscript:
// what scripts return, and the Go values and functions that scripts use. A
// conversion that would lose something fails.
package values

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// deepest is how many nested tables Of follows.
const deepest = 100

// Of converts a Lua value to Go: nil, bool, float64, string, []any for a list,
// map[string]any for any other table (an empty one is a list). Go values are
// returned as they are. Functions, coroutines, tables that contain themselves
// and JSON's null become nil.
func Of(v lua.LValue) any { return of(v, nil) }

func of(v lua.LValue, above []*lua.LTable) any {
	switch v := v.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		return string(v)
	case *lua.LUserData:
		if !null(v) {
			return v.Value
		}
	case *lua.LTable:
		if slices.Contains(above, v) || len(above) >= deepest {
			return nil
		}
		return tableOf(v, append(above, v))
	}
	return nil
}

// null reports whether a value is JSON's null.
func null(v *lua.LUserData) bool {
	_, is := v.Value.(*bindings.Codec)
	return is
}

func tableOf(t *lua.LTable, above []*lua.LTable) any {
	bindings.Fill(t)
	count := length(t)
	if n := t.Len(); n == count {
		list := make([]any, n)
		for i := range list {
			list[i] = of(t.RawGetInt(i+1), above)
		}
		return list
	}
	fields := make(map[string]any, count)
	t.ForEach(func(k, v lua.LValue) { fields[k.String()] = of(v, above) })
	return fields
}

// length counts all items of a table.
func length(t *lua.LTable) int {
	count := 0
	t.ForEach(func(_, _ lua.LValue) { count++ })
	return count
}
