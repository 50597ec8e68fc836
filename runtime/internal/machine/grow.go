package machine

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// tableLayout is the start of the layout of gopher-lua's LTable.
type tableLayout struct {
	metatable lua.LValue
	array     []lua.LValue
}

// large is how many items a list has whose growth is announced.
const large = 1 << 16

// BeforeAppend announces to the state's context the memory that a list takes to grow
// if an item is set beyond its end: all of it is allocated again, and a quarter more,
// beside the old list. It raises an error if that ends the context.
func BeforeAppend(L *lua.LState, list *lua.LTable, key float64) {
	array := (*tableLayout)(unsafe.Pointer(list)).array
	if len(array) < large || len(array) < cap(array) || key <= float64(len(array)) || key > float64(lua.MaxArrayIndex) {
		return
	}
	ctx := of(L).ctx
	if m, ok := ctx.(Meter); ok {
		m.Before(cap(array) / 4 * 5 * int(unsafe.Sizeof(lua.LValue(nil))))
		if err := ctx.Err(); err != nil {
			L.RaiseError("%s", err.Error())
		}
	}
}
