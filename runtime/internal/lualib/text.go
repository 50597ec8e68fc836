package lualib

import (
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
)

// PrintField is a field of metatables that scripts do not see: getmetatable
// returns nil for them. It holds what print and tostring call for the text of
// the value, as __tostring does in other metatables.
const PrintField = "phscript.print"

// ToString is what print shows of a value: it honours __tostring and writes numbers
// as Lua does. It may call Lua code, and raises an error when that does not return a
// string.
func ToString(L *lua.LState, v lua.LValue) string {
	switch text := converted(L, v).(type) {
	case lua.LString:
		return string(text)
	case lua.LNumber:
		return number.Format(float64(text))
	}
	L.RaiseError("'tostring' must return a string to 'print'")
	return ""
}

// converted is Lua's tostring, which returns whatever __tostring does.
func converted(L *lua.LState, v lua.LValue) lua.LValue {
	convert := L.GetMetaField(v, "__tostring")
	if convert == lua.LNil {
		switch v := v.(type) {
		case lua.LString:
			return v
		case lua.LNumber:
			return lua.LString(number.Format(float64(v)))
		}
		convert = L.GetMetaField(v, PrintField)
	}
	if convert == lua.LNil {
		return lua.LString(v.String())
	}
	return call{LState: L, name: "tostring"}.invoke(convert, v)
}
