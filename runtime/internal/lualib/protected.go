package lualib

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"weak"

	"github.com/phscript/phscript/runtime/internal/compile"
	lua "github.com/yuin/gopher-lua"
)

// HiddenSource is the chunk name of the library's own Lua functions, which
// tracebacks should leave out.
const HiddenSource = "=[phscript]"

// MaxNesting is how many coroutines and protected calls may run inside of each
// other, as in Lua, which runs out of C stack there.
const MaxNesting = 190

// protectedSource runs the body of a pcall in a thread of its own. That lets a
// coroutine yield through a pcall, and keeps an error from cutting the local
// variables of the functions around the pcall off from their closures, which
// gopher-lua's own protected call does. A yield of the body shows as nil in
// place of true or false and is passed on. The yield function that scripts see is
// here too: gopher-lua does not survive a tail call of its own.
const protectedSource = `
local start, resume, suspend, arm, watch, pass = ...
local function loop(thread, state, ...)
  if state == nil then return loop(thread, resume(thread, suspend(...))) end
  return state, ...
end
local function body(f, ...) arm() return pass(f(...)) end
local function handled(f, handler) arm(handler) return pass(f()) end
local function watched(f, ...) watch() return pass(f(...)) end
local function pcall(...) return loop(start(false, ...)) end
local function xpcall(...) return loop(start(true, ...)) end
local function yield(...) return pass(suspend(...)) end
local function adapt(f) return function(...) return pass(f(...)) end end
return pcall, xpcall, yield, body, handled, adapt, watched
`

// protectedProto compiles protectedSource once for the process.
var protectedProto = sync.OnceValues(func() (*lua.FunctionProto, error) {
	return compile.Compile([]byte(protectedSource), HiddenSource)
})

// openProtected defines pcall and xpcall.
func (lib *library) openProtected(L *lua.LState) {
	proto, err := protectedProto()
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	helpers := L.NewTable()
	register(L, helpers, map[string]func(call) int{
		"start":   lib.start,
		"resume":  lib.proceed,
		"suspend": lib.yield,
		"arm":     lib.arm,
		"watch":   lib.watch,
		"pass":    func(c call) int { return c.GetTop() },
	})
	L.SetTop(0)
	L.Push(L.NewFunctionFromProto(proto))
	for _, name := range []string{"start", "resume", "suspend", "arm", "watch", "pass"} {
		L.Push(helpers.RawGetString(name))
	}
	L.Call(6, 7)
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	globals.RawSetString("pcall", L.Get(1))
	globals.RawSetString("xpcall", L.Get(2))
	loaded(L).RawGetString("coroutine").(*lua.LTable).RawSetString("yield", L.Get(3))
	lib.body, lib.handledBody, lib.adapt = L.Get(4).(*lua.LFunction), L.Get(5).(*lua.LFunction), L.Get(6)
	lib.watched = L.Get(7).(*lua.LFunction)
	L.SetTop(0)
}

// start begins a protected call: start(handled, f, ...).
func (lib *library) start(c call) int {
	body := lib.body
	if lua.LVAsBool(c.Get(1)) {
		c.name, body = "xpcall", lib.handledBody
		c.Remove(1)
		c.present(2)
		c.SetTop(2)
	} else {
		c.name = "pcall"
		c.Remove(1)
		c.present(1)
	}
	thread := lib.newProtected(c.LState, body)
	c.Insert(thread, 1)
	count := lib.proceed(c)
	c.Insert(thread, c.GetTop()-count+1)
	return count + 1
}

// newProtected makes the thread for the body of a protected call.
func (lib *library) newProtected(L *lua.LState, body *lua.LFunction) *lua.LState {
	L.Insert(body, 1)
	lib.newThread(L)
	thread := L.Get(-1).(*lua.LState)
	L.Pop(1)
	L.Remove(1)
	lib.protected[weak.Make(thread)] = struct{}{}
	return thread
}

// proceed resumes the thread of a protected call with the arguments behind it.
// It returns true and results, false and the error, or nil and what was yielded.
func (lib *library) proceed(c call) int {
	thread := c.Get(1).(*lua.LState)
	count := lib.resume(c, thread)
	top := c.GetTop()
	if !thread.Dead {
		c.Replace(top-count+1, lua.LNil)
		return count
	}
	delete(lib.protected, weak.Make(thread))
	if c.Get(top-count+1) != lua.LFalse {
		return count
	}
	lib.endWithContext(c, c.Get(top))
	c.Replace(top, withoutHidden(overflow(thread, c.Get(top))))
	return count
}

// resume runs a thread on; the arguments are behind it on the stack.
func (lib *library) resume(c call, thread *lua.LState) int {
	if lib.nesting >= MaxNesting {
		thread.Dead = true
		return c.results(lua.LFalse, lua.LString("C stack overflow"))
	}
	lib.nesting++
	defer func() { lib.nesting-- }()
	return lib.resumeThread(c.LState)
}

// overflow puts Lua's words, with the position, in place of those that end a
// thread whose calls nest too deeply.
func overflow(thread *lua.LState, cause lua.LValue) lua.LValue {
	if text, ok := cause.(lua.LString); ok && text == "lua callstack overflow" {
		return lua.LString(where(thread, 0) + "stack overflow")
	}
	return cause
}

// endWithContext raises an error again when the state's context is done, so
// that no protected call of a script survives the end of its run.
func (lib *library) endWithContext(c call, cause lua.LValue) {
	if ctx := c.Context(); ctx != nil && ctx.Err() != nil {
		c.Error(cause, 0)
	}
}

// arm prepares the running thread of a protected call for errors: they get
// Lua's words, the traceback is kept for Call, and xpcall's handler is called
// while the stack is still there.
func (lib *library) arm(c call) int {
	handler := c.Get(1)
	thread := c.LState
	plain := thread.Panic
	thread.Panic = func(L *lua.LState) {
		thread.Panic = plain
		cause := withoutHidden(nameCall(L, L.Get(-1)))
		lib.trace = Traceback(L, 0)
		switch ctx := L.Context(); {
		case ctx != nil && ctx.Err() != nil:
			lib.tell(L, cause)
		case handler != lua.LNil:
			cause = call{LState: L, name: "xpcall"}.invoke(handler, cause)
		}
		L.Push(cause)
		plain(L)
	}
	return 0
}

// watch prepares the running thread of coroutine.wrap for errors, which leave it
// for the thread that called it: they are told while the stack is still there.
func (lib *library) watch(c call) int {
	thread := c.LState
	plain := thread.Panic
	thread.Panic = func(L *lua.LState) {
		thread.Panic = plain
		lib.tell(L, withoutHidden(nameCall(L, L.Get(-1))))
		plain(L)
	}
	return 0
}

// tell tells whoever asked by OnLost about an error.
func (lib *library) tell(L *lua.LState, cause lua.LValue) {
	if lib.onLost != nil {
		lib.onLost(L, cause)
	}
}

// OnLost has lost called for each error that leaves the thread L it was raised
// in although no pcall of that thread catches it: out of a coroutine that
// coroutine.wrap made, or at the end of the run. The thread's stack, which is
// lost after that, is still there.
func OnLost(L *lua.LState, lost func(L *lua.LState, cause lua.LValue)) {
	if lib := of(L); lib != nil {
		lib.onLost = lost
	}
}

// callWords is gopher-lua's message for calling a table or userdata. Other
// types never get there.
const callWords = "attempt to call a non-function object"

// nameCall puts Lua's words in place of callWords, with the name of what was
// called when it is the only one of its kind on the line.
func nameCall(L *lua.LState, cause lua.LValue) lua.LValue {
	text, ok := cause.(lua.LString)
	if !ok || !strings.HasSuffix(string(text), callWords) {
		return cause
	}
	return lua.LString(compile.NameCall(L, string(text), callWords))
}

// withoutHidden removes the position of a hidden function from a message.
func withoutHidden(v lua.LValue) lua.LValue {
	text, ok := v.(lua.LString)
	if !ok {
		return v
	}
	if rest, found := strings.CutPrefix(string(text), HiddenSource+":"); found {
		if _, message, found := strings.Cut(rest, ": "); found {
			return lua.LString(message)
		}
	}
	if strings.Contains(string(text), compareWords) {
		return lua.LString(sameTypes.ReplaceAllStringFunc(string(text), compile.SameTypes))
	}
	return v
}

// compareWords begins the message that gopher-lua words differently when both
// sides of a comparison have the same type.
const compareWords = "attempt to compare "

// sameTypes matches such a message.
var sameTypes = regexp.MustCompile(`attempt to compare (\w+) with (\w+)$`)

// Call calls a Lua function from Go and returns its results, or the error that
// it ended with. Go code that runs inside of a script has to use it instead of
// LState.PCall, which on an error cuts the locals of all running functions off
// from the closures that share them. The function cannot yield out of the call.
// When the state's context is done, the error is raised on and Call does not
// return.
func Call(L *lua.LState, fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
	lib := of(L)
	if lib == nil {
		return nil, fmt.Errorf("the Lua library is not open in this state")
	}
	top := L.GetTop()
	L.Push(L.NewFunction(func(L *lua.LState) int {
		c := call{LState: L, name: "pcall"}
		thread := lib.newProtected(L, lib.body)
		L.Insert(thread, 1)
		count := lib.proceed(c)
		if L.Get(L.GetTop()-count+1) == lua.LNil {
			return c.results(lua.LFalse, lua.LString("attempt to yield across metamethod/C-call boundary"))
		}
		return count
	}))
	L.Push(fn)
	for _, arg := range args {
		L.Push(arg)
	}
	L.Call(len(args)+1, lua.MultRet)
	results := make([]lua.LValue, 0, L.GetTop()-top)
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i))
	}
	L.SetTop(top)
	if results[0] == lua.LTrue {
		return results[1:], nil
	}
	return nil, &lua.ApiError{Type: lua.ApiErrorRun, Object: results[1], StackTrace: strings.Join(lib.trace, "\n")}
}
