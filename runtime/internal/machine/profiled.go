package machine

import (
	"context"

	lua "github.com/yuin/gopher-lua"
)

// Profiler is a context that wants to know where the time goes. States without one run in
// another loop, which does not ask.
type Profiler interface {
	// Due reports whether to call Sample. It is asked after each instruction, calls of Go
	// functions included.
	Due() bool
	// Sample is called by the goroutine that runs L. line is that of the instruction, 0 if
	// another function runs after it.
	Sample(L *lua.LState, line int)
}

// loopOf returns the loop for states with a context.
func loopOf(ctx context.Context) func(*lua.LState, *frame) {
	if _, ok := ctx.(Profiler); ok {
		return runProfiled
	}
	return run
}

// runProfiled is run for a state with a Profiler.
func runProfiled(L *lua.LState, base *frame) {
	s := of(L)
	calls := s.calls()
	if calls.raise != nil {
		s.Panic = calls.raise
	}
	for done := false; !done; {
		calls.running++
		s.executeProfiled(L, base, &done)
	}
}

// executeProfiled is execute for a state with a Profiler.
func (s *state) executeProfiled(L *lua.LState, base *frame, done *bool) {
	defer s.catch(base, done)
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
	profiler := s.ctx.(Profiler)
	for left := 1; ; left-- {
		f := s.currentFrame
		pc := f.Pc
		inst := f.Fn.Proto.Code[pc]
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
		if profiler.Due() {
			line := 0
			if s.currentFrame == f {
				line = f.Fn.Proto.DbgSourcePositions[pc]
			}
			profiler.Sample(L, line)
		}
		if inst>>26-callInstruction <= tailInstruction-callInstruction && s.currentFrame == f {
			s.hasErrorFunc, s.calls().failed = true, nil
			select {
			case <-ended:
				L.RaiseError("%s", s.ctx.Err().Error())
			default:
			}
		}
	}
}
