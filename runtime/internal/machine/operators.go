package machine

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// arithmetic executes the binary arithmetic operators.
func arithmetic(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	left, right := s.operand(inst&0x1ff), s.operand(inst>>9&0x1ff)
	a, isA := left.(lua.LNumber)
	b, isB := right.(lua.LNumber)
	if isA && isB {
		s.reg.setNumber(s.target(inst), calculate(int(inst>>26), float64(a), float64(b)))
		return 0
	}
	v := convert(L, int(inst>>26), left, right)
	s.reg.set(s.target(inst), v)
	return 0
}

func calculate(op int, a, b float64) float64 {
	switch op {
	case lua.OP_ADD:
		return a + b
	case lua.OP_SUB:
		return a - b
	case lua.OP_MUL:
		return a * b
	case lua.OP_DIV:
		return a / b
	case lua.OP_MOD:
		return number.Modulo(a, b)
	default:
		return number.Pow(a, b)
	}
}

var events = map[int]string{
	lua.OP_ADD: "__add", lua.OP_SUB: "__sub", lua.OP_MUL: "__mul",
	lua.OP_DIV: "__div", lua.OP_MOD: "__mod", lua.OP_POW: "__pow",
}

// convert computes an operation on operands that are not both numbers: numeric
// strings count as numbers, then metamethods are tried, the left operand's
// first.
func convert(L *lua.LState, op int, left, right lua.LValue) lua.LValue {
	a, isA := compile.ToNumber(left)
	b, isB := compile.ToNumber(right)
	if isA && isB {
		return lua.LNumber(calculate(op, a, b))
	}
	if fn := event(L, events[op], left, right); fn != lua.LNil {
		return call(L, fn, left, right)
	}
	culprit, side := left, 0
	if isA {
		culprit, side = right, 1
	}
	compile.Fail(L, Blame(L, 0, culprit).Arithmetic(side))
	return lua.LNil
}

// Blame finds what the instruction that runs at a level of the stack calls a value that
// it cannot use. Level 0 is the running function.
func Blame(L *lua.LState, level int, culprit lua.LValue) compile.Blame {
	b, f := compile.NewBlame(L, level, culprit), of(L).currentFrame
	for ; level > 0 && f != nil; level-- {
		f = f.Parent
	}
	if f == nil || f.Fn.IsG {
		return b
	}
	return b.At(f.Pc - 1)
}

// event finds the metamethod of two operands.
func event(L *lua.LState, name string, left, right lua.LValue) lua.LValue {
	if fn := L.GetMetaField(left, name); fn != lua.LNil {
		return fn
	}
	return L.GetMetaField(right, name)
}

func call(L *lua.LState, fn, left, right lua.LValue) lua.LValue {
	L.Push(fn)
	L.Push(left)
	L.Push(right)
	L.Call(2, 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// minus executes the unary minus.
func minus(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	v := s.operand(inst & 0x1ff)
	if n, ok := v.(lua.LNumber); ok {
		s.reg.setNumber(s.target(inst), -float64(n))
		return 0
	}
	if n, ok := compile.ToNumber(v); ok {
		s.reg.setNumber(s.target(inst), -n)
		return 0
	}
	fn := L.GetMetaField(v, "__unm")
	if fn == lua.LNil {
		compile.Fail(L, Blame(L, 0, v).Arithmetic(0))
	}
	s.reg.set(s.target(inst), call(L, fn, v, v))
	return 0
}

// length executes "#".
func length(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	v := s.operand(inst & 0x1ff)
	if text, ok := v.(lua.LString); ok {
		s.reg.setNumber(s.target(inst), float64(len(text)))
		return 0
	}
	t, isTable := v.(*lua.LTable)
	if isTable && t.Metatable == lua.LNil {
		s.reg.setNumber(s.target(inst), float64(t.Len()))
		return 0
	}
	if fn := L.GetMetaField(v, "__len"); fn != lua.LNil {
		s.reg.set(s.target(inst), call(L, fn, v, lua.LNil))
		return 0
	}
	if !isTable {
		compile.Fail(L, Blame(L, 0, v).Measured())
	}
	s.reg.setNumber(s.target(inst), float64(t.Len()))
	return 0
}

// store executes the assignment to a key. A key that no table takes is an error
// even if a metamethod would take it.
func store(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	list, ok := s.reg.array[s.target(inst)].(*lua.LTable)
	if !ok {
		return instructions[lua.OP_SETTABLE](L, inst, base)
	}
	key := s.operand(inst & 0x1ff)
	switch n, ok := key.(lua.LNumber); {
	case key == lua.LNil:
		L.RaiseError("table index is nil")
	case ok && math.IsNaN(float64(n)):
		L.RaiseError("table index is NaN")
	}
	BeforeSet(L, list, key)
	return instructions[lua.OP_SETTABLE](L, inst, base)
}

// prepareFor starts a numeric loop. Text that holds a number counts as one.
func prepareFor(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	base := s.target(inst)
	var bounds [3]float64
	for i, what := range []string{"initial value", "limit", "step"} {
		n, ok := compile.ToNumber(s.reg.array[base+i])
		if !ok {
			L.RaiseError("'for' %s must be a number", what)
		}
		bounds[i] = n
	}
	s.reg.setNumber(base, bounds[0]-bounds[2])
	s.reg.setNumber(base+1, bounds[1])
	s.reg.setNumber(base+2, bounds[2])
	s.currentFrame.Pc += int(inst&0x3ffff) - 0x1ffff
	return 0
}

// vararg executes "...". gopher-lua's own instruction clears the registers above
// the values, which may hold other values of the same statement.
func vararg(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	f := s.currentFrame
	base := s.target(inst)
	given := max(f.NArgs-int(f.Fn.Proto.NumParameters), 0)
	wanted := int(inst&0x1ff) - 1
	if wanted < 0 {
		wanted = given
		L.SetTop(base - f.LocalBase + given)
	}
	first := f.Base + int(f.Fn.Proto.NumParameters) + 1
	values := s.reg.array[base : base+wanted]
	for i := copy(values, s.reg.array[first:first+given]); i < wanted; i++ {
		values[i] = lua.LNil
	}
	s.reg.top = max(s.reg.top, base+wanted)
	return 0
}
