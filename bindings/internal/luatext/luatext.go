// Package luatext writes strings and numbers as Lua does.
package luatext

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LargestWhole is the number up to which Lua's numbers hold all whole ones.
const LargestWhole = 1 << 53

// IsWhole reports whether a number is whole and exact.
func IsWhole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) <= LargestWhole }

// Number writes a number as Lua 5.1 does, with at most 14 digits, but whole
// numbers up to 2^53 in full.
func Number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case IsWhole(f):
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

// escapes are the characters that Quote writes with a backslash.
var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\t': `\t`, '\r': `\r`}

// Quote returns s as a Lua literal. Printable characters of all scripts stay
// unchanged.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		if escape := escapes[r]; escape != "" {
			b.WriteString(escape)
			continue
		}
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(part)
			continue
		}
		for _, c := range []byte(part) {
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
