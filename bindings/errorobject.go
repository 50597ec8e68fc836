package bindings

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// ErrorShape describes the error object that failed calls raise.
var ErrorShape = &Shape{
	Name: "PlanhatError",
	Doc:  "The error that a failed call raises. `tostring(err)` is one readable line; `pcall` and `planhat.try` return the object.",
	Fields: []Field{
		{Name: "kind", Type: "string", Doc: "`auth`, `permission`, `not_found`, `validation`, `rate_limited`, `server`, `network`, `timeout`, `cancelled`, `partial`, `config`, `io` for files, or `error` for an error of a Go program that names no kind. `permission` is also for files and variables that the run may not access."},
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

// plainKind is the kind of an error that names none.
const plainKind = "error"

// ErrorKinder is an error, other than the client's, that names its kind for
// scripts.
type ErrorKinder = planhat.ErrorKinder

// Hinter is an error that says what to do next.
type Hinter interface {
	error
	ErrorHint() string
}

// newError makes the Lua error object of err: the fields of ErrorTable, with the
// script's line and a traceback. ErrorFrom returns err.
func newError(L *lua.LState, err error) *lua.LTable {
	t := ErrorTable(L, err)
	t.Metatable = errorMeta(L, err)
	frames := Stack(L)
	if len(frames) == 0 {
		return t
	}
	t.RawSetString("script", lua.LString(frames[0].Script))
	if line := frames[0].Line; line != 0 {
		t.RawSetString("line", lua.LNumber(line))
	}
	t.RawSetString("traceback", lua.LString(traceback(frames)))
	return t
}

// ErrorTable makes a table of what is known about err: kind, message, hint and the other
// fields of a *planhat.Error.
func ErrorTable(L *lua.LState, err error) *lua.LTable {
	t := L.NewTable()
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
	var about []string
	if kind := field("kind"); kind != plainKind {
		about = append(about, kind)
	}
	if status := field("status"); status != "" {
		about = append(about, "status "+status)
	}
	if len(about) > 0 {
		b.WriteString(" (" + strings.Join(about, ", ") + ")")
	}
	if hint != "" && !strings.HasSuffix(message, hint) {
		b.WriteString(" - " + hint)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func kindOf(err error) string { return cmp.Or(planhat.KindName(err), plainKind) }

// InternalChunk begins the names of chunks that are part of phscript, as the
// names of script files never do. Positions and tracebacks leave them out.
const InternalChunk = "=[phscript]"

// deepestStack bounds a traceback, in calls.
const deepestStack = 40

// mostLevels bounds how many levels of a stack are read. Each tail call takes a
// level.
const mostLevels = 10_000

// Frame is one call of a traceback.
type Frame struct {
	Script string
	Line   int
	// Function is "function 'name'" or "main chunk".
	Function string
}

// Stack lists the calls of the script's functions, the innermost first: those of
// L and, if L is a coroutine, of what resumed it. Calls of the host and of
// phscript's own Lua code are left out.
func Stack(L *lua.LState) []Frame {
	var frames []Frame
	for thread := L; thread != nil; thread = thread.Parent {
		frames = appendThread(frames, thread)
	}
	return frames
}

// appendThread appends the calls of one thread. The interpreter returns the
// outermost call in place of each tail call; only the last level counts.
func appendThread(frames []Frame, thread *lua.LState) []Frame {
	outermost, ok := thread.GetStack(-1)
	if !ok {
		return frames
	}
	dbg, ok := thread.GetStack(0)
	for level := 1; ok && level < mostLevels && len(frames) < deepestStack; level++ {
		next, more := thread.GetStack(level)
		if more && *dbg == *outermost {
			dbg = next
			continue
		}
		if _, err := thread.GetInfo("Sln", dbg, lua.LNil); err != nil {
			return frames
		}
		if dbg.CurrentLine > 0 && !strings.HasPrefix(dbg.Source, InternalChunk) {
			if more && isInternal(thread, *next) {
				dbg.Name = ""
			}
			frames = append(frames, Frame{Script: dbg.Source, Line: dbg.CurrentLine, Function: functionName(dbg)})
		}
		dbg, ok = next, more
	}
	return frames
}

// isInternal reports whether a call is one of phscript's own functions. The name
// by which it calls a function of the script means nothing to its author.
func isInternal(thread *lua.LState, dbg lua.Debug) bool {
	_, err := thread.GetInfo("S", &dbg, lua.LNil)
	return err == nil && strings.HasPrefix(dbg.Source, InternalChunk)
}

func functionName(dbg *lua.Debug) string {
	switch {
	case dbg.What == "main" && dbg.LineDefined == 0:
		return "main chunk"
	case dbg.LineDefined == 0:
		return "the module's main chunk"
	case dbg.What == "main", dbg.Name == "", dbg.Name == "?", dbg.Name[0] == '<', dbg.Name[0] == '(':
		return "the function of line " + strconv.Itoa(dbg.LineDefined)
	}
	return "function '" + dbg.Name + "'"
}

// traceback writes frames as lines of text.
func traceback(frames []Frame) string {
	var b strings.Builder
	for i, f := range frames {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Script + ":" + strconv.Itoa(f.Line) + ": in " + f.Function)
	}
	return b.String()
}

// where returns the script and the line that called into the host as a prefix of a
// message, "file:line: ", or "" if no script did.
func where(L *lua.LState) string {
	frames := Stack(L)
	if len(frames) == 0 {
		return ""
	}
	return frames[0].Script + ":" + strconv.Itoa(frames[0].Line) + ": "
}
