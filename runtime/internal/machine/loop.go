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
	// Tick is called when instructions are executed. A call from Go counts as that
	// many at least.
	Tick(instructions int)
	// Before is called before so many bytes are allocated at once.
	Before(bytes int)
}

// SetContext gives a state a context, and this package's loop.
func SetContext(L *lua.LState, ctx context.Context) {
	L.SetContext(ctx)
	Attach(L)
}

// Attach gives a state this package's loop. LState.SetContext takes it away.
func Attach(L *lua.LState) { of(L).mainLoop = run }

// run executes instructions until the function of the base frame returns. A
// frame of a Go function is left to gopher-lua's own loop.
func run(L *lua.LState, base *frame) {
	s := of(L)
	if s.currentFrame == nil || s.currentFrame.Fn.IsG {
		stock(L, base)
		return
	}
	var done <-chan struct{}
	if s.ctx != nil {
		done = s.ctx.Done()
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
			case <-done:
				L.RaiseError("%s", s.ctx.Err().Error())
			default:
			}
		}
		if table[inst>>26](L, inst, base) == 1 {
			return
		}
		if inst>>26 == callInstruction && s.currentFrame == f {
			// A Go function may have taken long, or ended the context.
			select {
			case <-done:
				L.RaiseError("%s", s.ctx.Err().Error())
			default:
			}
		}
	}
}

const callInstruction = uint32(lua.OP_CALL)

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
	// First is set for the function that the thread began with.
	First bool
}

// Frames lists the running functions of a thread, the innermost first.
func Frames(L *lua.LState) iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for f := of(L).currentFrame; f != nil; f = f.Parent {
			frame := Frame{Fn: f.Fn, Tail: f.TailCall, First: f.Parent == nil}
			if !f.Fn.IsG && f.Pc > 0 {
				frame.Line = f.Fn.Proto.DbgSourcePositions[f.Pc-1]
			}
			if !yield(frame) {
				return
			}
		}
	}
}

// CrossesGo reports whether a function on a thread's stack was called from Go
// or by an operator instead of a plain call. The running Go function itself is
// the top and may be.
func CrossesGo(L *lua.LState) bool {
	for f := of(L).currentFrame; f != nil; f = f.Parent {
		parent := f.Parent
		if parent == nil {
			return false
		}
		if parent.Fn.IsG || parent.Pc < 1 {
			return true
		}
		if op := int(parent.Fn.Proto.Code[parent.Pc-1] >> 26); op != lua.OP_CALL && op != lua.OP_TAILCALL {
			return true
		}
	}
	return false
}
