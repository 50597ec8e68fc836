// Package fault holds errors of scripts as data: what failed, where, and the exit code.
// Messages are written when they are shown. It knows neither gopher-lua nor Planhat,
// so every package may import it.
package fault

import "fmt"

// ScriptError is how a script failed. errors.As finds the Go error behind it, such as a
// *planhat.Error or a *LimitError.
type ScriptError struct {
	// Script and Line are the position, if it is known. SourceLine is the text of
	// that line. Column counts from 1, 0 if unknown.
	Script     string
	Line       int
	Column     int
	SourceLine string
	// Message is what happened, without the position; Hint what to do.
	Message string
	Hint    string
	// Trace are the Lua calls that led there, the innermost first.
	Trace []Frame
	// Fields are other facts, in the order in which they are shown: the fields of
	// an error object that was not caught.
	Fields []Detail
	// Value is what the script raised, as ValueOf gives it.
	Value any
	// Cause is the Go error behind it, or nil.
	Cause error
}

// Frame is one call of a traceback.
type Frame struct {
	Script string
	Line   int
	// Function is "function 'name'" or "main chunk".
	Function string
}

// Detail is one fact about an error.
type Detail struct{ Name, Value string }

// Error returns the position and the message in one line.
func (e *ScriptError) Error() string {
	if e.Script == "" {
		return e.Message
	}
	if e.Line == 0 {
		return e.Script + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.Script, e.Line, e.Message)
}

// Unwrap returns the Go error behind it.
func (e *ScriptError) Unwrap() error { return e.Cause }

// ErrorHint says what to do about it.
func (e *ScriptError) ErrorHint() string { return e.Hint }
