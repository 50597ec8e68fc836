package compile

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// The code generator is that of PUC Lua 5.1 (lcode.c and lparser.c), so operands
// are evaluated in its order, errors are on its lines, and locals are read and
// written when it does. It emits gopher-lua's instructions, which are those of
// Lua 5.1, plus a few: fields with constant names have their own.

// Sizes of the parts of an instruction.
const (
	maxArgC   = 1<<9 - 1
	maxArgBx  = 1<<18 - 1
	maxArgSBx = maxArgBx >> 1
	// constantBit marks an operand that is a constant instead of a register.
	constantBit = 1 << 8
	noRegister  = 1<<8 - 1
	// maxRegisters bounds the locals and temporary values of a function.
	maxRegisters = 250
	maxLocals    = 200
)

// noJump ends a list of jumps, which are linked by their distances.
const noJump = -1

func abc(op, a, b, c int) uint32 { return uint32(op<<26 | a<<18 | c<<9 | b) }

func abx(op, a, bx int) uint32 { return uint32(op<<26 | a<<18 | bx) }

func opcode(inst uint32) int { return int(inst >> 26) }
func argA(inst uint32) int   { return int(inst>>18) & 0xff }
func argB(inst uint32) int   { return int(inst & 0x1ff) }
func argC(inst uint32) int   { return int(inst>>9) & 0x1ff }
func argSBx(inst uint32) int { return int(inst&maxArgBx) - maxArgSBx }

func setA(inst *uint32, a int)   { *inst = *inst&^(0xff<<18) | uint32(a<<18) }
func setB(inst *uint32, b int)   { *inst = *inst&^0x1ff | uint32(b) }
func setC(inst *uint32, c int)   { *inst = *inst&^(0x1ff<<9) | uint32(c<<9) }
func setSBx(inst *uint32, n int) { *inst = *inst&^maxArgBx | uint32(n+maxArgSBx) }

// emit adds an instruction on the current line.
func (f *function) emit(inst uint32) int {
	f.resolveJumps()
	f.code = append(f.code, inst)
	f.lines = append(f.lines, f.line)
	return len(f.code) - 1
}

func (f *function) emitABC(op, a, b, c int) int { return f.emit(abc(op, a, b, c)) }

// emitJump adds an instruction with a distance that is not known yet.
func (f *function) emitJump(op, a int) int { return f.emit(abx(op, a, noJump+maxArgSBx)) }

// fixLine moves the last instruction to another line.
func (f *function) fixLine(line int) { f.lines[len(f.lines)-1] = line }

// constant returns the index of a constant. As in Lua, 0 and -0 are the same
// one.
func (f *function) constant(v lua.LValue) int {
	index, ok := f.constants[v]
	if !ok {
		index = len(f.proto.Constants)
		if index > maxArgBx {
			f.fail("constant table overflow", "the function is too long; split it")
		}
		f.constants[v] = index
		f.proto.Constants = append(f.proto.Constants, v)
	}
	return index
}

// fail reports a limit of the compiler.
func (f *function) fail(message, hint string) {
	panic(&limitError{line: f.line, message: message, hint: hint})
}

// checkStack makes room for some more registers.
func (f *function) checkStack(n int) {
	size := f.free + n
	if size > int(f.proto.NumUsedRegisters) {
		if size >= maxRegisters {
			f.fail("function or expression too complex", "a function can have at most 200 local variables and 250 with temporary values; move part of it into another function")
		}
		f.proto.NumUsedRegisters = uint8(size)
	}
}

func (f *function) reserve(n int) {
	f.checkStack(n)
	f.free += n
}

func (f *function) freeRegister(reg int) {
	if reg&constantBit == 0 && reg >= len(f.active) {
		f.free--
	}
}

// loadNil sets some registers to nil.
func (f *function) loadNil(from, n int) {
	// Unlike Lua's, registers are not always nil when a function begins.
	if at := len(f.code) - 1; at >= 0 && at+1 > f.lastTarget && opcode(f.code[at]) == lua.OP_LOADNIL && !f.isData(at) {
		last := &f.code[at]
		first, end := argA(*last), argB(*last)
		if first <= from && from <= end+1 {
			if from+n-1 > end {
				setB(last, from+n-1)
			}
			return
		}
	}
	f.emitABC(lua.OP_LOADNIL, from, from+n-1, 0)
}

// jump emits a jump and returns it as a list.
func (f *function) jump() int {
	pending := f.pending
	f.pending = noJump
	at := f.emitJump(lua.OP_JMP, 0)
	f.join(&at, pending)
	return at
}

func (f *function) conditionalJump(op, a, b, c int) int {
	f.emitABC(op, a, b, c)
	return f.jump()
}

// label marks the next instruction as the target of a jump.
func (f *function) label() int {
	f.lastTarget = len(f.code)
	return len(f.code)
}

func (f *function) target(at int) int {
	distance := argSBx(f.code[at])
	if distance == noJump {
		return noJump
	}
	return at + 1 + distance
}

func (f *function) setTarget(at, target int) {
	distance := target - (at + 1)
	if distance > maxArgSBx || distance < -maxArgSBx {
		f.fail("control structure too long", "the function is too long; split it")
	}
	setSBx(&f.code[at], distance)
}

// join adds a list of jumps to another one.
func (f *function) join(list *int, more int) {
	if more == noJump {
		return
	}
	if *list == noJump {
		*list = more
		return
	}
	at := *list
	for next := f.target(at); next != noJump; next = f.target(at) {
		at = next
	}
	f.setTarget(at, more)
}

// control is the instruction that decides whether a jump is taken.
func (f *function) control(at int) *uint32 {
	if at >= 1 && !f.isData(at-1) {
		switch opcode(f.code[at-1]) {
		case lua.OP_EQ, lua.OP_LT, lua.OP_LE, lua.OP_TEST, lua.OP_TESTSET, lua.OP_TFORLOOP:
			return &f.code[at-1]
		}
	}
	return &f.code[at]
}

// isData reports whether an instruction is the operand of the one before.
func (f *function) isData(at int) bool { return f.data[at] }

// needsValue reports whether some jump of a list does not produce a value.
func (f *function) needsValue(list int) bool {
	for ; list != noJump; list = f.target(list) {
		if opcode(*f.control(list)) != lua.OP_TESTSET {
			return true
		}
	}
	return false
}

// patchTest sets the register of a jump that produces a value.
func (f *function) patchTest(at, reg int) bool {
	inst := f.control(at)
	if opcode(*inst) != lua.OP_TESTSET {
		return false
	}
	if reg != noRegister && reg != argB(*inst) {
		setA(inst, reg)
	} else {
		*inst = abc(lua.OP_TEST, argB(*inst), 0, argC(*inst))
	}
	return true
}

func (f *function) removeValues(list int) {
	for ; list != noJump; list = f.target(list) {
		f.patchTest(list, noRegister)
	}
}

// patchValues sends jumps that produce a value to one target and the others to
// another one.
func (f *function) patchValues(list, valueTarget, reg, otherTarget int) {
	for list != noJump {
		next := f.target(list)
		if f.patchTest(list, reg) {
			f.setTarget(list, valueTarget)
		} else {
			f.setTarget(list, otherTarget)
		}
		list = next
	}
}

func (f *function) resolveJumps() {
	f.patchValues(f.pending, len(f.code), noRegister, len(f.code))
	f.pending = noJump
}

func (f *function) patch(list, target int) {
	if target == len(f.code) {
		f.patchHere(list)
		return
	}
	f.patchValues(list, target, noRegister, target)
}

func (f *function) patchHere(list int) {
	f.label()
	f.join(&f.pending, list)
}

// storeItems emits what moves the last items of a table constructor into it.
func (f *function) storeItems(base, count, items int) {
	batch := (count-1)/lua.FieldsPerFlush + 1
	if items == lua.MultRet {
		items = 0
	}
	if batch <= maxArgC {
		f.emitABC(lua.OP_SETLIST, base, items, batch)
	} else {
		f.emitABC(lua.OP_SETLIST, base, items, 0)
		f.data[f.emit(uint32(batch))] = true
	}
	f.free = base + 1
}

// optimize shortens what the generator leaves: several moves in a row become
// one instruction, and jumps to jumps go to where those lead.
func (f *function) optimize() {
	for at := 0; at < len(f.code); at++ {
		if f.data[at] {
			continue
		}
		switch opcode(f.code[at]) {
		case lua.OP_JMP:
			for range 10 {
				next := f.target(at)
				if next < 0 || next >= len(f.code) || f.data[next] || opcode(f.code[next]) != lua.OP_JMP || f.target(next) == at {
					break
				}
				f.setTarget(at, f.target(next))
			}
		case lua.OP_MOVE:
			more := 0
			for at+more+1 < len(f.code) && more < maxArgC && opcode(f.code[at+more+1]) == lua.OP_MOVE && !f.data[at+more+1] {
				more++
			}
			if more > 0 {
				f.code[at] = abc(lua.OP_MOVEN, argA(f.code[at]), argB(f.code[at]), more)
				at += more
			}
		}
	}
}

// exceeds says that the function is over a limit.
func (f *function) exceeds(limit int, what string) string {
	where := "main function"
	if f.outer != nil {
		where = fmt.Sprintf("function at line %d", f.proto.LineDefined)
	}
	return fmt.Sprintf("%s has more than %d %s", where, limit, what)
}
