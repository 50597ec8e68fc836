package runtime

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// lostError is the last error that left the coroutine it was raised in, with the
// calls that led there: the coroutine's own stack is gone when the error reaches
// the end of the script.
type lostError struct {
	cause  lua.LValue
	frames []Frame
}

// lose is called with the coroutine that an error is about to leave. An error
// on its way through several coroutines keeps the calls of the innermost.
func (r *run) lose(L *lua.LState, cause lua.LValue) {
	if r.lost.is(cause) {
		r.lost.cause = cause
		return
	}
	r.lost = lostError{cause, stack(L)}
}

// is reports whether raised is that error. A message gets a position in front
// of it for each coroutine that it leaves.
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
