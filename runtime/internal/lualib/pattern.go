package lualib

import (
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxCaptures     = luapattern.MostCaptures
	openCapture     = -1
	positionCapture = -2
	// stepsPerCheck is how many comparisons pass between two looks at the
	// state's context.
	stepsPerCheck = 4096
	// maxPatternDepth bounds how deep the matching of one pattern recurses.
	maxPatternDepth = 10_000
)

// matcher matches one Lua pattern against one text. It works through the
// pattern as Lua's own matcher does, and ends with an error when the context of
// the state is done.
type matcher struct {
	c        call
	text     string
	pattern  string
	level    int
	captures [maxCaptures]struct{ start, length int }
	steps    int
	depth    int
}

// step counts work and raises an error once the run is over.
func (m *matcher) step() {
	m.steps++
	if m.steps%stepsPerCheck == 0 {
		m.c.look()
	}
}

// match tries the pattern from p on at position s and returns where the match
// ends, or -1.
func (m *matcher) match(s, p int) int {
	m.depth++
	if m.depth > maxPatternDepth {
		m.c.raise("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pattern) {
		m.step()
		switch m.pattern[p] {
		case '(':
			if p+1 < len(m.pattern) && m.pattern[p+1] == ')' {
				return m.open(s, p+2, positionCapture)
			}
			return m.open(s, p+1, openCapture)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.text) {
					return s
				}
				return -1
			}
		case '%':
			next, end, special := m.escape(s, p)
			if special {
				if next < 0 {
					return -1
				}
				s, p = next, end
				continue
			}
		}
		end := m.classEnd(p)
		suffix := byte(0)
		if end < len(m.pattern) {
			suffix = m.pattern[end]
		}
		switch suffix {
		case '?':
			if s < len(m.text) && m.single(m.text[s], p, end) {
				if found := m.match(s+1, end+1); found >= 0 {
					return found
				}
			}
			p = end + 1
		case '*':
			return m.longest(s, p, end)
		case '+':
			if s < len(m.text) && m.single(m.text[s], p, end) {
				return m.longest(s+1, p, end)
			}
			return -1
		case '-':
			return m.shortest(s, p, end)
		default:
			if s >= len(m.text) || !m.single(m.text[s], p, end) {
				return -1
			}
			s, p = s+1, end
		}
	}
	return s
}

// escape handles %b, %f and %1 to %9. It returns where the match continues in
// the text, -1 if it fails, and in the pattern.
func (m *matcher) escape(s, p int) (next, end int, special bool) {
	if p+1 >= len(m.pattern) {
		return 0, 0, false
	}
	switch c := m.pattern[p+1]; {
	case c == 'b':
		return m.balanced(s, p+2), p + 4, true
	case c == 'f':
		return m.frontier(s, p+2)
	case '0' <= c && c <= '9':
		return m.again(s, c), p + 2, true
	}
	return 0, 0, false
}

// frontier handles %f[set]: the set starts here and did not match before.
func (m *matcher) frontier(s, p int) (next, end int, special bool) {
	if p >= len(m.pattern) || m.pattern[p] != '[' {
		m.c.raise(luapattern.MissingFrontier)
	}
	end = m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.text[s-1]
	}
	if s < len(m.text) {
		here = m.text[s]
	}
	if m.set(before, p, end-1) || !m.set(here, p, end-1) {
		return -1, end, true
	}
	return s, end, true
}

// balanced handles %bxy.
func (m *matcher) balanced(s, p int) int {
	if p+1 >= len(m.pattern) {
		m.c.raise(luapattern.Unbalanced)
	}
	if s >= len(m.text) || m.text[s] != m.pattern[p] {
		return -1
	}
	opening, closing, open := m.pattern[p], m.pattern[p+1], 1
	for s++; s < len(m.text); s++ {
		m.step()
		switch m.text[s] {
		case closing:
			if open--; open == 0 {
				return s + 1
			}
		case opening:
			open++
		}
	}
	return -1
}

// again handles %1 to %9: the text of a capture once more.
func (m *matcher) again(s int, digit byte) int {
	index := int(digit) - '1'
	if index < 0 || index >= m.level || m.captures[index].length == openCapture {
		m.c.raise(luapattern.InvalidIndex)
	}
	captured := m.captures[index]
	if captured.length < 0 || !strings.HasPrefix(m.text[s:], m.text[captured.start:captured.start+captured.length]) {
		return -1
	}
	return s + captured.length
}

// longest matches as many characters of a class as it can.
func (m *matcher) longest(s, p, end int) int {
	count := 0
	for s+count < len(m.text) && m.single(m.text[s+count], p, end) {
		count++
		m.step()
	}
	for ; count >= 0; count-- {
		if found := m.match(s+count, end+1); found >= 0 {
			return found
		}
	}
	return -1
}

// shortest matches as few characters of a class as it can.
func (m *matcher) shortest(s, p, end int) int {
	for {
		m.step()
		if found := m.match(s, end+1); found >= 0 {
			return found
		}
		if s >= len(m.text) || !m.single(m.text[s], p, end) {
			return -1
		}
		s++
	}
}

// open starts a capture and matches the rest.
func (m *matcher) open(s, p, kind int) int {
	if m.level >= maxCaptures {
		m.c.raise(luapattern.TooManyCaptures)
	}
	m.captures[m.level].start, m.captures[m.level].length = s, kind
	m.level++
	found := m.match(s, p)
	if found < 0 {
		m.level--
	}
	return found
}

// close ends the innermost open capture and matches the rest.
func (m *matcher) close(s, p int) int {
	index := m.level - 1
	for index >= 0 && m.captures[index].length != openCapture {
		index--
	}
	if index < 0 {
		m.c.raise(luapattern.InvalidCapture)
	}
	m.captures[index].length = s - m.captures[index].start
	found := m.match(s, p)
	if found < 0 {
		m.captures[index].length = openCapture
	}
	return found
}

// classEnd finds where the single character class at p ends.
func (m *matcher) classEnd(p int) int {
	if c := m.pattern[p]; c != '%' && c != '[' {
		return p + 1
	}
	end, wrong := luapattern.ClassEnd(m.pattern, p)
	if wrong != "" {
		m.c.raise(wrong)
	}
	return end
}

// single reports whether a character belongs to the class from p to end.
func (m *matcher) single(c byte, p, end int) bool {
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.set(c, p, end-1)
	}
	return m.pattern[p] == c
}

// set reports whether a character belongs to the set that starts at p and whose
// bracket closes at last.
func (m *matcher) set(c byte, p, last int) bool {
	inside := true
	p++
	if m.pattern[p] == '^' {
		inside = false
		p++
	}
	for ; p < last; p++ {
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return inside
			}
		case p+2 < last && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return inside
			}
			p += 2
		case m.pattern[p] == c:
			return inside
		}
	}
	return !inside
}

// inClass reports whether a character belongs to a class such as %a, or is the
// character that % escapes.
func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !isAlpha(c) && !isDigit(c)
	case 's':
		in = c == ' ' || 9 <= c && c <= 13
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	if 'A' <= class && class <= 'Z' {
		return !in
	}
	return in
}

// isAlpha reports whether a byte is an ASCII letter.
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80 }

// isDigit reports whether a byte is a decimal digit.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// capture returns a capture of a match from start to end; without captures in
// the pattern, number 0 is the whole match.
func (m *matcher) capture(index, start, end int) lua.LValue {
	if index >= m.level {
		if index != 0 {
			m.c.raise(luapattern.InvalidIndex)
		}
		return lua.LString(m.text[start:end])
	}
	captured := m.captures[index]
	switch captured.length {
	case positionCapture:
		return lua.LNumber(captured.start + 1)
	case openCapture:
		m.c.raise(luapattern.UnfinishedCapture)
	}
	return lua.LString(m.text[captured.start : captured.start+captured.length])
}

// pushCaptures pushes all captures, or the whole match when there are none and
// whole is set, and counts them.
func (m *matcher) pushCaptures(L *lua.LState, start, end int, whole bool) int {
	count := m.level
	if count == 0 && whole {
		count = 1
	}
	for i := range count {
		L.Push(m.capture(i, start, end))
	}
	return count
}

// captureText is a capture as the text that gsub puts in.
func (m *matcher) captureText(index, start, end int) string {
	switch v := m.capture(index, start, end).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return strconv.Itoa(int(v))
	}
	return ""
}
