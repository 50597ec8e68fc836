package compile

import (
	"math"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// Intrinsics are Go functions that compiled code calls directly. The syntax
// tree names them by strings that start with intrinsicPrefix; finish replaces
// those constants in the generated code with the functions. So they work in any
// environment, and scripts cannot replace them.
const (
	intrinsicPrefix     = "\x00phscript\x00"
	intrinsicConcat     = intrinsicPrefix + "concat"
	intrinsicModulo     = intrinsicPrefix + "modulo"
	intrinsicForInitial = intrinsicPrefix + "for initial"
	intrinsicForLimit   = intrinsicPrefix + "for limit"
	intrinsicForStep    = intrinsicPrefix + "for step"
	intrinsicAppend     = intrinsicPrefix + "append"
	intrinsicCover      = intrinsicPrefix + "cover"
)

// MaxStringKey is the registry key of the most bytes that a concatenation may
// produce. A state without it has no limit.
const MaxStringKey = "phscript.max_string"

// intrinsics holds one shared function per name. They keep no state.
var intrinsics = map[string]*lua.LFunction{
	intrinsicConcat:     {IsG: true, GFunction: concat},
	intrinsicModulo:     {IsG: true, GFunction: modulo},
	intrinsicForInitial: {IsG: true, GFunction: func(L *lua.LState) int { return forNumber(L, "initial value") }},
	intrinsicForLimit:   {IsG: true, GFunction: func(L *lua.LState) int { return forNumber(L, "limit") }},
	intrinsicForStep:    {IsG: true, GFunction: func(L *lua.LState) int { return forNumber(L, "step") }},
	intrinsicAppend:     {IsG: true, GFunction: appendPiece},
}

func intrinsicCall(at ast.PositionHolder, name string, args ...ast.Expr) ast.Expr {
	fn := lined(at, &ast.StringExpr{Value: name})
	if len(args) > 0 {
		single(args[len(args)-1])
	}
	return lined(at, &ast.FuncCallExpr{Func: fn, Args: args, AdjustRet: true})
}

// concat implements "..": any number of operands, joined from the right.
func concat(L *lua.LState) int {
	operands := L.GetTop()
	right := L.Get(operands)
	for left := operands - 1; left >= 1; {
		value := L.Get(left)
		if !lua.LVCanConvToString(value) || !lua.LVCanConvToString(right) {
			right = concatEvent(L, value, right, left, operands)
			left--
			continue
		}
		first := left
		for first > 1 && lua.LVCanConvToString(L.Get(first-1)) {
			first--
		}
		right = join(L, first, left, right)
		left = first - 1
	}
	L.Push(right)
	return 1
}

// join joins the operands first to last and the right one.
func join(L *lua.LState, first, last int, right lua.LValue) lua.LValue {
	size := 0
	for i := first; i <= last; i++ {
		size += textSize(L.Get(i))
	}
	CheckSize(L, size+textSize(right))
	buf := make([]byte, 0, size+textSize(right))
	for i := first; i <= last; i++ {
		buf = appendText(buf, L.Get(i))
	}
	return lua.LString(appendText(buf, right))
}

// textSize is the size of a string, or an upper bound for a number.
func textSize(v lua.LValue) int {
	if text, ok := v.(lua.LString); ok {
		return len(text)
	}
	return 24
}

func appendText(buf []byte, v lua.LValue) []byte {
	if n, ok := v.(lua.LNumber); ok {
		return append(buf, number.Format(float64(n))...)
	}
	text, _ := v.(lua.LString)
	return append(buf, text...)
}

// CheckSize raises an error if a string of that many bytes is larger than the
// state allows.
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
		L.RaiseError("the string would be %d bytes long, over the limit of %d: keep the parts in a table, or write them one by one", size, int(limit))
	}
}

// concatEvent calls the __concat metamethod of two operands.
func concatEvent(L *lua.LState, left, right lua.LValue, position, operands int) lua.LValue {
	for _, v := range []lua.LValue{left, right} {
		if fn := L.GetMetaField(v, "__concat"); fn != lua.LNil {
			return callEvent(L, fn, left, right)
		}
	}
	culprit := left
	if lua.LVCanConvToString(left) {
		culprit = right
		position++
	}
	Fail(L, NewBlame(L, 1, culprit).Concatenated(position-1, operands))
	return lua.LNil
}

func callEvent(L *lua.LState, fn, left, right lua.LValue) lua.LValue {
	L.Push(fn)
	L.Push(left)
	L.Push(right)
	L.Call(2, 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// modulo implements "%" as Lua defines it: a - floor(a/b)*b.
func modulo(L *lua.LState) int {
	left, right := L.Get(1), L.Get(2)
	a, isA := left.(lua.LNumber)
	b, isB := right.(lua.LNumber)
	if !isA || !isB {
		L.Push(Arithmetic(L, "__mod", left, right))
		return 1
	}
	L.Push(lua.LNumber(Modulo(float64(a), float64(b))))
	return 1
}

// Modulo is Lua's a % b.
func Modulo(a, b float64) float64 { return a - math.Floor(a/b)*b }

// forNumber converts a bound of a numeric for loop to a number.
func forNumber(L *lua.LState, what string) int {
	n, ok := ToNumber(L.Get(1))
	if !ok {
		L.RaiseError("'for' %s must be a number", what)
	}
	L.Push(lua.LNumber(n))
	return 1
}

// appendPiece appends another table's items to a table, after its first n.
func appendPiece(L *lua.LState) int {
	table, offset, piece := L.Get(1).(*lua.LTable), int(L.Get(2).(lua.LNumber)), L.Get(3).(*lua.LTable)
	piece.ForEach(func(key, value lua.LValue) {
		if n, ok := key.(lua.LNumber); ok {
			table.RawSetInt(offset+int(n), value)
			return
		}
		table.RawSet(key, value)
	})
	return 0
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
