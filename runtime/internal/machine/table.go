package machine

import (
	"slices"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// tableLayout is the layout of gopher-lua's LTable: the items of a list, and the other
// keys in their order with their places in it.
type tableLayout struct {
	metatable lua.LValue
	array     []lua.LValue
	_         map[lua.LValue]lua.LValue
	fields    map[string]lua.LValue
	keys      []lua.LValue
	places    map[lua.LValue]int
}

// GrowFields makes room for n more text keys, in the maps of a new table only.
func GrowFields(t *lua.LTable, n int) {
	layout := (*tableLayout)(unsafe.Pointer(t))
	layout.keys = slices.Grow(layout.keys, n)
	if layout.fields == nil {
		layout.fields = make(map[string]lua.LValue, n)
	}
	if layout.places == nil {
		layout.places = make(map[lua.LValue]int, n)
	}
}

// fewFields is how many keys of a new table share its memory.
const fewFields = 8

// newTable executes the making of a table, with room for the keys that its constructor
// names.
func newTable(L *lua.LState, inst uint32, base *frame) int {
	n := int(inst >> 9 & 0x1ff)
	if n == 0 {
		return instructions[lua.OP_NEWTABLE](L, inst, base)
	}
	var t *lua.LTable
	var keys []lua.LValue
	switch {
	case n <= fewFields/2:
		room := &struct {
			table lua.LTable
			keys  [fewFields / 2]lua.LValue
		}{}
		t, keys = &room.table, room.keys[:0]
	case n <= fewFields:
		room := &struct {
			table lua.LTable
			keys  [fewFields]lua.LValue
		}{}
		t, keys = &room.table, room.keys[:0]
	default:
		t, keys = &lua.LTable{}, make([]lua.LValue, 0, n)
	}
	t.Metatable = lua.LNil
	layout := (*tableLayout)(unsafe.Pointer(t))
	layout.keys, layout.fields, layout.places = keys, make(map[string]lua.LValue, n), make(map[lua.LValue]int, n)
	if items := int(inst & 0x1ff); items > 0 {
		layout.array = make([]lua.LValue, 0, items)
	}
	s := of(L)
	s.reg.set(s.target(inst), t)
	return 0
}

// SetField sets a text key to a value that is not nil. Unlike LTable.RawSetString it
// allocates nothing for a key that the table has, or that is a value already.
func SetField(t *lua.LTable, key, v lua.LValue) {
	layout := (*tableLayout)(unsafe.Pointer(t))
	if layout.fields == nil || layout.places == nil {
		GrowFields(t, 0)
	}
	had := len(layout.fields)
	layout.fields[string(key.(lua.LString))] = v
	if len(layout.fields) == had {
		return
	}
	if _, known := layout.places[key]; !known {
		layout.places[key] = len(layout.keys)
		layout.keys = append(layout.keys, key)
	}
}

// storeField executes the assignment to a name.
func storeField(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	t, ok := s.reg.array[s.target(inst)].(*lua.LTable)
	key, v := s.operand(inst&0x1ff), s.operand(inst>>9&0x1ff)
	if !ok || v == lua.LNil || t.Metatable != lua.LNil && t.RawGetString(string(key.(lua.LString))) == lua.LNil {
		return instructions[lua.OP_SETTABLEKS](L, inst, base)
	}
	SetField(t, key, v)
	return 0
}

// large is how many items or keys a table has whose growth is announced.
const large = 1 << 16

// BeforeSet announces to the state's context the memory that a large table takes to
// grow if a key is set that it does not have: all its items or keys are allocated
// again, and a quarter more, beside the old ones. It raises an error if that ends the
// context.
func BeforeSet(L *lua.LState, t *lua.LTable, key lua.LValue) {
	layout := (*tableLayout)(unsafe.Pointer(t))
	part := layout.keys
	if n, ok := key.(lua.LNumber); ok && n > 0 && n <= lua.LNumber(lua.MaxArrayIndex) {
		if part = layout.array; n <= lua.LNumber(len(part)) {
			return
		}
	}
	if len(part) < large || len(part) < cap(part) || t.RawGet(key) != lua.LNil {
		return
	}
	ctx := of(L).ctx
	if m, ok := ctx.(Meter); ok {
		m.Before(cap(part) / 4 * 5 * int(unsafe.Sizeof(lua.LValue(nil))))
		if err := ctx.Err(); err != nil {
			L.RaiseError("%s", err.Error())
		}
	}
}

// Next returns the key that follows another one in a table, and its value: nil after
// the last one. Before the first one comes nil. known is false if the table has never
// had the key.
func Next(t *lua.LTable, key lua.LValue) (next, value lua.LValue, known bool) {
	layout := (*tableLayout)(unsafe.Pointer(t))
	index, from := len(layout.array), 0
	n, isNumber := key.(lua.LNumber)
	isIndex := isNumber && n >= 1 && n <= lua.LNumber(cap(layout.array)) && n == lua.LNumber(int(n))
	switch {
	case key == lua.LNil:
		index = 0
	case isIndex && int(n) <= len(layout.array):
		index = int(n)
	default:
		if place, ok := layout.places[key]; ok {
			from = place + 1
		} else if !isIndex { // an item that was there may have been removed
			return lua.LNil, lua.LNil, false
		}
	}
	for ; index < len(layout.array); index++ {
		if v := layout.array[index]; v != lua.LNil {
			return lua.LNumber(index + 1), v, true
		}
	}
	for _, key := range layout.keys[from:] {
		if v := t.RawGetH(key); v != lua.LNil {
			return key, v, true
		}
	}
	return lua.LNil, lua.LNil, true
}
