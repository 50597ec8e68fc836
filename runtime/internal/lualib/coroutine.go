package lualib

import (
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// errYield is raised for a yield that has nowhere to go.
const errYield = "attempt to yield across metamethod/C-call boundary"

// openCoroutine defines the coroutine library.
func (lib *library) openCoroutine(L *lua.LState) {
	lib.module(L, "coroutine", functions{
		{"create", lib.create},
		{"resume", lib.resumeCoroutine},
		{"wrap", lib.wrap},
		{"status", func(c call) int { return c.results(lua.LString(status(c.LState, c.thread(1)))) }},
		{"running", running},
		{"yield", yield},
	})
}

// thread reads a coroutine.
func (c call) thread(n int) *lua.LState {
	thread, ok := c.Get(n).(*lua.LState)
	if !ok {
		c.fail(n, "coroutine expected")
	}
	return thread
}

// status is how a coroutine looks from the running one.
func status(L, thread *lua.LState) string {
	switch {
	case thread.Dead:
		return "dead"
	case L == thread:
		return "running"
	case thread.Parent != nil:
		return "normal"
	}
	return "suspended"
}

// running is coroutine.running: nil in the main thread.
func running(c call) int {
	if c.Parent == nil {
		return c.results(lua.LNil)
	}
	return c.results(c.LState)
}

// resume continues a coroutine with the top arguments values of the stack. It
// returns how many results there are, or the error that the coroutine ended with.
// The thread must be on the stack, so that its memory counts for the thread that
// resumes it.
func (lib *library) resume(c call, thread *lua.LState, arguments int) (int, *lua.ApiError) {
	if lib.nesting >= MaxNesting {
		thread.Dead = true
		f := &fault.Fault{Operation: fault.Nesting, Message: "C stack overflow"}
		compile.Faults(c.LState).Note(f.Message, f)
		return 0, &lua.ApiError{Type: lua.ApiErrorRun, Object: lua.LString(f.Message)}
	}
	lib.nesting++
	defer func() { lib.nesting-- }()
	return machine.Resume(c.LState, thread, arguments)
}

// resumeCoroutine is coroutine.resume.
func (lib *library) resumeCoroutine(c call) int {
	thread := c.thread(1)
	if problem := unresumable(c.LState, thread); problem != "" {
		return c.results(lua.LFalse, lua.LString(problem))
	}
	c.Insert(lua.LTrue, 2)
	count, failure := lib.resume(c, thread, c.GetTop()-2)
	if failure != nil {
		lib.endWithContext(c, failure.Object)
		return c.results(lua.LFalse, failure.Object)
	}
	return count + 1
}

// unresumable returns why a coroutine cannot be resumed, or "".
func unresumable(L, thread *lua.LState) string {
	if status := status(L, thread); status != "suspended" {
		return "cannot resume " + status + " coroutine"
	}
	return ""
}

// create is coroutine.create.
func (lib *library) create(c call) int { return c.results(lib.newCoroutine(c, lib.raisePlain)) }

// newCoroutine makes a coroutine for a function, with raise for its errors. It shares
// the context of the thread that makes it, so in a session it lives on in the next
// input.
func (lib *library) newCoroutine(c call, raise func(*lua.LState)) *lua.LState {
	fn, ok := c.Get(1).(*lua.LFunction)
	if !ok {
		c.fail(1, "Lua function expected")
	}
	if fn.IsG {
		fn = c.invoke(lib.body, fn).(*lua.LFunction)
	}
	thread := machine.NewThread(c.LState, fn)
	machine.OnRaise(thread, raise)
	return thread
}

// wrap is coroutine.wrap.
func (lib *library) wrap(c call) int {
	thread := lib.newCoroutine(c, lib.raiseWrapped)
	return c.results(c.NewClosure(func(L *lua.LState) int {
		inner := call{LState: L, name: "wrap"}
		if problem := unresumable(L, thread); problem != "" {
			inner.raise(problem)
		}
		L.Insert(thread, 1)
		count, failure := lib.resume(inner, thread, L.GetTop()-1)
		if failure == nil {
			return count
		}
		cause := failure.Object
		if text, ok := cause.(lua.LString); ok {
			cause = lua.LString(lib.where(L, 1)) + text
		}
		L.Error(cause, 0)
		return 0
	}, thread))
}

// yield is coroutine.yield. It fails if a Go function or a metamethod is between
// it and the coroutine: gopher-lua would crash.
func yield(c call) int {
	if c.Parent == nil || machine.CrossesGo(c.LState) {
		c.Error(lua.LString(errYield), 0)
	}
	return -1
}
