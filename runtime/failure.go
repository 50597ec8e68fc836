package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/explain"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib"
)

// failure makes the error of a run out of what was recovered. It is called
// before the state's stack is unwound.
func (r *run) failure(recovered any) error {
	var raised *lua.ApiError
	err, ok := recovered.(error)
	ok = ok && errors.As(err, &raised)
	frames := stack(r.L)
	if ok && r.lost.is(raised.Object) {
		frames = r.lost.frames
	}
	if r.ctx.Err() != nil {
		return r.ended(frames)
	}
	if !ok {
		return r.goPanic(recovered, frames)
	}
	if raised.Object == nil {
		return r.goPanic(raised.Error(), frames)
	}
	if raised.Type == lua.ApiErrorPanic {
		return r.goPanic(raised.Object.String(), frames)
	}
	switch object := raised.Object.(type) {
	case lua.LString:
		return r.clean(r.text(string(object), frames))
	case *lua.LTable:
		if cause := bindings.ErrorFrom(object); cause != nil {
			return r.clean(r.structured(object, cause, frames))
		}
		return r.clean(r.foreign(object, frames))
	case *lua.LUserData:
		if cause, ok := object.Value.(error); ok {
			e := r.text(cause.Error(), frames)
			e.Cause = cause
			return r.clean(e)
		}
		return r.clean(r.foreign(object, frames))
	default:
		e := r.at(frames)
		e.Message = fmt.Sprintf("error was called with %s instead of a message", object)
		e.Value = ValueOf(object)
		return r.clean(e)
	}
}

// at begins an error at the innermost frame.
func (r *run) at(frames []Frame) *ScriptError {
	e := &ScriptError{Script: r.script.Name, Trace: frames}
	if len(frames) > 0 {
		e.Script, e.Line = frames[0].Script, frames[0].Line
	}
	return e
}

// text is a message that Lua or the script raised.
func (r *run) text(message string, frames []Frame) *ScriptError {
	e := r.at(frames)
	e.Value = message
	script, line, rest := r.position(message)
	if script != "" {
		e.Script, e.Line = script, line
	}
	e.Message = rest
	cause := compile.Faults(r.L).Find(message)
	if syntax, ok := errors.AsType[*compile.SyntaxError](cause); ok {
		return fromSyntax(syntax, frames)
	}
	if f, ok := errors.AsType[*fault.Fault](cause); ok {
		r.complete(e, f)
		return e
	}
	if advice, ok := errors.AsType[interface {
		error
		ErrorHint() string
	}](cause); ok {
		e.Hint = advice.ErrorHint()
	}
	e.Cause = cause
	return e
}

// complete adds to an error what follows from the operation that failed.
func (r *run) complete(e *ScriptError, f *fault.Fault) {
	var limit *LimitError
	switch f.Operation {
	case fault.Depth:
		limit = fault.DepthLimit(humanize.Comma(int64(r.opts.MaxCallDepth)) + " calls")
	case fault.Nesting:
		limit = fault.DepthLimit(fmt.Sprintf("%d coroutines inside one another", lualib.MaxNesting))
	default:
		e.Hint = explain.Fault(f, names{r})
		return
	}
	e.Message, e.Hint, e.Cause = limit.Error(), limit.Hint, limit
}

// goPanic is a fault of the host that reached the script.
func (r *run) goPanic(value any, frames []Frame) error {
	r.panicked(value)
	return r.ended(frames)
}

// panicked ends the run because Go code panicked with a value. It is called
// while the code's stack is still there.
func (r *run) panicked(value any) {
	e := &PanicError{Value: value, Stack: debug.Stack()}
	r.cancel(e)
	r.journal.log.LogAttrs(r.ctx, slog.LevelError, "a Go function panicked",
		slog.String("script", r.script.Name), slog.Any("value", value), slog.String("stack", string(e.Stack)))
}

// structured is an error object of the modules that nobody caught.
func (r *run) structured(object *lua.LTable, cause error, frames []Frame) *ScriptError {
	e := r.at(frames)
	field := func(name string) string { return lua.LVAsString(object.RawGetString(name)) }
	if script := field("script"); script != "" && r.sources[script] != nil {
		e.Script, e.Line = script, int(lua.LVAsNumber(object.RawGetString("line")))
	}
	e.Message = field("message")
	if model := field("model"); model != "" {
		e.Message = model + "." + field("operation") + ": " + e.Message
	}
	e.Hint = field("hint")
	e.Fields = errorFields(object, cause, r.opts.Secrets)
	e.Value, e.Cause = ValueOf(object), cause
	return e
}

// foreign is a table or another value that the script raised itself: it is
// shown as its __tostring says, by its message, or with its fields.
func (r *run) foreign(object lua.LValue, frames []Frame) *ScriptError {
	e := r.at(frames)
	e.Value = ValueOf(object)
	if fn := r.L.GetMetaField(object, "__tostring"); fn != lua.LNil {
		if text, ok := r.ask(fn, object).(lua.LString); ok {
			e.Message = string(text)
			return e
		}
	}
	shown, ok := r.ask(r.open("inspect").RawGetString("inspect"), object, r.inspectOptions()).(lua.LString)
	t, isTable := object.(*lua.LTable)
	if isTable {
		if message, ok := t.RawGetString("message").(lua.LString); ok {
			e.Message = string(message)
		}
	}
	switch {
	case e.Message != "" && ok:
		e.Fields = append(e.Fields, ErrorField{Name: "raised", Value: string(shown)})
	case ok:
		e.Message = "the script raised " + string(shown)
	case e.Message == "":
		e.Message = "the script raised a " + object.Type().String()
	}
	return e
}

func (r *run) inspectOptions() *lua.LTable {
	o := r.L.NewTable()
	o.RawSetString("depth", lua.LNumber(3))
	o.RawSetString("max_items", lua.LNumber(12))
	o.RawSetString("indent", lua.LNumber(0))
	return o
}

// ask calls a function of the script that failed and returns its first result,
// nil where it fails.
func (r *run) ask(fn lua.LValue, args ...lua.LValue) lua.LValue {
	if err := r.L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, args...); err != nil {
		return lua.LNil
	}
	v := r.L.Get(-1)
	r.L.Pop(1)
	return v
}

// ended is the error of a run that was ended from outside: by a limit, by
// os.exit or by its caller.
func (r *run) ended(frames []Frame) error {
	cause := context.Cause(r.ctx)
	if exit := exited(cause); exit != nil {
		return exit
	}
	var limit *LimitError
	refused, isRefused := errors.AsType[*notAllowed](cause)
	host, panicked := errors.AsType[*PanicError](cause)
	if !panicked && !errors.As(cause, &limit) && errors.Is(cause, context.DeadlineExceeded) {
		limit = &LimitError{What: "time", Limit: "the time it was given", Hint: "allow more time, or let the script do less in one run"}
		cause = limit
	}
	e := r.at(frames)
	e.Cause = cause
	switch {
	case limit != nil:
		e.Message, e.Hint = limit.Error(), limit.Hint
	case panicked:
		e.Message = fmt.Sprintf("internal error: %v", host.Value)
		e.Hint = "a Go function of the host program panicked; the script is not the cause"
	case isRefused:
		e.Message, e.Hint = refused.Error(), refused.hint()
	case errors.Is(cause, context.Canceled):
		e.Message = "the run was interrupted"
	default:
		e.Message = "the run was interrupted: " + cause.Error()
		e.Cause = fmt.Errorf("%w: %w", context.Canceled, cause)
	}
	return r.clean(e)
}

func fromSyntax(s *compile.SyntaxError, frames []Frame) *ScriptError {
	message := s.Message
	if s.Near != "" && !strings.Contains(message, "'"+s.Near+"'") {
		message += " near '" + s.Near + "'"
	}
	return &ScriptError{
		Script: s.File, Line: s.Line, Column: s.Column, SourceLine: s.SourceLine,
		Message: message, Hint: s.Hint, Trace: frames, Cause: s,
	}
}

// clean completes an error with its source line and takes every secret out.
func (r *run) clean(e *ScriptError) *ScriptError {
	if e.SourceLine == "" && e.Line > 0 {
		e.SourceLine = r.sourceLine(e.Script, e.Line)
	}
	return hideSecrets(e, r.opts.Secrets)
}

// longestMessage is how many bytes of an error's text are kept, longestWarning those
// of a warning.
const (
	longestMessage = 64 << 10
	longestWarning = 4 << 10
)

// shortened takes every secret out of a text of the given length at most, and
// shortens a longer one.
func shortened(text string, most int, secrets *Secrets) string {
	size := len(text)
	if size <= most {
		return secrets.String(text)
	}
	return fmt.Sprintf("%s ... (%s bytes in all)", strings.ToValidUTF8(secrets.Beginning(text[:most]), ""), humanize.Comma(int64(size)))
}

// hideSecrets takes every secret out of an error, and then shortens its texts.
func hideSecrets(e *ScriptError, secrets *Secrets) *ScriptError {
	hide := func(text string) string { return shortened(text, longestMessage, secrets) }
	e.SourceLine, e.Message, e.Hint = hide(e.SourceLine), hide(e.Message), hide(e.Hint)
	for i := range e.Fields {
		e.Fields[i].Value = hide(e.Fields[i].Value)
	}
	return e
}
