package compile

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// variable is one local variable of the source.
type variable struct {
	name string
	// loop is the loop over something that declares the variable, or nil.
	loop *fault.Loop
	// made is where a local statement gave it a value, or nil.
	made *fault.Made
	info *lua.DbgLocalInfo
}

// block is a block of a function.
type block struct {
	outer *block
	// breaks are the jumps of the breaks that leave the block, which is a loop
	// if it is breakable.
	breaks    int
	breakable bool
	// first is the number of locals outside the block.
	first int
	// captured is set once a nested function uses a local of the block.
	captured bool
}

// upvalue says where a closure finds a variable of an enclosing function: in a
// register or among the upvalues of the function around it.
type upvalue struct {
	local bool
	info  int
}

// function is a function for which code is generated.
type function struct {
	*generator
	outer     *function
	proto     *lua.FunctionProto
	code      []uint32
	lines     []int
	data      map[int]bool
	constants map[lua.LValue]int
	// lastTarget is the last instruction that some jump leads to, pending the
	// jumps that lead to the next instruction, free the first free register.
	lastTarget, pending, free int
	// active are the locals in scope. The index is the register.
	active   []*variable
	block    *block
	upvalues []upvalue
}

func (g *generator) open(outer *function, line int) *function {
	return &function{
		generator: g, outer: outer, data: map[int]bool{}, constants: map[lua.LValue]int{},
		lastTarget: -1, pending: noJump,
		proto: &lua.FunctionProto{SourceName: g.source, LineDefined: line, NumUsedRegisters: 2},
	}
}

// close completes the prototype of a function that ends on a line.
func (f *function) close(line int) *lua.FunctionProto {
	f.line = line
	f.dropLocals(0)
	f.emitABC(lua.OP_RETURN, 0, 1, 0)
	f.optimize()
	f.proto.Code, f.proto.DbgSourcePositions = f.code, f.lines
	// A tail call of gopher-lua moves one register less than the function has.
	f.proto.NumUsedRegisters++
	f.proto.NumUpvalues = uint8(len(f.upvalues))
	if f.outer != nil {
		f.proto.LastLineDefined = line
	}
	return f.proto
}

// declare brings a variable into scope. Its register must be reserved.
func (f *function) declare(v *variable) {
	f.checkLocals(1)
	// gopher-lua takes a variable for declared from the instruction after this.
	v.info = &lua.DbgLocalInfo{Name: v.name, StartPc: len(f.code) - 1}
	f.proto.DbgLocals = append(f.proto.DbgLocals, v.info)
	f.active = append(f.active, v)
}

// checkLocals checks that some more locals may be declared.
func (f *function) checkLocals(n int) {
	if len(f.active)+n > maxLocals {
		f.fail(f.exceeds(maxLocals, "local variables"), "keep related values in one table, or move a part into another function")
	}
}

func (f *function) declareNames(names ...string) {
	for _, name := range names {
		f.declare(&variable{name: name})
	}
}

func (f *function) dropLocals(to int) {
	for _, v := range f.active[to:] {
		v.info.EndPc = len(f.code)
	}
	f.active = f.active[:to]
}

func (f *function) enterBlock(breakable bool) *block {
	f.block = &block{outer: f.block, breaks: noJump, breakable: breakable, first: len(f.active)}
	return f.block
}

func (f *function) leaveBlock() {
	b := f.block
	f.block = b.outer
	f.dropLocals(b.first)
	if b.captured {
		f.emitABC(lua.OP_CLOSE, len(f.active), 0, 0)
	}
	f.free = len(f.active)
	f.patchHere(b.breaks)
}

// register finds the register of a local of this function, or -1.
func (f *function) register(name string) int {
	for i := len(f.active) - 1; i >= 0; i-- {
		if f.active[i].name == name {
			return i
		}
	}
	return -1
}

// meaning finds what a name stands for, with its variable unless it is global.
func (f *function) meaning(name string) (fault.Scope, *variable) {
	scope := fault.Local
	for ; f != nil; f = f.outer {
		if i := f.register(name); i >= 0 {
			return scope, f.active[i]
		}
		scope = fault.Upvalue
	}
	return fault.Global, nil
}

// variable makes the value that a name stands for.
func (f *function) variable(name string) value {
	v := f.find(name, true)
	if v.kind == isGlobal {
		v.info = f.constant(lua.LString(name))
	}
	return v
}

func (f *function) find(name string, own bool) value {
	if f == nil {
		return made(isGlobal, 0)
	}
	if i := f.register(name); i >= 0 {
		if !own {
			f.capture(i)
		}
		return made(isLocal, i)
	}
	outside := f.outer.find(name, false)
	if outside.kind == isGlobal {
		return outside
	}
	return made(isUpvalue, f.addUpvalue(name, upvalue{outside.kind == isLocal, outside.info}))
}

// capture marks the block of a local that a nested function uses.
func (f *function) capture(register int) {
	b := f.block
	for b != nil && b.first > register {
		b = b.outer
	}
	if b != nil {
		b.captured = true
	}
}

// maxUpvalues bounds the variables of enclosing functions that a function can
// use. gopher-lua counts them in a byte.
const maxUpvalues = 255

func (f *function) addUpvalue(name string, u upvalue) int {
	for i, known := range f.upvalues {
		if known == u {
			return i
		}
	}
	if len(f.upvalues) >= maxUpvalues {
		f.fail(f.exceeds(maxUpvalues, "variables of enclosing functions"), "keep related values in one table")
	}
	f.upvalues = append(f.upvalues, u)
	f.proto.DbgUpvalues = append(f.proto.DbgUpvalues, name)
	return len(f.upvalues) - 1
}
