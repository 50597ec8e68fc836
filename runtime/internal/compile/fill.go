package compile

import lua "github.com/yuin/gopher-lua"

// FillField is a field of the metatables of tables whose contents are not there yet;
// package bindings makes them. It holds userdata with a Fill method.
const FillField = "phscript.fill"

// Fill puts the contents of a table that a script sees into it, if they are not there
// yet.
func Fill(t *lua.LTable) {
	meta, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return
	}
	if ud, ok := meta.RawGetString(FillField).(*lua.LUserData); ok {
		ud.Value.(interface{ Fill(t *lua.LTable) }).Fill(t)
	}
}
