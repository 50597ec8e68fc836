package compile

import (
	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// MaxStringKey is the registry key of the most bytes that a concatenation may
// produce. A state without it has no limit.
const MaxStringKey = "phscript.max_string"

// BeforeLongKey is the registry key of a func(*lua.LState, int) that is told the
// size of each long string before it is made. It may end the state's context.
const BeforeLongKey = "phscript.before_long"

// long is how many bytes make a string a long one.
const long = 1 << 20

// CheckSize raises an error if a string of size bytes is larger than the state
// allows.
func CheckSize(L *lua.LState, size int) {
	const never = 1 << 16
	if size <= never {
		return
	}
	registry, ok := L.Get(lua.RegistryIndex).(*lua.LTable)
	if !ok {
		return
	}
	limit, ok := registry.RawGetString(MaxStringKey).(lua.LNumber)
	if ok && float64(size) > float64(limit) {
		L.RaiseError("the string would have %s bytes (the limit is %s): keep the parts in a table, or write them one by one", humanize.Comma(int64(size)), humanize.Comma(int64(limit)))
	}
	CheckRoom(L, size)
}

// bytesPerByte is about what compiling takes of memory for a byte of source.
const bytesPerByte = 20

// CheckSource ends the run if compiling the source would exceed its memory limit.
func CheckSource(L *lua.LState, src []byte) { CheckRoom(L, bytesPerByte*len(src)) }

// CheckRoom ends the run if size more bytes would exceed its memory limit.
func CheckRoom(L *lua.LState, size int) {
	registry, ok := L.Get(lua.RegistryIndex).(*lua.LTable)
	if !ok || size < long {
		return
	}
	if before, ok := registry.RawGetString(BeforeLongKey).(*lua.LUserData); ok {
		before.Value.(func(*lua.LState, int))(L, size)
		if err := L.Context().Err(); err != nil {
			L.RaiseError("%s", err.Error())
		}
	}
}

// ToNumber converts a value as Lua's arithmetic does.
func ToNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return number.Parse(string(v))
	}
	return 0, false
}
