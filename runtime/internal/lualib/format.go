package lualib

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/lualib/printf"
	lua "github.com/yuin/gopher-lua"
)

// directive is one "%" directive of string.format. Without a precision, that is -1.
type directive struct {
	flags            string
	width, precision int
	verb             byte
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
		if arg++; arg > c.GetTop() {
			c.fail(arg, "no value")
		}
		d, size := parseDirective(c, format[i:])
		i += size - 1
		out = append(out, d.format(c, arg)...)
		compile.CheckSize(c.LState, len(out))
	}
	return c.results(lua.LString(out))
}

// parseDirective reads a directive after its "%" and returns its length.
func parseDirective(c call, text string) (directive, int) {
	d, size, err := printf.Parse(text)
	if err != nil {
		c.raise(err.Error())
	}
	return directive{flags: d.Flags, width: d.Width, precision: d.Precision, verb: d.Verb}, size
}

// has reports whether the directive has a flag.
func (d directive) has(flag string) bool { return strings.Contains(d.flags, flag) }

// without returns the directive without some flags.
func (d directive) without(flags ...string) directive {
	for _, flag := range flags {
		d.flags = strings.ReplaceAll(d.flags, flag, "")
	}
	return d
}

// format writes one argument.
func (d directive) format(c call, arg int) string {
	switch d.verb {
	case 'c':
		return d.without("0").pad(string([]byte{byte(c.integer(arg))}), "")
	case 'd', 'i':
		n := truncate(c.num(arg))
		if d.flags == "" && d.precision < 0 {
			return d.pad(strconv.Itoa(n), "") // usual, and faster
		}
		if n == 0 && d.precision == 0 {
			return d.without("0").pad("", d.sign(0)) // Go leaves the sign out
		}
		return d.print('d', n)
	case 'u':
		return d.without("+", " ").print('d', unsigned(c.num(arg)))
	case 'o', 'x', 'X':
		n := unsigned(c.num(arg))
		d = d.without("+", " ")
		switch {
		case n == 0 && d.verb == 'o' && d.has("#"):
			d.precision = cmp.Or(d.precision, 1) // Go would leave the 0 out
		case n == 0:
			d = d.without("#")
		case d.verb != 'o' && d.has("#") && d.has("0") && !d.has("-") && d.precision < 0:
			d.width -= len("0x") // Go counts the digits alone
		}
		return d.print(d.verb, n)
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(c.num(arg))
	case 'q':
		return quote(c.str(arg))
	case 's':
		text := c.str(arg)
		if d.precision >= 0 && d.precision < len(text) {
			text = text[:d.precision]
		}
		return d.without("0").pad(text, "")
	}
	c.raise("invalid option '%" + string(rune(d.verb)) + "' to 'format'")
	return ""
}

// print writes a number by a verb that Go and C agree on.
func (d directive) print(verb byte, n any) string {
	format := "%" + d.flags
	if d.width > 0 {
		format += strconv.Itoa(d.width)
	}
	if d.precision >= 0 {
		format += "." + strconv.Itoa(d.precision)
	}
	return fmt.Sprintf(format+string(verb), n)
}

// unsigned converts a number as C converts to an unsigned long on the way of a
// signed one.
func unsigned(n float64) uint64 {
	if n >= math.MaxInt64 && n < math.MaxUint64 {
		return uint64(n)
	}
	return uint64(truncate(n))
}

// sign is what a number begins with.
func (d directive) sign(n float64) string {
	switch {
	case math.Signbit(n):
		return "-"
	case d.has("+"):
		return "+"
	case d.has(" "):
		return " "
	}
	return ""
}

// float writes a number with a fraction.
func (d directive) float(n float64) string {
	var text string
	switch general := d.verb == 'g' || d.verb == 'G'; {
	case math.IsNaN(n):
		d, text = d.without("0"), "nan"
	case math.IsInf(n, 0):
		d, text = d.without("0"), "inf"
	case !general || d.has("#"):
		if d.precision < 0 {
			d.precision = 6
		}
		if d.flags != "" || d.verb == 'E' {
			return d.print(d.verb, n)
		}
		text = strconv.FormatFloat(math.Abs(n), d.verb, d.precision, 64) // usual, and faster
	case d.precision < 0:
		text = number.FormatG(math.Abs(n), 6)
	default:
		text = number.FormatG(math.Abs(n), d.precision)
	}
	if d.verb == 'E' || d.verb == 'G' {
		text = strings.ToUpper(text)
	}
	return d.pad(text, d.sign(n))
}

// pad brings a prefix and a text to the width.
func (d directive) pad(text, prefix string) string {
	missing := max(d.width-len(prefix)-len(text), 0)
	switch {
	case d.has("-"):
		return prefix + text + strings.Repeat(" ", missing)
	case d.has("0"):
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
