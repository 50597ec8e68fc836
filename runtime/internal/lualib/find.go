package lualib

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
)

// stringFind is string.find and string.match.
func stringFind(c call, find bool) int {
	text, pattern := c.str(1), c.str(2)
	start := c.optInt(3, 1)
	if start < 0 {
		start += len(text) + 1
	}
	start = min(max(start-1, 0), len(text))
	if find && (lua.LVAsBool(c.Get(4)) || luapattern.Plain(untilZero(pattern))) {
		at := strings.Index(text[start:], pattern)
		if at < 0 {
			return c.results(lua.LNil)
		}
		return c.results(lua.LNumber(start+at+1), lua.LNumber(start+at+len(pattern)))
	}
	m := newMatcher(c, text, pattern)
	p := 0
	if strings.HasPrefix(pattern, "^") {
		p = 1
	}
	for ; start <= len(text); start++ {
		m.step()
		m.level = 0
		if end := m.match(start, p); end >= 0 {
			if find {
				c.Push(lua.LNumber(start + 1))
				c.Push(lua.LNumber(end))
				return 2 + m.pushCaptures(c.LState, start, end, false)
			}
			return m.pushCaptures(c.LState, start, end, true)
		}
		if p == 1 {
			break
		}
	}
	return c.results(lua.LNil)
}

// newMatcher returns a matcher, which is large.
func newMatcher(c call, text, pattern string) *matcher {
	return &matcher{c: c, text: text, pattern: untilZero(pattern)}
}

// untilZero returns what Lua 5.1 reads of a pattern, which a zero byte ends.
func untilZero(pattern string) string {
	pattern, _, _ = strings.Cut(pattern, "\x00")
	return pattern
}

// stringGmatch is string.gmatch. Its iterator is a function like any other.
func stringGmatch(c call) int {
	text, pattern := c.str(1), c.str(2)
	start := 0
	return c.results(c.NewFunction(func(L *lua.LState) int {
		m := newMatcher(call{LState: L, name: "gmatch"}, text, pattern)
		for ; start <= len(text); start++ {
			m.step()
			m.level = 0
			end := m.match(start, 0)
			if end < 0 {
				continue
			}
			from := start
			start = end
			if end == from {
				start++
			}
			return m.pushCaptures(L, from, end, true)
		}
		return 0
	}))
}

// stringGsub is string.gsub.
func stringGsub(c call) int {
	text, pattern := c.str(1), c.str(2)
	replacement := c.Get(3)
	switch replacement.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		c.fail(3, "string/function/table expected")
	}
	limit := c.optInt(4, len(text)+1)
	p := 0
	if strings.HasPrefix(pattern, "^") {
		p = 1
	}
	m := newMatcher(c, text, pattern)
	var out []byte
	start, count := 0, 0
	for count < limit {
		m.step()
		m.level = 0
		end := m.match(start, p)
		if end >= 0 {
			count++
			out = m.replace(out, replacement, start, end)
			compile.CheckSize(c.LState, len(out))
		}
		switch {
		case end > start:
			start = end
		case start < len(text):
			out = append(out, text[start])
			start++
		default:
			start++
		}
		if start > len(text) || p == 1 {
			break
		}
	}
	if start < len(text) {
		out = append(out, text[start:]...)
	}
	return c.results(lua.LString(out), lua.LNumber(count))
}

// replace appends what replaces a match.
func (m *matcher) replace(out []byte, replacement lua.LValue, start, end int) []byte {
	var value lua.LValue
	switch r := replacement.(type) {
	case *lua.LTable:
		value = m.c.GetTable(r, m.capture(0, start, end))
	case *lua.LFunction:
		top := m.c.GetTop()
		m.c.Push(r)
		count := m.pushCaptures(m.c.LState, start, end, true)
		m.c.Call(count, 1)
		value = m.c.Get(-1)
		m.c.SetTop(top)
	default:
		return m.expand(out, m.c.str(3), start, end)
	}
	switch v := value.(type) {
	case lua.LString:
		return append(out, v...)
	case lua.LNumber:
		return append(out, number.Format(float64(v))...)
	}
	if lua.LVAsBool(value) {
		m.c.raise("invalid replacement value (a " + value.Type().String() + ")")
	}
	return append(out, m.text[start:end]...)
}

// expand appends a replacement text with its %0 to %9 filled in.
func (m *matcher) expand(out []byte, template string, start, end int) []byte {
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			out = append(out, template[i])
			continue
		}
		i++
		switch {
		case i == len(template):
			out = append(out, 0)
		case template[i] == '0':
			out = append(out, m.text[start:end]...)
		case isDigit(template[i]):
			out = append(out, m.captureText(int(template[i]-'1'), start, end)...)
		default:
			out = append(out, template[i])
		}
	}
	return out
}
