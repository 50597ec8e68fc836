package compile

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Arithmetic computes a binary arithmetic operation on operands that are not
// both numbers, by Lua's rules: numeric strings count as numbers, then
// metamethods are tried, the left operand's first. Otherwise it raises an error
// that names the operand. The event is "__add" and so on. Only a Go function
// called from Lua code may call it.
func Arithmetic(L *lua.LState, event string, left, right lua.LValue) lua.LValue {
	a, isA := ToNumber(left)
	b, isB := ToNumber(right)
	if isA && isB {
		return lua.LNumber(calculate(event, a, b))
	}
	for _, v := range []lua.LValue{left, right} {
		if fn := userEvent(L, v, event); fn != lua.LNil {
			return callEvent(L, fn, left, right)
		}
	}
	culprit, side := left, 0
	if isA {
		culprit, side = right, 1
	}
	Fail(L, NewBlame(L, 1, culprit).Arithmetic(side))
	return lua.LNil
}

// userEvent returns the metamethod that a table or userdata has for an event.
// The other types have phscript's own metamethods, which do not count here.
func userEvent(L *lua.LState, v lua.LValue, event string) lua.LValue {
	switch v.(type) {
	case *lua.LTable, *lua.LUserData:
		return L.GetMetaField(v, event)
	}
	return lua.LNil
}

func calculate(event string, a, b float64) float64 {
	switch event {
	case "__add":
		return a + b
	case "__sub":
		return a - b
	case "__mul":
		return a * b
	case "__div":
		return a / b
	case "__mod":
		return Modulo(a, b)
	default:
		return math.Pow(a, b)
	}
}
