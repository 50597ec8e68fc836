package bindings

import (
	"context"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// ErrorShape describes the error object that failed calls raise.
var ErrorShape = &Shape{
	Name: "PlanhatError",
	Doc:  "The error that a failed call raises. `tostring(err)` is one readable line; `pcall` and `planhat.try` return the object.",
	Fields: []Field{
		{Name: "kind", Type: "string", Doc: "`auth`, `permission`, `not_found`, `validation`, `rate_limited`, `server`, `network`, `timeout`, `cancelled`, `partial`, `config`, or `io` for files. `permission` is also for files and variables that the run may not access."},
		{Name: "message", Type: "string", Doc: "What happened."},
		{Name: "hint", Type: "string?", Doc: "What to do about it."},
		{Name: "status", Type: "integer?", Doc: "The HTTP status of the response."},
		{Name: "model", Type: "string?", Doc: "The model, such as `company`."},
		{Name: "operation", Type: "string?", Doc: "The operation, such as `bulk_upsert`."},
		{Name: "method", Type: "string?", Doc: "The HTTP method."},
		{Name: "path", Type: "string?", Doc: "The request's path, without secrets."},
		{Name: "attempts", Type: "integer?", Doc: "How many times the request was sent."},
		{Name: "retryable", Type: "boolean", Doc: "Whether the same call may succeed later."},
		{Name: "uncertain", Type: "boolean", Doc: "Whether a write may have been carried out although the call failed. Check before you repeat it."},
		{Name: "retry_after", Type: "number?", Doc: "Seconds to wait before a retry, if the API said so."},
		{Name: "body", Type: "string?", Doc: "The response body, at most 64 KiB."},
		{Name: "items", Type: "RowError[]?", Doc: "The rows that failed."},
		{Name: "result", Type: "BulkResult?", Doc: "What a bulk call did before it failed."},
		{Name: "script", Type: "string?", Doc: "The script that made the call."},
		{Name: "line", Type: "integer?", Doc: "Its line."},
		{Name: "traceback", Type: "string?", Doc: "The function calls that led to the error."},
	},
}

const causeField = "cause"

// ErrorKinder is an error, other than the client's, that names its kind for
// scripts.
type ErrorKinder interface {
	error
	ErrorKind() string
}

// Hinter is an error that says what to do next.
type Hinter interface {
	error
	ErrorHint() string
}

// newError makes the Lua error object of err: kind, message, hint and the other
// fields of a *planhat.Error, with the script's line and a traceback. ErrorFrom
// returns err.
func newError(L *lua.LState, err error) *lua.LTable {
	t := L.NewTable()
	t.Metatable = errorMeta(L, err)
	set := func(name string, v lua.LValue) { t.RawSetString(name, v) }
	text := func(name, value string) {
		if value != "" {
			set(name, lua.LString(value))
		}
	}
	number := func(name string, value float64) {
		if value != 0 {
			set(name, lua.LNumber(value))
		}
	}
	set("kind", lua.LString(kindOf(err)))
	set("message", lua.LString(err.Error()))
	set("retryable", lua.LFalse)
	set("uncertain", lua.LFalse)
	var hinter Hinter
	if errors.As(err, &hinter) {
		text("hint", hinter.ErrorHint())
	}
	var failed *planhat.Error
	if errors.As(err, &failed) {
		set("message", lua.LString(failed.Message))
		text("hint", failed.Hint)
		number("status", float64(failed.Status))
		text("model", failed.Model)
		text("operation", failed.Operation)
		text("method", failed.Method)
		text("path", failed.Path)
		number("attempts", float64(failed.Attempts))
		set("retryable", lua.LBool(failed.Retryable))
		set("uncertain", lua.LBool(failed.Uncertain))
		number("retry_after", failed.RetryAfter.Seconds())
		text("body", string(failed.Body))
		if len(failed.Items) > 0 {
			set("items", rowErrors(L, failed.Items, nil))
		}
		if failed.Result != nil {
			set("result", bulkResult(L, failed.Result, nil))
		}
	}
	if frames := Stack(L); len(frames) > 0 {
		text("script", frames[0].Script)
		number("line", float64(frames[0].Line))
		text("traceback", traceback(frames))
	}
	return t
}

// errorMeta makes the metatable of one error object. It holds the Go error,
// which pairs does not show.
func errorMeta(L *lua.LState, err error) *lua.LTable {
	cause := L.NewUserData()
	cause.Value = err
	mt := L.CreateTable(0, 3)
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(errorLine(L.CheckTable(1))))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LString(ErrorShape.Name))
	mt.RawSetString(causeField, cause)
	return mt
}

// ErrorFrom returns the Go error of an error object, or nil if v is not one.
func ErrorFrom(v lua.LValue) error {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	ud, ok := mt.RawGetString(causeField).(*lua.LUserData)
	if !ok {
		return nil
	}
	err, _ := ud.Value.(error)
	return err
}

// errorLine returns an error object as one line: the call, what happened, the
// status and the hint.
func errorLine(t *lua.LTable) string {
	field := func(name string) string { return lua.LVAsString(t.RawGetString(name)) }
	var b strings.Builder
	if script := field("script"); script != "" {
		b.WriteString(script + ":" + field("line") + ": ")
	}
	if model := field("model"); model != "" {
		b.WriteString(model + "." + field("operation") + ": ")
	}
	message, hint := field("message"), field("hint")
	b.WriteString(message)
	b.WriteString(" (" + field("kind"))
	if status := field("status"); status != "" {
		b.WriteString(", status " + status)
	}
	b.WriteByte(')')
	if hint != "" && !strings.HasSuffix(message, hint) {
		b.WriteString(" - " + hint)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func kindOf(err error) string {
	var failed *planhat.Error
	if errors.As(err, &failed) {
		return string(failed.Kind)
	}
	var kinder ErrorKinder
	if errors.As(err, &kinder) {
		return kinder.ErrorKind()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "io"
}
