package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/luajson"
)

type (
	// Codec turns JSON into Lua values and back. There is one for each Lua state. Like
	// the state, it serves one goroutine at a time.
	Codec = luajson.Codec
	// DecodeOptions say how JSON becomes Lua values.
	DecodeOptions = luajson.DecodeOptions
	// EncodeOptions say how Lua values become JSON.
	EncodeOptions = luajson.EncodeOptions
	// Filler knows the contents of tables that are not there yet.
	Filler = luajson.Filler
)

// FillField is a field of the metatable of a table whose contents are not there yet.
// It holds userdata with a [Filler]. Code in Go that looks into a table calls [Fill]
// first.
const FillField = luajson.FillField

// CodecOf returns the codec of L's state; coroutines share their state's.
func CodecOf(L *lua.LState) *Codec {
	if c := luajson.Of(L); c != nil {
		return c
	}
	return luajson.New(L, luajson.Texts{
		Record: func(t *lua.LTable) string { return Show(L, t, maxLine) },
		Result: resultText,
	})
}

// Fill puts the contents of a table that a script sees into it, if they are not there
// yet.
func Fill(t *lua.LTable) { luajson.Fill(t) }

// Whole fills all tables that a value holds.
func Whole(v lua.LValue) { luajson.Whole(v) }
