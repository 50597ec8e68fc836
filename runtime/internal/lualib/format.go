package lualib

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
)

// directive is one "%" directive of string.format.
type directive struct {
	minus, plus, space, sharp, zero bool
	width, precision                int
	verb                            byte
}

// stringFormat is string.format, which is C's printf with %q added.
func stringFormat(c call) int {
	format := c.str(1)
	var out []byte
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out = append(out, format[i])
			continue
		}
		i++
		if i < len(format) && format[i] == '%' {
			out = append(out, '%')
			continue
		}
		d, size := parseDirective(c, format[i:])
		i += size - 1
		if arg++; arg > c.GetTop() {
			c.fail(arg, "no value")
		}
		out = append(out, d.format(c, arg)...)
		compile.CheckSize(c.LState, len(out))
	}
	return c.results(lua.LString(out))
}

// parseDirective reads a directive behind its "%" and returns its length.
func parseDirective(c call, text string) (d directive, size int) {
	d.precision = -1
	i := 0
	for ; i < len(text) && strings.IndexByte("-+ #0", text[i]) >= 0; i++ {
		switch text[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.sharp = true
		case '0':
			d.zero = true
		}
	}
	if i > 5 {
		c.raise("invalid format (repeated flags)")
	}
	d.width, i = twoDigits(text, i)
	if i < len(text) && text[i] == '.' {
		d.precision, i = twoDigits(text, i+1)
	}
	if i < len(text) && isDigit(text[i]) {
		c.raise("invalid format (width or precision too long)")
	}
	if i >= len(text) {
		c.raise("invalid option '%' to 'format'")
	}
	d.verb = text[i]
	return d, i + 1
}

// twoDigits reads a number of at most two digits.
func twoDigits(text string, i int) (n, next int) {
	for next = i; next < len(text) && next < i+2 && isDigit(text[next]); next++ {
		n = n*10 + int(text[next]-'0')
	}
	return n, next
}

// format writes one argument.
func (d directive) format(c call, arg int) string {
	switch d.verb {
	case 'c':
		d.zero = false
		return d.pad(string([]byte{byte(c.integer(arg))}), "")
	case 'd', 'i':
		return d.integer(truncate(c.num(arg)))
	case 'u':
		d.plus, d.space = false, false
		return d.digits("", strconv.FormatUint(unsigned(c.num(arg)), 10))
	case 'o', 'x', 'X':
		return d.unsigned(unsigned(c.num(arg)))
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(c.num(arg))
	case 'q':
		return quote(c.str(arg))
	case 's':
		text := c.str(arg)
		if d.precision >= 0 && d.precision < len(text) {
			text = text[:d.precision]
		}
		d.zero = false
		return d.pad(text, "")
	}
	c.raise("invalid option '%" + string(rune(d.verb)) + "' to 'format'")
	return ""
}

// unsigned converts a number as C converts to an unsigned long on the way of a
// signed one.
func unsigned(n float64) uint64 {
	if n >= math.MaxInt64 && n < math.MaxUint64 {
		return uint64(n)
	}
	return uint64(truncate(n))
}

// integer writes a signed integer.
func (d directive) integer(n int) string {
	text := strconv.Itoa(n)
	if n < 0 {
		return d.digits("-", text[1:])
	}
	return d.digits(d.sign(), text)
}

// sign is what a number that is not negative starts with.
func (d directive) sign() string {
	switch {
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// unsigned writes an integer in octal or hexadecimal.
func (d directive) unsigned(n uint64) string {
	prefix := ""
	text := strconv.FormatUint(n, 8)
	if d.verb != 'o' {
		text = strconv.FormatUint(n, 16)
		if d.sharp && n != 0 {
			prefix = "0x"
		}
	} else if d.sharp && text[0] != '0' {
		text = "0" + text
	}
	if d.verb == 'X' {
		prefix, text = strings.ToUpper(prefix), strings.ToUpper(text)
	}
	return d.digits(prefix, text)
}

// digits applies precision and width to the digits of an integer.
func (d directive) digits(prefix, text string) string {
	if d.precision >= 0 {
		d.zero = false
		if d.precision == 0 && text == "0" {
			text = ""
		}
		text = strings.Repeat("0", max(d.precision-len(text), 0)) + text
	}
	return d.pad(text, prefix)
}

// float writes a number with a fraction.
func (d directive) float(n float64) string {
	sign := d.sign()
	if math.Signbit(n) {
		sign = "-"
	}
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	magnitude := math.Abs(n)
	var text string
	switch {
	case math.IsNaN(n):
		d.zero, text = false, "nan"
	case math.IsInf(n, 0):
		d.zero, text = false, "inf"
	case d.verb == 'f':
		text = strconv.FormatFloat(magnitude, 'f', precision, 64)
	case d.verb == 'e' || d.verb == 'E':
		text = strconv.FormatFloat(magnitude, 'e', precision, 64)
	case d.sharp:
		text = fmt.Sprintf("%#."+strconv.Itoa(precision)+"g", magnitude)
	default:
		text = number.FormatG(magnitude, precision)
	}
	if d.sharp && precision == 0 && d.verb == 'f' {
		text += "."
	}
	if d.verb == 'E' || d.verb == 'G' {
		text = strings.ToUpper(text)
	}
	return d.pad(text, sign)
}

// pad brings a prefix and a text to the width.
func (d directive) pad(text, prefix string) string {
	missing := max(d.width-len(prefix)-len(text), 0)
	switch {
	case d.minus:
		return prefix + text + strings.Repeat(" ", missing)
	case d.zero:
		return prefix + strings.Repeat("0", missing) + text
	}
	return strings.Repeat(" ", missing) + prefix + text
}

// quote writes a string so that Lua reads it back.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch text[i] {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(text[i])
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(text[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}
