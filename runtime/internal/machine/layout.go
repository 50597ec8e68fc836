// Package machine runs gopher-lua's instructions in its own loop, with Lua
// 5.1's arithmetic, concatenation and bounds of loops in place of gopher-lua's. Without this loop, 0 loses its sign, "%" and "^" are inexact in
// other digits than Lua's, and the context is looked at before every
// instruction.
//
// gopher-lua has no way to add instructions. So this package knows the layout of
// its states, and takes the other instructions from its table. Both are checked
// when the program starts.
package machine

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// frame is the layout of gopher-lua's callFrame.
type frame struct {
	Idx        int
	Fn         *lua.LFunction
	Parent     *frame
	Pc         int
	Base       int
	LocalBase  int
	ReturnBase int
	NArgs      int
	NRet       int
	TailCall   int
}

// state is the layout of gopher-lua's LState.
type state struct {
	G            *lua.Global
	Parent       *lua.LState
	Env          *lua.LTable
	Panic        func(*lua.LState)
	Dead         bool
	Options      lua.Options
	stop         int32
	reg          *registers
	stack        frameStack
	alloc        *allocator
	currentFrame *frame
	wrapped      bool
	uvcache      *upvalue
	hasErrorFunc bool
	mainLoop     func(*lua.LState, *frame)
	ctx          context.Context
	ctxCancelFn  context.CancelFunc
}

// registers is the layout of gopher-lua's registry, the stack of values. handler is
// an interface, whose value is the state.
type registers struct {
	array   []lua.LValue
	top     int
	growBy  int
	maxSize int
	alloc   *allocator
	handler [2]unsafe.Pointer
}

// upvalue is the layout of gopher-lua's Upvalue. Those of a state are sorted by
// the index of the register that they share.
type upvalue struct {
	next   *upvalue
	reg    *registers
	index  int
	value  lua.LValue
	closed bool
}

// allocator is the start of the layout of gopher-lua's allocator, which makes
// numbers in pages.
type allocator struct {
	size    int
	numbers []float64
}

type instruction = func(*lua.LState, uint32, *frame) int

// instructions is gopher-lua's table of instructions.
//
//go:linkname instructions github.com/yuin/gopher-lua.jumpTable
var instructions [lua.OP_NOP + 1]instruction

// table is what the loop executes.
var table [1 << 6]instruction

func init() {
	if err := sameLayout(reflect.TypeFor[lua.LState](), reflect.TypeFor[state](), 0); err != nil {
		panic("gopher-lua has changed: " + err.Error())
	}
	if err := sameLayout(reflect.TypeFor[lua.LTable](), reflect.TypeFor[tableLayout](), 0); err != nil {
		panic("gopher-lua has changed: " + err.Error())
	}
	if err := checkStack(); err != nil {
		panic("gopher-lua has changed: " + err.Error())
	}
	copy(table[:], instructions[:])
	for op, f := range table[:len(instructions)] {
		if f == nil {
			panic(fmt.Sprintf("gopher-lua has changed: instruction %d is missing", op))
		}
	}
	for op := lua.OP_ADD; op <= lua.OP_POW; op++ {
		table[op] = arithmetic
	}
	table[lua.OP_UNM] = minus
	table[lua.OP_LEN] = length
	table[lua.OP_CONCAT] = concat
	table[lua.OP_FORPREP] = prepareFor
	table[lua.OP_VARARG] = vararg
	table[lua.OP_SETTABLE] = store
	table[lua.OP_SETTABLEKS] = storeField
	table[lua.OP_CALL] = enter
	table[lua.OP_RETURN] = leave
	table[lua.OP_TAILCALL] = tailCall
	table[lua.OP_TFORLOOP] = forIn
	table[lua.OP_GETTABLE], table[lua.OP_GETTABLEKS] = load, load
	table[lua.OP_NEWTABLE] = newTable
}

// sameLayout compares a struct of gopher-lua with the one here: names, offsets
// and kinds of all fields that are used, and of the structs they point to.
func sameLayout(theirs, ours reflect.Type, depth int) error {
	for i := range ours.NumField() {
		mine := ours.Field(i)
		if i >= theirs.NumField() {
			return fmt.Errorf("%s has no field %d", theirs, i)
		}
		field := theirs.Field(i)
		if field.Offset != mine.Offset || field.Type.Size() != mine.Type.Size() {
			return fmt.Errorf("%s.%s is elsewhere", theirs, field.Name)
		}
		if mine.Type.Kind() != reflect.Pointer || mine.Type == field.Type || depth > 1 {
			continue
		}
		if field.Type.Kind() != reflect.Pointer {
			return fmt.Errorf("%s.%s is not a pointer", theirs, field.Name)
		}
		if err := sameLayout(field.Type.Elem(), mine.Type.Elem(), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func of(L *lua.LState) *state { return (*state)(unsafe.Pointer(L)) }

func (s *state) lua() *lua.LState { return (*lua.LState)(unsafe.Pointer(s)) }

// operand is the value of a register or a constant.
func (s *state) operand(index uint32) lua.LValue {
	f := s.currentFrame
	if index&256 != 0 {
		return f.Fn.Proto.Constants[index&^256]
	}
	return s.reg.array[f.LocalBase+int(index)]
}

// target is the register that an instruction sets.
func (s *state) target(inst uint32) int { return s.currentFrame.LocalBase + int(inst>>18)&0xff }

// set sets a register of the running function, for all of which there is room.
func (r *registers) set(index int, v lua.LValue) {
	r.array[index] = v
	if index >= r.top {
		r.top = index + 1
	}
}

// small are the first numbers, which need no memory.
var small = func() (values [128]lua.LValue) {
	for i := range values {
		values[i] = lua.LNumber(i)
	}
	return values
}()

// setNumber sets a register to a number. Unlike gopher-lua it keeps -0 apart.
func (r *registers) setNumber(index int, n float64) {
	if i := int(n); n >= 0 && n < float64(len(small)) && float64(i) == n && (i != 0 || 1/n > 0) {
		r.set(index, small[i])
		return
	}
	a := r.alloc
	if cap(a.numbers) == len(a.numbers) {
		a.numbers = make([]float64, 0, a.size)
	}
	a.numbers = append(a.numbers, n)
	v := small[0]
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = unsafe.Pointer(&a.numbers[len(a.numbers)-1])
	r.set(index, v)
}
