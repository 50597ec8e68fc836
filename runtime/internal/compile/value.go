package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// valueKind says where the value of an expression is.
type valueKind int

const (
	isVoid     valueKind = iota // there is none
	isNil                       // nil
	isTrue                      // true
	isFalse                     // false
	isConstant                  // info is the index of a constant
	isNumber                    // the number is known
	isLocal                     // info is the register of a local
	isUpvalue                   // info is the index of an upvalue
	isGlobal                    // info is the constant with the name
	isIndexed                   // info is the table's register, aux the key
	isJump                      // info is the jump of a comparison
	isOpen                      // info is an instruction without a target register
	isRegister                  // info is a register
	isCall                      // info is the call
	isVararg                    // info is the instruction for "..."
)

// value is an expression for which code may still be missing.
type value struct {
	kind      valueKind
	info, aux int
	number    float64
	// whenTrue and whenFalse are the jumps that leave the expression.
	whenTrue, whenFalse int
	// field is the source of an indexed value.
	field *ast.AttrGetExpr
}

func made(kind valueKind, info int) value {
	return value{kind: kind, info: info, whenTrue: noJump, whenFalse: noJump}
}

func (v *value) hasJumps() bool { return v.whenTrue != v.whenFalse }
func (v *value) isNumeral() bool {
	return v.kind == isNumber && v.whenTrue == noJump && v.whenFalse == noJump
}
func (v *value) isMulti() bool { return v.kind == isCall || v.kind == isVararg }

func (f *function) text(s string) value { return made(isConstant, f.constant(lua.LString(s))) }

func (f *function) release(v *value) {
	if v.kind == isRegister {
		f.freeRegister(v.info)
	}
}

// want sets how many results a call or "..." gives; lua.MultRet for all.
func (f *function) want(v *value, results int) {
	switch v.kind {
	case isCall:
		setC(&f.code[v.info], results+1)
	case isVararg:
		setB(&f.code[v.info], results+1)
		setA(&f.code[v.info], f.free)
		f.reserve(1)
	}
}

// wantOne makes a call or "..." give one result.
func (f *function) wantOne(v *value) {
	switch v.kind {
	case isCall:
		v.kind, v.info = isRegister, argA(f.code[v.info])
	case isVararg:
		setB(&f.code[v.info], 2)
		v.kind = isOpen
	}
}

// isName reports whether an operand is a constant string.
func (f *function) isName(operand int) bool {
	if operand&constantBit == 0 {
		return false
	}
	_, ok := f.proto.Constants[operand&^constantBit].(lua.LString)
	return ok
}

// read emits what reads a variable.
func (f *function) read(v *value) {
	switch v.kind {
	case isLocal:
		v.kind = isRegister
	case isUpvalue:
		v.kind, v.info = isOpen, f.emitABC(lua.OP_GETUPVAL, 0, v.info, 0)
	case isGlobal:
		v.kind, v.info = isOpen, f.emit(abx(lua.OP_GETGLOBAL, 0, v.info))
	case isIndexed:
		f.freeRegister(v.aux)
		f.freeRegister(v.info)
		op := lua.OP_GETTABLE
		if f.isName(v.aux) {
			op = lua.OP_GETTABLEKS
		}
		f.noteIndex(v)
		v.kind, v.info = isOpen, f.emitABC(op, 0, v.info, v.aux)
		f.locateValue(fault.Index, v)
	case isCall, isVararg:
		f.wantOne(v)
	}
}

func (f *function) toRegisterPlain(v *value, reg int) {
	f.read(v)
	switch v.kind {
	case isNil:
		f.loadNil(reg, 1)
	case isFalse:
		f.emitABC(lua.OP_LOADBOOL, reg, 0, 0)
	case isTrue:
		f.emitABC(lua.OP_LOADBOOL, reg, 1, 0)
	case isConstant:
		f.emit(abx(lua.OP_LOADK, reg, v.info))
	case isNumber:
		f.emit(abx(lua.OP_LOADK, reg, f.constant(lua.LNumber(v.number))))
	case isOpen:
		setA(&f.code[v.info], reg)
	case isRegister:
		if reg != v.info {
			f.emitABC(lua.OP_MOVE, reg, v.info, 0)
		}
	default:
		return // nothing, or a jump
	}
	v.kind, v.info = isRegister, reg
}

func (f *function) toAnyPlain(v *value) {
	if v.kind != isRegister {
		f.reserve(1)
		f.toRegisterPlain(v, f.free-1)
	}
}

// toRegister emits what puts a value into a register.
func (f *function) toRegister(v *value, reg int) {
	f.toRegisterPlain(v, reg)
	if v.kind == isJump {
		f.join(&v.whenTrue, v.info)
	}
	if v.hasJumps() {
		loadFalse, loadTrue := noJump, noJump
		if f.needsValue(v.whenTrue) || f.needsValue(v.whenFalse) {
			over := noJump
			if v.kind != isJump {
				over = f.jump()
			}
			f.label()
			loadFalse = f.emitABC(lua.OP_LOADBOOL, reg, 0, 1)
			f.label()
			loadTrue = f.emitABC(lua.OP_LOADBOOL, reg, 1, 0)
			f.patchHere(over)
		}
		end := f.label()
		f.patchValues(v.whenFalse, end, reg, loadFalse)
		f.patchValues(v.whenTrue, end, reg, loadTrue)
	}
	*v = made(isRegister, reg)
}

// toNext puts a value into the next free register.
func (f *function) toNext(v *value) {
	f.read(v)
	f.release(v)
	f.reserve(1)
	f.toRegister(v, f.free-1)
}

// toAny puts a value into some register: that of the local, if it is one.
func (f *function) toAny(v *value) int {
	f.read(v)
	if v.kind == isRegister {
		if !v.hasJumps() {
			return v.info
		}
		if v.info >= len(f.active) {
			f.toRegister(v, v.info)
			return v.info
		}
	}
	f.toNext(v)
	return v.info
}

func (f *function) settle(v *value) {
	if v.hasJumps() {
		f.toAny(v)
	} else {
		f.read(v)
	}
}

// toOperand makes a value an operand: a register or a constant.
func (f *function) toOperand(v *value) int {
	f.settle(v)
	var constant lua.LValue
	switch v.kind {
	case isNil:
		constant = lua.LNil
	case isTrue:
		constant = lua.LTrue
	case isFalse:
		constant = lua.LFalse
	case isNumber:
		constant = lua.LNumber(v.number)
	case isConstant:
		if v.info < constantBit {
			return v.info | constantBit
		}
	}
	if constant != nil && len(f.proto.Constants) < constantBit {
		v.kind, v.info = isConstant, f.constant(constant)
		return v.info | constantBit
	}
	return f.toAny(v)
}

// store emits an assignment.
func (f *function) store(target, v *value) {
	switch target.kind {
	case isLocal:
		f.release(v)
		f.toRegister(v, target.info)
		return
	case isUpvalue:
		f.emitABC(lua.OP_SETUPVAL, f.toAny(v), target.info, 0)
	case isGlobal:
		f.emit(abx(lua.OP_SETGLOBAL, f.toAny(v), target.info))
	case isIndexed:
		operand := f.toOperand(v)
		f.noteIndex(target)
		f.locate(fault.Index, f.setField(target.info, target.aux, operand))
	}
	f.release(v)
}

func (f *function) setField(table, key, v int) int {
	op := lua.OP_SETTABLE
	if f.isName(key) {
		op = lua.OP_SETTABLEKS
	}
	return f.emitABC(op, table, key, v)
}

func (f *function) invert(v *value) {
	inst := f.control(v.info)
	setA(inst, 1-argA(*inst))
}

// jumpIf emits a jump that is taken if a value is true, or if it is false.
func (f *function) jumpIf(v *value, when bool) int {
	c := 0
	if when {
		c = 1
	}
	if v.kind == isOpen {
		if inst := f.code[v.info]; opcode(inst) == lua.OP_NOT {
			f.code, f.lines = f.code[:v.info], f.lines[:v.info]
			return f.conditionalJump(lua.OP_TEST, argB(inst), 0, 1-c)
		}
	}
	f.toAnyPlain(v)
	f.release(v)
	return f.conditionalJump(lua.OP_TESTSET, noRegister, v.info, c)
}

// continueIfTrue emits what leaves an expression if a value is false.
func (f *function) continueIfTrue(v *value) {
	f.read(v)
	var at int
	switch v.kind {
	case isConstant, isNumber, isTrue:
		at = noJump
	case isJump:
		f.invert(v)
		at = v.info
	default:
		at = f.jumpIf(v, false)
	}
	f.join(&v.whenFalse, at)
	f.patchHere(v.whenTrue)
	v.whenTrue = noJump
}

// continueIfFalse emits what leaves an expression if a value is true.
func (f *function) continueIfFalse(v *value) {
	f.read(v)
	var at int
	switch v.kind {
	case isNil, isFalse:
		at = noJump
	case isJump:
		at = v.info
	default:
		at = f.jumpIf(v, true)
	}
	f.join(&v.whenTrue, at)
	f.patchHere(v.whenFalse)
	v.whenFalse = noJump
}

func (f *function) not(v *value) {
	f.read(v)
	switch v.kind {
	case isNil, isFalse:
		v.kind = isTrue
	case isConstant, isNumber, isTrue:
		v.kind = isFalse
	case isJump:
		f.invert(v)
	default:
		f.toAnyPlain(v)
		f.release(v)
		v.kind, v.info = isOpen, f.emitABC(lua.OP_NOT, 0, v.info, 0)
	}
	v.whenTrue, v.whenFalse = v.whenFalse, v.whenTrue
	f.removeValues(v.whenFalse)
	f.removeValues(v.whenTrue)
}
