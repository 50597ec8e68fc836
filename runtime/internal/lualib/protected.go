package lualib

import (
	"fmt"
	"strings"
	"sync"
	"weak"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/machine"
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
local function watched(f) return function(...) watch(true) return pass(f(...)) end end
local function plain(f) return function(...) watch(false) return pass(f(...)) end end
local function pcall(...) return loop(start(false, ...)) end
local function xpcall(...) return loop(start(true, ...)) end
local function yield(...) return pass(suspend(...)) end
return pcall, xpcall, yield, body, handled, watched, plain
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
	L.SetTop(0)
	L.Push(L.NewFunctionFromProto(proto))
	pass := func(c call) int { return c.GetTop() }
	for _, fn := range []func(call) int{lib.start, lib.proceed, lib.yield, lib.arm, lib.watch, pass} {
		L.Push(L.NewFunction(func(L *lua.LState) int { return fn(call{LState: L}) }))
	}
	L.Call(6, 7)
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	globals.RawSetString("pcall", L.Get(1))
	globals.RawSetString("xpcall", L.Get(2))
	loaded(L).RawGetString("coroutine").(*lua.LTable).RawSetString("yield", L.Get(3))
	lib.body, lib.handledBody = L.Get(4).(*lua.LFunction), L.Get(5).(*lua.LFunction)
	lib.watched, lib.plain = L.Get(6).(*lua.LFunction), L.Get(7).(*lua.LFunction)
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
	c.Replace(top, withoutHidden(lib.overflow(thread, c.Get(top))))
	return count
}

// resume runs a thread on; the arguments are behind it on the stack.
func (lib *library) resume(c call, thread *lua.LState) int {
	if lib.nesting >= MaxNesting {
		thread.Dead = true
		f := &fault.Fault{Operation: fault.Nesting, Message: "C stack overflow"}
		compile.Faults(c.LState).Note(f.Message, f)
		return c.results(lua.LFalse, lua.LString(f.Message))
	}
	lib.nesting++
	defer func() { lib.nesting-- }()
	return lib.resumeThread(c.LState)
}

// overflow puts Lua's words, with the position, in place of those that end a
// thread whose calls nest too deeply: no error function sees that error.
func (lib *library) overflow(thread *lua.LState, cause lua.LValue) lua.LValue {
	text, ok := cause.(lua.LString)
	if !ok {
		return cause
	}
	f := fault.FromMachine(string(text))
	if f == nil || f.Operation != fault.Depth || f.Message == string(text) {
		return cause
	}
	compile.Faults(thread).Note(f.Message, f)
	return lua.LString(lib.where(thread, 0) + f.Message)
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
		cause := InLuaWords(L, L.Get(-1))
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

// watch prepares the running thread of a coroutine for errors, which get Lua's
// words while the stack is still there. Those of coroutine.wrap leave it for the
// thread that called it, so they are told.
func (lib *library) watch(c call) int {
	thread, wrapped := c.LState, lua.LVAsBool(c.Get(1))
	plain := thread.Panic
	thread.Panic = func(L *lua.LState) {
		thread.Panic = plain
		cause := InLuaWords(L, L.Get(-1))
		if wrapped {
			lib.tell(L, cause)
		}
		L.Push(cause)
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

// InLuaWords turns an error that leaves a function of the thread L, whose stack
// is still there, into what scripts see: the machine's messages become Lua's, and
// positions in hidden functions go. What is known of the error is noted in the
// state's log.
func InLuaWords(L *lua.LState, cause lua.LValue) lua.LValue {
	cause = withoutHidden(cause)
	text, ok := cause.(lua.LString)
	if !ok {
		return cause
	}
	if lib := of(L); lib != nil {
		words := lib.words
		lib.words = ""
		if words != "" && strings.HasSuffix(string(text), words) {
			return text
		}
	}
	position := callerPosition(L)
	message, machine := strings.CutPrefix(string(text), position)
	if f := fault.FromMachine(message); f != nil && machine {
		f = named(L, f)
		compile.Faults(L).Note(f.Error(), f)
		return lua.LString(position + f.Error())
	}
	if f := uncalled(L); f != nil {
		f.Message = string(text)
		compile.Faults(L).Note(f.Message, f)
	}
	return text
}

// named adds what the source calls the values of a fault that the machine gave
// without names.
func named(L *lua.LState, f *fault.Fault) *fault.Fault {
	switch f.Operation {
	case fault.Call:
		if called := machine.Called(L); called != nil {
			return compile.NewBlame(L, 0, called).Called("")
		}
	case fault.Index:
		object, key, write := machine.Indexed(L)
		if object == nil || object.Type().String() != f.Type {
			return f
		}
		access := fault.ToRead
		if write {
			access = fault.ToWrite
		}
		return compile.NewBlame(L, 0, object).Indexed(key, access)
	case fault.Compare:
		return compile.NewBlame(L, 0, lua.LNil).Compared(f)
	}
	return f
}

// uncalled is the fault of a loop that was given a function in place of what the
// function returns, so that the function failed for want of arguments. It is nil
// for any other error.
func uncalled(L *lua.LState) *fault.Fault {
	frame, ok := L.GetStack(0)
	if !ok {
		return nil
	}
	running, err := L.GetInfo("f", frame, lua.LNil)
	if fn, ok := running.(*lua.LFunction); !ok || err != nil || !fn.IsG {
		return nil //nolint:nilerr // what cannot be asked is no such fault
	}
	blame := compile.NewBlame(L, 1, running)
	if loop := blame.Loop(); loop != nil && blame.Value(loop.Value) == running {
		return &fault.Fault{Operation: fault.Call, Type: "function", Loop: loop, Uncalled: true}
	}
	return nil
}

// callerPosition is the position that the machine puts in front of an error
// raised now: that of the innermost Lua function.
func callerPosition(L *lua.LState) string {
	for level := 0; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return ""
		}
		value, err := L.GetInfo("Slf", frame, lua.LNil)
		if fn, ok := value.(*lua.LFunction); err == nil && ok && !fn.IsG {
			return fmt.Sprintf("%s:%d: ", frame.Source, frame.CurrentLine)
		}
	}
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
	return v
}

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
