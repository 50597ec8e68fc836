package machine

import lua "github.com/yuin/gopher-lua"

// enter executes the call of a Lua function. Other calls, and those that need Lua 5.0's
// table arg, are left to gopher-lua's own instruction, which takes longer.
func enter(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	at := s.target(inst)
	fn, ok := s.reg.array[at].(*lua.LFunction)
	if !ok || fn.IsG || fn.Proto.IsVarArg&lua.VarArgNeedsArg != 0 {
		return instructions[lua.OP_CALL](L, inst, base)
	}
	first := at + 1
	given := int(inst&0x1ff) - 1
	if given < 0 {
		given = s.reg.top - first
	}
	parameters, used := int(fn.Proto.NumParameters), int(fn.Proto.NumUsedRegisters)
	local := first
	end := first + max(given, used)
	if fn.Proto.IsVarArg != 0 {
		// The parameters move behind the other arguments.
		local += max(given, parameters)
		end = local + max(used, parameters+1)
	}
	calls := s.calls()
	if end > len(s.reg.array) || calls.IsFull() {
		return instructions[lua.OP_CALL](L, inst, base)
	}
	array := s.reg.array
	set := first + min(given, parameters)
	if local > first {
		set = local + copy(array[local:], array[first:set])
		for i := range parameters {
			array[first+i] = lua.LNil
		}
	}
	for i := set; i < end; i++ {
		array[i] = lua.LNil
	}
	s.reg.top = local + used
	index := calls.count
	f := calls.push()
	*f = frame{
		Idx: index, Fn: fn, Parent: s.currentFrame, Base: at, LocalBase: local, ReturnBase: at,
		NArgs: given, NRet: int(inst>>9&0x1ff) - 1,
	}
	s.currentFrame = f
	return 0
}

// leave executes the return from a Lua function whose locals no closure shares. Other
// returns are left to gopher-lua's own instruction.
func leave(L *lua.LState, inst uint32, base *frame) int {
	s := of(L)
	f, calls := s.currentFrame, s.calls()
	if calls.count == 1 {
		return instructions[lua.OP_RETURN](L, inst, base)
	}
	for shared := s.uvcache; shared != nil; shared = shared.next {
		if shared.index >= f.LocalBase {
			return instructions[lua.OP_RETURN](L, inst, base)
		}
	}
	from := s.target(inst)
	given := int(inst&0x1ff) - 1
	if given < 0 {
		given = s.reg.top - from
	}
	wanted := f.NRet
	if wanted == lua.MultRet {
		wanted = given
	}
	to := f.ReturnBase
	end, top := to+wanted, s.reg.top
	if end > len(s.reg.array) || from+given > top {
		return instructions[lua.OP_RETURN](L, inst, base)
	}
	array := s.reg.array
	for i := copy(array[to:end], array[from:from+given]) + to; i < end; i++ {
		array[i] = lua.LNil
	}
	s.reg.top = end
	if end < top {
		clear(array[end:top])
	}
	calls.Pop()
	s.currentFrame = calls.Last()
	if f == base || s.currentFrame.Fn.IsG {
		return 1
	}
	return 0
}
