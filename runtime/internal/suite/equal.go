package suite

import lua "github.com/yuin/gopher-lua"

// pair is two tables being compared, to stop at tables that contain themselves.
type pair struct{ a, b *lua.LTable }

// equal reports whether two values are equal; tables are compared by content,
// without their metatables.
func equal(a, b lua.LValue) bool { return equalWithin(a, b, map[pair]bool{}) }

func equalWithin(a, b lua.LValue, open map[pair]bool) bool {
	x, isTable := a.(*lua.LTable)
	y, isOther := b.(*lua.LTable)
	if !isTable || !isOther {
		return same(a, b)
	}
	if x == y || open[pair{x, y}] {
		return true
	}
	open[pair{x, y}] = true
	count, alike := 0, true
	x.ForEach(func(k, v lua.LValue) {
		count++
		alike = alike && equalWithin(v, y.RawGet(k), open)
	})
	if !alike {
		return false
	}
	y.ForEach(func(_, _ lua.LValue) { count-- })
	return count == 0
}

// same is rawequal.
func same(a, b lua.LValue) bool {
	if x, ok := a.(*lua.LUserData); ok {
		y, ok := b.(*lua.LUserData)
		return ok && x == y
	}
	return a.Type() == b.Type() && a == b
}

// includes reports whether a table has at least the fields of another, at any
// depth. Other values must be equal.
func includes(got, want lua.LValue) bool {
	g, isTable := got.(*lua.LTable)
	w, isOther := want.(*lua.LTable)
	if !isTable || !isOther {
		return same(got, want)
	}
	all := true
	w.ForEach(func(k, v lua.LValue) { all = all && includes(g.RawGet(k), v) })
	return all
}

// projected returns the part of got that want names, to compare the two line by
// line.
func projected(L *lua.LState, got, want lua.LValue) lua.LValue {
	g, isTable := got.(*lua.LTable)
	w, isOther := want.(*lua.LTable)
	if !isTable || !isOther {
		return got
	}
	out := L.NewTable()
	w.ForEach(func(k, v lua.LValue) { out.RawSet(k, projected(L, g.RawGet(k), v)) })
	return out
}
