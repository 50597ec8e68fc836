package machine

import (
	"context"
	"iter"

	lua "github.com/yuin/gopher-lua"
)

// patience is how many instructions run between two looks at the context.
const patience = 16

// stock is gopher-lua's own loop.
var stock = func() func(*lua.LState, *frame) {
	probe := &lua.LState{}
	probe.SetContext(context.Background())
	return of(probe).mainLoop
}()

// Meter is a context that is told things by the goroutine that runs the state.
type Meter interface {
	// Tick is called when instructions are executed. A call from Go counts as at
	// least that many.
	Tick(instructions int)
	// Before is called before bytes are allocated at once.
	Before(bytes int)
}

// SetContext gives a state a context, and this package's loop.
func SetContext(L *lua.LState, ctx context.Context) {
	L.SetContext(ctx)
	Attach(L)
}

// NewState makes a state with this package's loop and stack of calls. gopher-lua's
// takes memory for its limit from the start.
func NewState(o lua.Options) *lua.LState {
	limit := o.CallStackSize
	o.CallStackSize = 1
	L := lua.NewState(o)
	L.Options.CallStackSize = limit
	Attach(L)
	return L
}

// Attach gives a state this package's loop, which LState.SetContext takes away, and
// its stack of calls, if it does not have that yet. No function of the state may be
// running then.
func Attach(L *lua.LState) {
	s := of(L)
	s.mainLoop = loopOf(s.ctx)
	if _, attached := s.stack.(*frames); attached {
		return
	}
	if !s.stack.IsEmpty() {
		panic("machine.Attach: the state is running")
	}
	s.stack.FreeAll()
	calls := &frames{}
	calls.init(s.Options.CallStackSize)
	s.stack = calls
}

// run executes instructions until the function of the base frame returns. A
// frame of a Go function is left to gopher-lua's own loop.
func run(L *lua.LState, base *frame) {
	s := of(L)
	calls := s.calls()
	if calls.raise != nil {
		s.Panic = calls.raise // LState.PCall takes it away
	}
	for done := false; !done; {
		calls.running++
		s.execute(L, base, &done)
	}
}

// execute executes instructions until the function of the base frame returns, and
// sets done then, or until a protected call has caught an error.
func (s *state) execute(L *lua.LState, base *frame, done *bool) {
	defer s.catch(base, done)
	// Errors must not cut the locals of running functions off from their closures.
	s.hasErrorFunc = true
	if s.currentFrame == nil || s.currentFrame.Fn.IsG {
		stock(L, base)
		*done = true
		return
	}
	var ended <-chan struct{}
	if s.ctx != nil {
		ended = s.ctx.Done()
	}
	meter, _ := s.ctx.(Meter)
	// A call from Go looks at once: calls may nest without an end.
	for left := 1; ; left-- {
		f := s.currentFrame
		inst := f.Fn.Proto.Code[f.Pc]
		f.Pc++
		if left == 0 {
			left = patience
			if meter != nil {
				meter.Tick(patience)
			}
			select {
			case <-ended:
				L.RaiseError("%s", s.ctx.Err().Error())
			default:
			}
			s.reg.growBy = max(s.reg.growBy, cap(s.reg.array))
		}
		if table[inst>>26](L, inst, base) == 1 {
			*done = true
			return
		}
		if inst>>26-callInstruction <= tailInstruction-callInstruction && s.currentFrame == f {
			// LState.PCall may have taken an error, and the first of these, away.
			s.hasErrorFunc, s.calls().failed = true, nil
			// A Go function may have taken long, or ended the context.
			select {
			case <-ended:
				L.RaiseError("%s", s.ctx.Err().Error())
			default:
			}
		}
	}
}

// Ended reports whether the context of a thread is done. It takes less time than
// the context's Err.
func Ended(L *lua.LState) bool { return of(L).ended() }

func (s *state) ended() bool {
	if s.ctx == nil {
		return false
	}
	select {
	case <-s.ctx.Done():
		return true
	default:
		return false
	}
}

// tailCall executes the return of a call. That of a Go function is a plain call, and so
// is that of pcall and xpcall, which scripts take for Go functions: the return follows.
// gopher-lua's own instruction does not let a Go function yield.
func tailCall(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	called := s.reg.array[s.target(inst)]
	fn, ok := called.(*lua.LFunction)
	if !ok {
		fn, ok = L.GetMetaField(called, "__call").(*lua.LFunction)
	}
	if ok && (fn.IsG || fn.Proto == protecting[0] || fn.Proto == protecting[1]) {
		return instructions[lua.OP_CALL](L, inst, base)
	}
	return instructions[lua.OP_TAILCALL](L, inst, base)
}

const (
	callInstruction = uint32(lua.OP_CALL)
	tailInstruction = uint32(lua.OP_TAILCALL)
)

// Called is the value that the running Lua function is calling, or nil if its
// instruction is not a call.
func Called(L *lua.LState) lua.LValue {
	s := of(L)
	f := s.currentFrame
	if f == nil || f.Fn.IsG || f.Pc == 0 {
		return nil
	}
	switch inst := f.Fn.Proto.Code[f.Pc-1]; int(inst >> 26) {
	case lua.OP_CALL, lua.OP_TAILCALL, lua.OP_TFORLOOP:
		return s.reg.array[s.target(inst)]
	}
	return nil
}

// Indexed is the value that the running Lua function is indexing, the key, and
// whether it is to be written. The value is nil if its instruction is another one.
func Indexed(L *lua.LState) (object, key lua.LValue, write bool) {
	s := of(L)
	f := s.currentFrame
	if f == nil || f.Fn.IsG || f.Pc == 0 {
		return nil, nil, false
	}
	switch inst := f.Fn.Proto.Code[f.Pc-1]; int(inst >> 26) {
	case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
		return s.operand(inst & 0x1ff), s.operand(inst >> 9 & 0x1ff), false
	case lua.OP_SETTABLE, lua.OP_SETTABLEKS:
		return s.reg.array[s.target(inst)], s.operand(inst & 0x1ff), true
	}
	return nil, nil, false
}

// Frame is a running function.
type Frame struct {
	Fn *lua.LFunction
	// Line is the line of a Lua function.
	Line int
	// Tail is how many functions ended by calling the next one, up to this one.
	Tail int
}

// Frames lists the running functions of a thread, the innermost first.
func Frames(L *lua.LState) iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for f := of(L).currentFrame; f != nil; f = f.Parent {
			frame := Frame{Fn: f.Fn, Tail: f.TailCall}
			if !f.Fn.IsG && f.Pc > 0 {
				frame.Line = f.Fn.Proto.DbgSourcePositions[f.Pc-1]
			}
			if !yield(frame) {
				return
			}
		}
	}
}
