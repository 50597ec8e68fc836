package machine

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// concat executes "..": any number of operands, joined from the right.
func concat(L *lua.LState, inst uint32, _ *frame) int {
	s := of(L)
	base := s.currentFrame.LocalBase
	first, last := base+int(inst&0x1ff), base+int(inst>>9&0x1ff)
	right := s.reg.array[last]
	for left := last - 1; left >= first; {
		value := s.reg.array[left]
		if !lua.LVCanConvToString(value) || !lua.LVCanConvToString(right) {
			right = concatEvent(L, value, right, left-first, last-first+1)
			left--
			continue
		}
		from := left
		for from > first && lua.LVCanConvToString(s.reg.array[from-1]) {
			from--
		}
		right = join(L, s.reg.array[from:left+1], right)
		left = from - 1
	}
	s.reg.set(s.target(inst), right)
	return 0
}

// concatEvent joins two operands by a metamethod. The left one has a position
// among all operands.
func concatEvent(L *lua.LState, left, right lua.LValue, position, operands int) lua.LValue {
	if fn := event(L, "__concat", left, right); fn != lua.LNil {
		return call(L, fn, left, right)
	}
	culprit := left
	if lua.LVCanConvToString(left) {
		culprit = right
		position++
	}
	compile.Fail(L, Blame(L, 0, culprit).Concatenated(position, operands))
	return lua.LNil
}

// join joins some operands and the one to the right of them.
func join(L *lua.LState, operands []lua.LValue, right lua.LValue) lua.LValue {
	size := textSize(right)
	for _, v := range operands {
		size += textSize(v)
	}
	compile.CheckSize(L, size)
	var text strings.Builder
	text.Grow(size)
	for _, v := range operands {
		write(&text, v)
	}
	write(&text, right)
	return lua.LString(text.String())
}

// textSize is the size of a string, or an upper bound for a number.
func textSize(v lua.LValue) int {
	if text, ok := v.(lua.LString); ok {
		return len(text)
	}
	return 24
}

func write(text *strings.Builder, v lua.LValue) {
	if n, ok := v.(lua.LNumber); ok {
		text.WriteString(number.Format(float64(n)))
		return
	}
	part, _ := v.(lua.LString)
	text.WriteString(string(part))
}
