package lualib

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// HiddenSource is the chunk name of the library's own Lua functions, which
// tracebacks should leave out.
const HiddenSource = machine.HiddenSource

// MaxNesting is how many coroutines may run inside of each other, as in Lua, which
// runs out of C stack there.
const MaxNesting = 190

// openProtected defines pcall and xpcall.
func (lib *library) openProtected(L *lua.LState) {
	machine.OnRaise(L, lib.raisePlain)
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	pcall, xpcall, body := machine.Protected(L, checkProtected)
	globals.RawSetString("pcall", pcall)
	globals.RawSetString("xpcall", xpcall)
	lib.pcall, lib.body = pcall, body
}

// checkProtected raises the error for a protected call without enough arguments.
func checkProtected(L *lua.LState) int {
	c := call{LState: L, name: "pcall"}
	needed := c.integer(1)
	if needed > 1 {
		c.name = "xpcall"
	}
	if machine.Arguments(L) < needed {
		c.SetTop(0)
		c.fail(needed, "value expected")
	}
	return 0
}

// origin is the kind of thread that raises an error.
type origin int

const (
	plain origin = iota
	// wrapped is a coroutine of coroutine.wrap.
	wrapped
	// worker is a thread that AsWorker was called for.
	worker
)

// raise ends the running functions of a thread with the error on top of the stack,
// up to the protected call that catches it. The error gets Lua's words and is
// given to xpcall's handler while the stack is still there. An error that leaves a
// coroutine for the thread that called it, as coroutine.wrap passes it on, that leaves
// a function that Go code calls in a worker, or that ends the run, is told to OnLost.
func (lib *library) raise(L *lua.LState, from origin) {
	cause := InLuaWords(L, L.Get(-1))
	guard, guarded := machine.Guarding(L)
	switch {
	case machine.Ended(L), !guarded && from == wrapped:
		lib.tell(L, cause)
	case guarded:
		if guard.FromGo {
			lib.trace = Traceback(L, 0)
			if from == worker {
				lib.tell(L, cause)
			}
		}
		cause = guard.Handle(cause)
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: cause})
}

// endWithContext raises an error again when the state's context is done, so
// that no protected call of a script survives the end of its run.
func (lib *library) endWithContext(c call, cause lua.LValue) {
	if machine.Ended(c.LState) {
		c.Error(cause, 0)
	}
}

// tell passes an error to OnLost's function.
func (lib *library) tell(L *lua.LState, cause lua.LValue) {
	if lib.onLost != nil {
		lib.onLost(L, cause)
	}
}

// OnLost sets a function that is called for each error that leaves the thread L it
// was raised in although no pcall of that thread catches it: out of a coroutine that
// coroutine.wrap made, out of a worker, or at the end of the run. The thread's stack, which is
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
	seen := withoutHidden(cause)
	text, ok := seen.(lua.LString)
	if !ok {
		return seen
	}
	hidden := seen != cause
	if lib := of(L); lib != nil {
		words := lib.words
		lib.words = ""
		if words != "" && strings.HasSuffix(string(text), words) {
			return text
		}
	}
	position := callerPosition(L)
	if hidden {
		position = "" // pcall itself has called something else than a function
	}
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
			return machine.Blame(L, 0, called).Called("")
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
		return machine.Blame(L, 0, object).Indexed(key, access)
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
	L.Push(lib.pcall)
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
