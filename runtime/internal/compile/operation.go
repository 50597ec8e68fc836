package compile

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// fold computes an operation on two numerals.
func fold(op int, left, right *value) bool {
	if !left.isNumeral() || !right.isNumeral() {
		return false
	}
	a, b := left.number, right.number
	var n float64
	switch op {
	case lua.OP_ADD:
		n = a + b
	case lua.OP_SUB:
		n = a - b
	case lua.OP_MUL:
		n = a * b
	case lua.OP_DIV:
		if b == 0 {
			return false
		}
		n = a / b
	case lua.OP_MOD:
		if b == 0 {
			return false
		}
		n = number.Modulo(a, b)
	case lua.OP_POW:
		n = number.Pow(a, b)
	case lua.OP_UNM:
		n = -a
	default:
		return false
	}
	if math.IsNaN(n) {
		return false
	}
	left.number = n
	return true
}

// operation emits an operation whose result may go to any register.
func (f *function) operation(op int, left, right *value) {
	if fold(op, left, right) {
		return
	}
	b := 0
	if op != lua.OP_UNM && op != lua.OP_LEN {
		b = f.toOperand(right)
	}
	a := f.toOperand(left)
	if a > b {
		f.release(left)
		f.release(right)
	} else {
		f.release(right)
		f.release(left)
	}
	*left = made(isOpen, f.emitABC(op, 0, a, b))
}

// comparison emits a comparison. If when is false, the opposite counts, except
// for the order of two values, where the operands are swapped.
func (f *function) comparison(op int, when bool, left, right *value) {
	a, b := f.toOperand(left), f.toOperand(right)
	f.release(right)
	f.release(left)
	c := 1
	if !when {
		c = 0
		if op != lua.OP_EQ {
			a, b, c = b, a, 1
		}
	}
	*left = made(isJump, f.conditionalJump(op, c, a, b))
}
