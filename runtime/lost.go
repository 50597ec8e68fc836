package runtime

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// lostError is the last error that left the coroutine that raised it, with its
// calls: the coroutine's stack is gone when the error reaches the end of the
// script.
type lostError struct {
	cause  lua.LValue
	frames []Frame
}

// lose is called with the coroutine that an error is about to leave. An error
// that passes through several coroutines keeps the innermost calls.
func (r *run) lose(L *lua.LState, cause lua.LValue) {
	if r.lost.is(cause) {
		r.lost.cause = cause
		return
	}
	r.lost = lostError{cause, stack(L)}
}

// is reports whether raised is that error. Each coroutine that a message leaves
// prefixes a position.
func (e *lostError) is(raised lua.LValue) bool {
	if e.cause == nil || e.cause == lua.LNil {
		return false
	}
	if text, ok := raised.(lua.LString); ok {
		cause, ok := e.cause.(lua.LString)
		return ok && cause != "" && strings.HasSuffix(string(text), string(cause))
	}
	return raised == e.cause
}

// keepLost returns a function that makes the calls of the last error that was lost those
// of another error, and what is known of its text that of the other text.
func (r *run) keepLost(raised lua.LValue) func(other lua.LValue) {
	lost, known := r.lost, error(nil)
	text, isText := raised.(lua.LString)
	if isText {
		known = compile.Faults(r.L).Find(string(text))
	}
	return func(other lua.LValue) {
		if lost.is(raised) {
			r.lost = lostError{other, lost.frames}
		}
		if text, ok := other.(lua.LString); ok && known != nil {
			compile.Faults(r.L).Note(string(text), known)
		}
	}
}
