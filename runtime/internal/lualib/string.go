package lualib

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// openString defines the string library.
func (lib *library) openString(L *lua.LState) {
	table := lib.module(L, "string", functions{
		{"byte", stringByte},
		{"char", stringChar},
		{"dump", func(c call) int { c.raise("functions cannot be dumped"); return 0 }},
		{"find", func(c call) int { return stringFind(c, true) }},
		{"format", stringFormat},
		{"gmatch", stringGmatch},
		{"gsub", stringGsub},
		{"len", func(c call) int { return c.results(lua.LNumber(len(c.str(1)))) }},
		{"lower", func(c call) int { return c.results(lua.LString(c.mapASCII(c.str(1), 'A', 'Z', 'a'-'A'))) }},
		{"match", func(c call) int { return stringFind(c, false) }},
		{"rep", stringRep},
		{"reverse", stringReverse},
		{"sub", stringSub},
		{"upper", func(c call) int { return c.results(lua.LString(c.mapASCII(c.str(1), 'a', 'z', -('a' - 'A')))) }},
	})
	table.RawSetString("gfind", table.RawGetString("gmatch"))
}

// mapASCII shifts the bytes from first to last. Other bytes stay: in Lua's C
// locale only ASCII letters have a case.
func (c call) mapASCII(text string, first, last byte, shift int) string {
	out := []byte(text)
	for piece := range slices.Chunk(out, bytesPerCheck) {
		for i, b := range piece {
			if first <= b && b <= last {
				piece[i] = byte(int(b) + shift)
			}
		}
		if len(piece) == bytesPerCheck {
			c.look()
		}
	}
	return string(out)
}

// bytesPerCheck is how many bytes of a long text are worked on between two looks.
const bytesPerCheck = 1 << 18

// position counts a negative position from the end of a string.
func position(at, length int) int {
	if at < 0 {
		at += length + 1
	}
	return max(at, 0)
}

// stringByte is string.byte.
func stringByte(c call) int {
	text := c.str(1)
	first := position(c.optInt(2, 1), len(text))
	last := position(c.optInt(3, first), len(text))
	first, last = max(first, 1), min(last, len(text))
	if last-first >= maxUnpacked {
		c.raise("string slice too long")
	}
	machine.Reserve(c.LState, last-first+1)
	for i := first; i <= last; i++ {
		c.Push(lua.LNumber(text[i-1]))
	}
	return max(last-first+1, 0)
}

// stringChar is string.char.
func stringChar(c call) int {
	out := make([]byte, c.GetTop())
	for i := range out {
		code := c.int(i + 1)
		if code < 0 || code > 255 {
			c.fail(i+1, "invalid value")
		}
		out[i] = byte(code)
	}
	return c.results(lua.LString(out))
}

// stringRep is string.rep.
func stringRep(c call) int {
	text, count := c.str(1), c.integer(2)
	if count <= 0 || text == "" {
		return c.results(lua.LString(""))
	}
	const largest = 1 << 40
	compile.CheckSize(c.LState, min(len(text), largest)*min(count, largest/len(text)+1))
	return c.results(lua.LString(strings.Repeat(text, count)))
}

// stringReverse is string.reverse.
func stringReverse(c call) int {
	text := c.str(1)
	out := make([]byte, len(text))
	for i := range len(text) {
		out[len(text)-1-i] = text[i]
		if i%bytesPerCheck == bytesPerCheck-1 {
			c.look()
		}
	}
	return c.results(lua.LString(out))
}

// stringSub is string.sub.
func stringSub(c call) int {
	text := c.str(1)
	first := max(position(c.integer(2), len(text)), 1)
	last := min(position(c.optInt(3, -1), len(text)), len(text))
	if first > last {
		return c.results(lua.LString(""))
	}
	return c.results(lua.LString(text[first-1 : last]))
}
