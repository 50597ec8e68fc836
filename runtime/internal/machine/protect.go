package machine

import (
	"sync"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// HiddenSource is the chunk name of Lua functions that are part of phscript, which
// tracebacks should leave out.
const HiddenSource = "=[phscript]"

// protectedSource has the protected calls. Where the call of f fails, the loop
// puts false and the error in the place of true and the results. check gets the
// number of arguments that there must be.
const protectedSource = `
local check = ...
local function pcall(f, ...) if f == nil then check(1) end return true, f(...) end
local function xpcall(f, handler) if handler == nil then check(2) end return true, f() end
local function body(f) return function(...) return f(...) end end
return pcall, xpcall, body
`

// protected is protectedSource, compiled once for the process.
var protected = sync.OnceValue(func() *lua.FunctionProto {
	proto, err := compile.Compile([]byte(protectedSource), HiddenSource)
	if err != nil {
		panic(err)
	}
	protecting[0], protecting[1] = proto.FunctionPrototypes[0], proto.FunctionPrototypes[1]
	return proto
})

// protecting are the prototypes of pcall and xpcall.
var protecting [2]*lua.FunctionProto

// handlerRegister holds the argument of xpcall.
const handlerRegister = 1

// Protected returns pcall, xpcall, and a function that makes a Lua function of a
// Go function, for a coroutine. check is called with the number of arguments that
// pcall or xpcall needs, when it may have got less.
func Protected(L *lua.LState, check lua.LGFunction) (pcall, xpcall, body *lua.LFunction) {
	L.Push(L.NewFunctionFromProto(protected()))
	L.Push(L.NewFunction(check))
	L.Call(1, 3)
	pcall, xpcall, body = L.Get(-3).(*lua.LFunction), L.Get(-2).(*lua.LFunction), L.Get(-1).(*lua.LFunction)
	L.Pop(3)
	return pcall, xpcall, body
}

// guard returns the innermost protected call that is running its function, of the
// calls from f to base, or nil.
func guard(f, base *frame) *frame {
	for ; f != nil; f = f.Parent {
		if p := f.Fn.Proto; p != nil && (p == protecting[0] || p == protecting[1]) && f.Pc > 0 {
			if inst := p.Code[f.Pc-1]; inst>>26 == callInstruction && inst>>9&0x1ff == 0 {
				return f
			}
		}
		if f == base {
			return nil
		}
	}
	return nil
}

// catch is deferred by the loop. If a function that a protected call runs has
// failed, it puts the error in the place of the results; the loop may continue. Any
// other panic goes through, and so does every error after the context's end. In
// both cases the locals of the functions that end remain with their closures.
func (s *state) catch(base *frame, ended *bool) {
	calls := s.calls()
	calls.running--
	if *ended {
		calls.failed = nil
		return
	}
	from := 0
	if base != nil {
		from = base.LocalBase
	}
	// Thousands of loops may have called one another: each searches its own calls.
	start := s.currentFrame
	if calls.failed == start && start != nil {
		start = calls.searched.Parent
	}
	g := guard(start, base)
	if g == nil || s.ended() {
		calls.failed, calls.searched = s.currentFrame, base
		if base == nil {
			calls.failed = nil
		}
		s.closeUpvalues(from)
		return
	}
	calls.failed = nil
	p := recover()
	failure, ok := p.(*lua.ApiError)
	if !ok {
		s.closeUpvalues(from)
		if p != nil {
			panic(p)
		}
		return
	}
	result := int(g.Fn.Proto.Code[g.Pc-1] >> 18 & 0xff)
	s.closeUpvalues(g.LocalBase + result)
	calls.SetSp(g.Idx + 1)
	s.currentFrame = g
	s.lua().SetTop(result + 1)
	s.reg.array[g.LocalBase+result-1] = lua.LFalse
	s.reg.array[g.LocalBase+result] = failure.Object
}

// closeUpvalues gives the closures that share registers from one on variables of
// their own.
func (s *state) closeUpvalues(from int) {
	var last *upvalue
	u := s.uvcache
	for u != nil && u.index < from {
		last, u = u, u.next
	}
	if last == nil {
		s.uvcache = nil
	} else {
		last.next = nil
	}
	for ; u != nil; u = u.next {
		(*lua.Upvalue)(unsafe.Pointer(u)).Close()
	}
}

// Guard is a protected call whose function is running.
type Guard struct {
	// FromGo is set if Go code made the call.
	FromGo bool
	state  *state
	frame  *frame
}

// Guarding returns the innermost protected call of a thread, if there is one.
func Guarding(L *lua.LState) (Guard, bool) {
	s := of(L)
	g := guard(s.currentFrame, nil)
	if g == nil {
		return Guard{}, false
	}
	return Guard{FromGo: g.Parent == nil || g.Parent.Fn.IsG, state: s, frame: g}, true
}

// mostHandlers is how many handlers may fail inside one another.
const mostHandlers = 100

// Handle calls the function that xpcall was given with an error, and returns its
// result. Without a function, it returns the error itself, and "error in error
// handling" if too many handlers run inside one another.
func (g Guard) Handle(cause lua.LValue) lua.LValue {
	if g.frame.Fn.Proto != protecting[1] {
		return cause
	}
	register := &g.state.reg.array[g.frame.LocalBase+handlerRegister]
	handler := *register
	if handler == lua.LNil {
		return cause
	}
	*register = lua.LNil
	calls, L := g.state.calls(), g.state.lua()
	if calls.handlers == mostHandlers {
		return lua.LString("error in error handling")
	}
	if calls.handlers++; calls.handlers == 1 {
		calls.limit += margin
	}
	defer func() {
		if calls.handlers--; calls.handlers == 0 {
			calls.limit -= margin
		}
	}()
	L.Push(handler)
	L.Push(cause)
	L.Call(1, 1)
	result := L.Get(-1)
	L.Pop(1)
	return result
}

// Arguments returns how many arguments the function that called the running Go
// function was given.
func Arguments(L *lua.LState) int { return of(L).currentFrame.Parent.NArgs }
