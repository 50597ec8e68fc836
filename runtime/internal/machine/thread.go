package machine

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// thread is a state that runs a coroutine, and what it needs at first. A waiting
// one of gopher-lua takes 24 KB.
type thread struct {
	lua.LState
	reg    registers
	frames frames
	values [threadValues]lua.LValue
}

// threadValues is how many values a thread has room for before its stack grows.
const threadValues = 48

// NewThread makes a thread of the same state, with the context, the limits and the
// error function of L. It waits to run a Lua function, if fn is not nil.
func NewThread(L *lua.LState, fn *lua.LFunction) *lua.LState {
	t := new(thread)
	s, parent := of(&t.LState), of(L)
	s.G, s.Env, s.Options = parent.G, parent.Env, parent.Options
	s.alloc, s.ctx, s.Panic = parent.alloc, parent.ctx, parent.Panic
	// A wrapped thread gives nothing but results to the one that resumes it.
	s.wrapped = true
	t.frames.init(parent.calls().limit)
	t.frames.raise = parent.calls().raise
	s.stack = &t.frames
	t.reg = registers{
		array: t.values[:], growBy: threadValues, maxSize: parent.reg.maxSize, alloc: parent.alloc,
		handler: [2]unsafe.Pointer{parent.reg.handler[0], unsafe.Pointer(&t.LState)},
	}
	s.reg = &t.reg
	s.mainLoop = loopOf(s.ctx)
	if fn != nil {
		t.Push(fn)
	}
	return &t.LState
}

// NewWorker makes a thread that another goroutine uses while L waits in a call of Go
// code. Its calls count as calls of L. The first one must be of a Go function.
func NewWorker(L *lua.LState) *lua.LState {
	th := NewThread(L, nil)
	th.Parent = L
	of(th).calls().outer = of(L).calls().outer + of(L).calls().count
	return th
}

// Resume runs a waiting thread until it yields or ends, with the values on top of
// L's stack as arguments. It moves the results there, and returns how many there
// are. An error ends the thread and is returned; panics of Go code go through.
func Resume(L, th *lua.LState, arguments int) (results int, failure *lua.ApiError) {
	s := of(th)
	th.Parent, L.G.CurrentThread = L, th
	base := L.GetTop() - arguments
	defer func() {
		if th.Parent == nil { // it gave its results to L
			return
		}
		th.Parent, L.G.CurrentThread, th.Dead = nil, L, true
		switch p := recover().(type) {
		case nil:
		case *lua.ApiError:
			results, failure = 0, p
		default:
			panic(p)
		}
	}()
	s.calls().outer = of(L).calls().outer + of(L).calls().count
	L.XMoveTo(th, arguments)
	if s.currentFrame == nil {
		th.Call(arguments, lua.MultRet)
	} else {
		s.receive()
		s.mainLoop(th, nil)
	}
	return L.GetTop() - base, nil
}

// receive makes the values on top of the stack the results of the call that
// yielded, as many as it wants.
func (s *state) receive() {
	f := s.currentFrame
	inst := f.Fn.Proto.Code[f.Pc-1]
	if wanted := int(inst>>9&0x1ff) - 1; inst>>26 == callInstruction && wanted >= 0 {
		s.lua().SetTop(int(inst>>18&0xff) + wanted)
	}
}

// CrossesGo reports whether a function on a thread's stack was called from Go
// or by an operator instead of a plain call. The running Go function itself is
// the top and may be.
func CrossesGo(L *lua.LState) bool { return of(L).calls().running > 1 }

// Reserve makes room on the stack for as many values more at once, if the stack
// has to grow for them.
func Reserve(L *lua.LState, values int) {
	r := of(L).reg
	r.growBy = max(r.growBy, values)
}

// OnRaise sets a function that is called for the errors of a thread and of those
// made from it. The error is on top of the stack, and raise must panic with a
// *lua.ApiError.
func OnRaise(L *lua.LState, raise func(*lua.LState)) {
	L.Panic = raise
	of(L).calls().raise = raise
}
