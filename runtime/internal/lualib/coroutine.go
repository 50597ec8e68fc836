package lualib

import (
	"weak"

	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// errYield is raised for a yield that has nowhere to go.
const errYield = "attempt to yield across metamethod/C-call boundary"

// openCoroutine defines the coroutine library.
func (lib *library) openCoroutine(L *lua.LState) {
	functions := native(L, lua.OpenCoroutine, "coroutine")
	lib.resumeThread = functions["resume"].(*lua.LFunction).GFunction
	lib.createThread = functions["create"].(*lua.LFunction).GFunction
	lib.module(L, "coroutine", map[string]func(call) int{
		"create":  lib.create,
		"resume":  lib.resumeCoroutine,
		"wrap":    lib.wrap,
		"status":  func(c call) int { return c.results(lua.LString(lib.status(c.LState, c.thread(1)))) },
		"running": lib.running,
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

// newThread makes a coroutine. It has the very context of the thread that makes
// it: where that is a session's, it goes on in the next input.
func (lib *library) newThread(L *lua.LState) int {
	count := lib.createThread(L)
	thread := L.Get(-1).(*lua.LState)
	if ctx := L.Context(); ctx != nil {
		thread.SetContext(ctx)
	}
	machine.Attach(thread)
	return count
}

// owner follows the threads of protected calls to the coroutine, or the main
// thread, that they are a part of.
func (lib *library) owner(L *lua.LState) *lua.LState {
	for {
		if _, inner := lib.protected[weak.Make(L)]; !inner || L.Parent == nil {
			return L
		}
		L = L.Parent
	}
}

// status is how a coroutine looks from the running one.
func (lib *library) status(L, thread *lua.LState) string {
	switch {
	case thread.Dead:
		return "dead"
	case lib.owner(L) == thread:
		return "running"
	case thread.Parent != nil:
		return "normal"
	}
	return "suspended"
}

// running is coroutine.running: nil in the main thread.
func (lib *library) running(c call) int {
	owner := lib.owner(c.LState)
	if owner.Parent == nil {
		return c.results(lua.LNil)
	}
	return c.results(owner)
}

// resumeCoroutine is coroutine.resume.
func (lib *library) resumeCoroutine(c call) int {
	thread := c.thread(1)
	if problem := lib.unresumable(c.LState, thread); problem != "" {
		return c.results(lua.LFalse, lua.LString(problem))
	}
	count := lib.resume(c, thread)
	if thread.Dead && c.Get(c.GetTop()-count+1) == lua.LFalse {
		cause := c.Get(c.GetTop())
		lib.endWithContext(c, cause)
		c.Replace(c.GetTop(), withoutHidden(lib.overflow(thread, cause)))
	}
	return count
}

// unresumable says why a coroutine cannot be resumed, "" when it can.
func (lib *library) unresumable(L, thread *lua.LState) string {
	if status := lib.status(L, thread); status != "suspended" {
		return "cannot resume " + status + " coroutine"
	}
	return ""
}

// create is coroutine.create.
func (lib *library) create(c call) int { return c.results(lib.newCoroutine(c, lib.plain)) }

// newCoroutine makes a coroutine for a function, which a hidden one calls.
func (lib *library) newCoroutine(c call, hidden *lua.LFunction) *lua.LState {
	fn, ok := c.Get(1).(*lua.LFunction)
	if !ok {
		c.fail(1, "Lua function expected")
	}
	c.SetTop(0)
	c.Push(c.invoke(hidden, fn))
	lib.newThread(c.LState)
	return c.Get(-1).(*lua.LState)
}

// wrap is coroutine.wrap.
func (lib *library) wrap(c call) int {
	thread := lib.newCoroutine(c, lib.watched)
	return c.results(c.NewFunction(func(L *lua.LState) int {
		inner := call{LState: L, name: "wrap"}
		if problem := lib.unresumable(L, thread); problem != "" {
			inner.raise(problem)
		}
		L.Insert(thread, 1)
		count := lib.resume(inner, thread)
		if thread.Dead && L.Get(L.GetTop()-count+1) == lua.LFalse {
			cause := withoutHidden(lib.overflow(thread, L.Get(L.GetTop())))
			if text, ok := cause.(lua.LString); ok {
				cause = lua.LString(lib.where(L, 1)) + text
			}
			L.Error(cause, 0)
		}
		return count - 1
	}))
}

// yield is coroutine.yield. It refuses where a Go function or a metamethod
// stands between it and the coroutine, which gopher-lua does not survive.
func (lib *library) yield(c call) int {
	thread := c.LState
	for {
		if machine.CrossesGo(thread) {
			c.Error(lua.LString(errYield), 0)
		}
		if thread.Parent == nil {
			c.Error(lua.LString("attempt to yield from outside a coroutine"), 0)
		}
		if _, inner := lib.protected[weak.Make(thread)]; !inner {
			return -1
		}
		thread = thread.Parent
	}
}
