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

// contents are those of tables whose fields are made when a script asks for them.
type contents interface {
	// Field returns a field of such a table, nil if it does not have it.
	Field(t *lua.LTable, name string) lua.LValue
	// Next is FollowingField for such a table. ok is false if it has to be filled.
	Next(t *lua.LTable, key lua.LValue) (next, value lua.LValue, ok bool)
}

// FollowingField is Next for a table that may not be filled. known is also false for one
// that has to be filled first.
func FollowingField(t *lua.LTable, key lua.LValue) (next, value lua.LValue, known bool) {
	if lazy := contentsOf(t); lazy != nil {
		return lazy.Next(t, key)
	}
	return Next(t, key)
}

// contentsOf returns what knows the contents of a table that is not filled, or nil.
func contentsOf(t *lua.LTable) contents {
	meta, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	ud, ok := meta.RawGetString(compile.FillField).(*lua.LUserData)
	if !ok {
		return nil
	}
	return ud.Value.(contents)
}

// load executes the reading of a field. Only metamethods that are functions are left to
// gopher-lua's own instruction.
func load(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	t, isTable := s.operand(inst & 0x1ff).(*lua.LTable)
	name, isText := s.operand(inst >> 9 & 0x1ff).(lua.LString)
	if isTable && isText {
		if v, ok := fieldOf(t, string(name)); ok {
			s.reg.set(s.target(inst), v)
			return 0
		}
	}
	return instructions[inst>>26](L, inst, base)
}

// fieldOf returns a field of a table or of those that its metatables lead to. ok is false
// if a metamethod has to be called for it.
func fieldOf(t *lua.LTable, name string) (v lua.LValue, ok bool) {
	for range lua.MaxTableGetLoop {
		if v := t.RawGetString(name); v != lua.LNil || t.Metatable == lua.LNil {
			return v, true
		}
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			return nil, false
		}
		switch index := meta.RawGetString("__index").(type) {
		case *lua.LNilType:
			return lua.LNil, true
		case *lua.LTable:
			t = index
		default:
			if lazy := contentsOf(t); lazy != nil {
				return lazy.Field(t, name), true
			}
			return nil, false
		}
	}
	return nil, false
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
