package bindings

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// tableParts has the layout of lua.LTable, which keeps its text keys in a map, a
// list for their order and a map of their positions. Its own methods grow the
// latter two key by key, which takes four times as long as filling all three in
// their known size, and most of the time of reading a page of records.
type tableParts struct {
	_       lua.LValue                // Metatable
	_       []lua.LValue              // array
	_       map[lua.LValue]lua.LValue // dict
	strdict map[string]lua.LValue
	keys    []lua.LValue
	k2i     map[lua.LValue]int
}

// partsFit reports whether this gopher-lua has tables of that layout. If not,
// tables are filled with their methods.
var partsFit = sameParts(reflect.TypeFor[tableParts](), reflect.TypeFor[lua.LTable]())

func sameParts(mine, theirs reflect.Type) bool {
	if mine.NumField() != theirs.NumField() || mine.Size() != theirs.Size() {
		return false
	}
	for i := range mine.NumField() {
		m, t := mine.Field(i), theirs.Field(i)
		if m.Type != t.Type || m.Offset != t.Offset || m.Name != "_" && m.Name != t.Name {
			return false
		}
	}
	return true
}

// newObject makes a table of keys, which are lua.LString, and values. The last
// value of a duplicate key wins.
func newObject(L *lua.LState, keys, values []lua.LValue) *lua.LTable {
	t := L.CreateTable(0, len(keys))
	if !partsFit || len(keys) == 0 {
		for i, k := range keys {
			t.RawSetString(string(k.(lua.LString)), values[i])
		}
		return t
	}
	p := (*tableParts)(unsafe.Pointer(t))
	p.keys = make([]lua.LValue, 0, len(keys))
	p.k2i = make(map[lua.LValue]int, len(keys))
	for i, k := range keys {
		known := len(p.strdict)
		p.strdict[string(k.(lua.LString))] = values[i]
		if len(p.strdict) > known {
			p.k2i[k] = len(p.keys)
			p.keys = append(p.keys, k)
		}
	}
	return t
}
