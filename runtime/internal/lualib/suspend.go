package lualib

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/machine"
)

// Suspended is what a library keeps about the running thread, while another one runs.
type Suspended struct {
	lib     *library
	current *lua.LState
	nesting int
	trace   []string
	words   string
}

// Suspend is called by the goroutine that runs L before another goroutine runs another
// thread of the state.
func Suspend(L *lua.LState) Suspended {
	s := Suspended{lib: of(L), current: L.G.CurrentThread}
	if s.lib != nil {
		s.nesting, s.trace, s.words = s.lib.nesting, s.lib.trace, s.lib.words
	}
	return s
}

// Resume is called when L runs again: the thread that was suspended, or a worker that
// it made.
func (s Suspended) Resume(L *lua.LState) {
	L.G.CurrentThread = s.current
	if s.lib != nil {
		s.lib.nesting, s.lib.trace, s.lib.words = s.nesting, s.trace, s.words
	}
}

// NewWorker makes a thread that another goroutine uses while L is suspended.
func NewWorker(L *lua.LState) *lua.LState {
	th := machine.NewWorker(L)
	if lib := of(L); lib != nil {
		machine.OnRaise(th, lib.raiseWorker)
	}
	return th
}
