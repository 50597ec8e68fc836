// Package scan checks JSON that is whole in memory, several times faster than a decoder,
// which also has to keep track of where it is.
//
// It only knows JSON that is surely valid, with duplicate names allowed. What it doubts,
// such as very deep nesting, a decoder has to judge.
package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// mostDepth is how deep values may be nested.
const mostDepth = 200

// Valid reports whether a text is surely one JSON value.
func Valid(text []byte) bool {
	at := value(text, space(text, 0), 0)
	return at >= 0 && space(text, at) == len(text)
}

// AppendItems appends the items of a JSON list to into, as parts of the text. It reports
// whether the text surely is a valid list; what it appended otherwise means nothing.
func AppendItems[T ~[]byte](into []T, text []byte) ([]T, bool) {
	at := space(text, 0)
	if at == len(text) || text[at] != '[' {
		return into, false
	}
	at = space(text, at+1)
	if at < len(text) && text[at] == ']' {
		return into, space(text, at+1) == len(text)
	}
	for {
		from := at
		if at = value(text, at, 1); at < 0 {
			return into, false
		}
		into = append(into, T(text[from:at:at]))
		at = space(text, at)
		if at == len(text) {
			return into, false
		}
		switch text[at] {
		case ',':
			at = space(text, at+1)
		case ']':
			return into, space(text, at+1) == len(text)
		default:
			return into, false
		}
	}
}

// space returns where the first character from at on is that is not white space.
func space(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t') {
		at++
	}
	return at
}

// value returns where the value that begins at a place ends, -1 if it is in doubt.
func value(text []byte, at, depth int) int {
	if at >= len(text) {
		return -1
	}
	switch text[at] {
	case '"':
		return String(text, at)
	case '{':
		return object(text, at+1, depth+1)
	case '[':
		return list(text, at+1, depth+1)
	case 't':
		return word(text, at, "true")
	case 'f':
		return word(text, at, "false")
	case 'n':
		return word(text, at, "null")
	}
	return number(text, at)
}

func word(text []byte, at int, word string) int {
	if end := at + len(word); end <= len(text) && string(text[at:end]) == word {
		return end
	}
	return -1
}

func object(text []byte, at, depth int) int {
	if depth > mostDepth {
		return -1
	}
	if at = space(text, at); at < len(text) && text[at] == '}' {
		return at + 1
	}
	for {
		if at >= len(text) || text[at] != '"' {
			return -1
		}
		if at = String(text, at); at < 0 {
			return -1
		}
		if at = space(text, at); at >= len(text) || text[at] != ':' {
			return -1
		}
		if at = value(text, space(text, at+1), depth); at < 0 {
			return -1
		}
		if at = space(text, at); at >= len(text) {
			return -1
		}
		switch text[at] {
		case ',':
			at = space(text, at+1)
		case '}':
			return at + 1
		default:
			return -1
		}
	}
}

func list(text []byte, at, depth int) int {
	if depth > mostDepth {
		return -1
	}
	if at = space(text, at); at < len(text) && text[at] == ']' {
		return at + 1
	}
	for {
		if at = value(text, at, depth); at < 0 {
			return -1
		}
		if at = space(text, at); at >= len(text) {
			return -1
		}
		switch text[at] {
		case ',':
			at = space(text, at+1)
		case ']':
			return at + 1
		default:
			return -1
		}
	}
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// special marks the bytes of eight that end a run of plain text: quotes, backslashes,
// control characters, and those of characters beyond ASCII. Of the marks, only the first
// one counts: a byte after it may be marked by mistake.
func special(eight uint64) uint64 {
	quote, slash := eight^'"'*ones, eight^'\\'*ones
	return (eight | (eight - ' '*ones) | (quote - ones) | (slash - ones)) & tops
}

// String returns where the text in quotes that begins at a place ends, -1 if it is in
// doubt whether it is valid.
func String(text []byte, at int) int {
	at++
	from, beyond := at, false
	for {
		for at+8 <= len(text) {
			if marks := special(binary.LittleEndian.Uint64(text[at:])); marks != 0 {
				at += bits.TrailingZeros64(marks) / 8
				break
			}
			at += 8
		}
		if at >= len(text) {
			return -1
		}
		switch c := text[at]; {
		case c == '"':
			if beyond && !utf8.Valid(text[from:at]) {
				return -1
			}
			return at + 1
		case c < ' ':
			return -1
		case c == '\\':
			if at = escape(text, at); at < 0 {
				return -1
			}
		case c >= utf8.RuneSelf:
			beyond = true
			for at < len(text) && text[at] >= utf8.RuneSelf {
				at++
			}
		default:
			at++
		}
	}
}

// escape returns where an escape ends.
func escape(text []byte, at int) int {
	if at+1 >= len(text) {
		return -1
	}
	switch text[at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 2
	case 'u':
		r := hex(text, at+2)
		if r < 0 {
			return -1
		}
		if r < 0xD800 || r > 0xDFFF {
			return at + 6
		}
		if low := at + 6; r < 0xDC00 && low+1 < len(text) && text[low] == '\\' && text[low+1] == 'u' {
			if r = hex(text, low+2); r >= 0xDC00 && r <= 0xDFFF {
				return low + 6
			}
		}
	}
	return -1
}

// hex returns the value of four hexadecimal digits, or -1.
func hex(text []byte, at int) int {
	if at+4 > len(text) {
		return -1
	}
	r := 0
	for _, c := range text[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|' ' >= 'a' && c|' ' <= 'f':
			c = c | ' ' - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | int(c)
	}
	return r
}

func number(text []byte, at int) int {
	if text[at] == '-' {
		at++
	}
	switch {
	case at >= len(text):
		return -1
	case text[at] == '0':
		at++
	default:
		if at = digits(text, at); at < 0 {
			return -1
		}
	}
	if at < len(text) && text[at] == '.' {
		if at = digits(text, at+1); at < 0 {
			return -1
		}
	}
	if at < len(text) && text[at]|' ' == 'e' {
		if at++; at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		return digits(text, at)
	}
	return at
}

// digits returns where one or more digits end, or -1.
func digits(text []byte, at int) int {
	from := at
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	if at == from {
		return -1
	}
	return at
}
