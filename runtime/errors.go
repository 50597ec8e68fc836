package runtime

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// ScriptError is how a script failed:
//
//	Script, Line, Column  where, as far as it is known; a column of 0 is unknown
//	SourceLine            the text of that line
//	Message, Hint         what happened, and what to do about it
//	Trace                 the calls that led there, a []Frame, the innermost first
//	Fields                what else is known, an []ErrorField: the fields of an
//	                      error object that the script did not catch
//	Value                 what the script raised, as ValueOf gives it
//	Cause                 the Go error behind it, or nil
//
// Error returns the position and the message in one line. Render writes a whole
// report to a writer, in color if wanted. errors.As finds the Go error behind
// it, such as a *planhat.Error or a *LimitError.
type ScriptError = fault.ScriptError

// Frame is one call of a traceback: Script, Line and the name of the Function.
type Frame = fault.Frame

// ErrorField is one thing known about an error: a Name and a Value.
type ErrorField = fault.Detail

// LimitError says that a run exceeded a limit: What is "time", "memory",
// "instructions" or "call depth", Limit the limit with its unit, Hint what to do about it. A time
// limit is also a context.DeadlineExceeded.
type LimitError = fault.LimitError

// PanicError says that a Go function which the script called panicked: with
// Value, and with Stack as its Go stack. The panic was logged, with the stack,
// and ended the run: pcall does not catch it. It unwraps to Value if that is an
// error.
type PanicError = fault.PanicError

// ExitError says that a run called os.exit with a Code other than 0.
type ExitError = fault.ExitError

// stack lists the calls of the script's functions, as bindings.Stack does.
func stack(L *lua.LState) []Frame {
	var frames []Frame
	for _, f := range bindings.Stack(L) {
		frames = append(frames, Frame(f))
	}
	return frames
}
