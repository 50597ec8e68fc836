package machine

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// advancing marks the function next, in place of the outer locals that a function in Go
// does not have. It is empty, so that nothing else sees it.
var advancing = make([]*lua.Upvalue, 0, 1)

// MarkNext makes loops over tables with a function, Lua's next, work without calling it.
// The function must do what FollowingField does.
func MarkNext(fn *lua.LFunction) { fn.Upvalues = advancing }

// contents are those of a table whose fields are made when a script asks for them.
type contents interface {
	// Next is FollowingField for such a table. ok is false if it has to be filled.
	Next(t *lua.LTable, key lua.LValue) (next, value lua.LValue, ok bool)
}

// FollowingField is Next for a table that may not be filled. known is also false for one
// that has to be filled first.
func FollowingField(t *lua.LTable, key lua.LValue) (next, value lua.LValue, known bool) {
	meta, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return Next(t, key)
	}
	ud, ok := meta.RawGetString(compile.FillField).(*lua.LUserData)
	if !ok {
		return Next(t, key)
	}
	if lazy, ok := ud.Value.(contents); ok {
		return lazy.Next(t, key)
	}
	return nil, nil, false
}

// forIn executes a step of a loop over what a function returns. Loops with next need no
// call.
func forIn(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	at, wanted := s.target(inst), int(inst>>9&0x1ff)
	fn, isFunction := s.reg.array[at].(*lua.LFunction)
	t, isTable := s.reg.array[at+1].(*lua.LTable)
	if !isFunction || !isTable || unsafe.SliceData(fn.Upvalues) != unsafe.SliceData(advancing) || at+3+wanted > len(s.reg.array) {
		return instructions[lua.OP_TFORLOOP](L, inst, base)
	}
	key, value, known := FollowingField(t, s.reg.array[at+2])
	if !known {
		return instructions[lua.OP_TFORLOOP](L, inst, base)
	}
	f := s.currentFrame
	results := s.reg.array[at+3 : at+3+wanted]
	for i := range results {
		results[i] = lua.LNil
	}
	if results[0] = key; wanted > 1 {
		results[1] = value
	}
	s.reg.top = max(s.reg.top, at+3+wanted)
	if key != lua.LNil {
		s.reg.array[at+2] = key
		f.Pc += int(f.Fn.Proto.Code[f.Pc]&0x3ffff) - 0x1ffff
	}
	f.Pc++
	return 0
}
