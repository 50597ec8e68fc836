package machine

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// tableLayout is the start of the layout of gopher-lua's LTable: the items of a list,
// and the other keys in their order.
type tableLayout struct {
	metatable lua.LValue
	array     []lua.LValue
	_, _      map[lua.LValue]lua.LValue
	keys      []lua.LValue
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
