// Package number holds the two conversions between numbers and text that Lua
// 5.1 defines and gopher-lua does differently. Scripts meet them everywhere: in
// tostring, in "..", in tonumber and in arithmetic on strings.
package number

import (
	"math"
	"strconv"
	"strings"
)

// Format writes n the way Lua 5.1 does, which is C's "%.14g".
func Format(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e14 {
		if n == 0 && math.Signbit(n) {
			return "-0"
		}
		return strconv.FormatInt(int64(n), 10)
	}
	return FormatG(n, 14)
}

// FormatG writes n the way C's "%.<precision>g" does.
func FormatG(n float64, precision int) string {
	if text, special := nonFinite(n); special {
		return text
	}
	if precision == 0 {
		precision = 1
	}
	text := strconv.FormatFloat(n, 'e', precision-1, 64)
	mark := strings.IndexByte(text, 'e')
	exponent, _ := strconv.Atoi(text[mark+1:])
	if exponent < -4 || exponent >= precision {
		return trimZeros(text[:mark]) + CExponent(exponent)
	}
	return trimZeros(strconv.FormatFloat(n, 'f', precision-1-exponent, 64))
}

// CExponent writes an exponent with the sign and the two digits that C prints.
func CExponent(exponent int) string {
	sign := "+"
	if exponent < 0 {
		sign, exponent = "-", -exponent
	}
	digits := strconv.Itoa(exponent)
	if len(digits) < 2 {
		digits = "0" + digits
	}
	return "e" + sign + digits
}

// nonFinite answers for infinities and NaN, with the sign that C prints.
func nonFinite(n float64) (text string, special bool) {
	switch {
	case math.IsInf(n, 1):
		return "inf", true
	case math.IsInf(n, -1):
		return "-inf", true
	case math.IsNaN(n) && math.Signbit(n):
		return "-nan", true
	case math.IsNaN(n):
		return "nan", true
	}
	return "", false
}

// trimZeros drops the zeros after the decimal point that "%g" leaves out.
func trimZeros(text string) string {
	if strings.IndexByte(text, '.') < 0 {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Parse reads a number as Lua 5.1 does from a string: surrounding white space,
// decimal numbers, and hexadecimal ones after "0x". Anything else, "1_000" and
// the empty string included, is not a number. As in Lua, a zero byte ends the text.
func Parse(text string) (n float64, ok bool) {
	text, _, _ = strings.Cut(text, "\x00")
	if text != "" && (text[0] <= ' ' || text[len(text)-1] <= ' ') {
		text = strings.Trim(text, " \t\n\v\f\r")
	}
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" {
		return 0, false
	}
	negative := text[0] == '-'
	if len(digits) > 1 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') {
		n, ok = parseHex(digits[2:])
	} else {
		n, ok = parseDecimal(digits)
	}
	if negative {
		n = -n
	}
	return n, ok
}

// parseDecimal accepts what C's strtod does, minus the forms that only Go knows.
func parseDecimal(digits string) (float64, bool) {
	lower := strings.ToLower(digits)
	if lower == "inf" || lower == "infinity" {
		return math.Inf(1), true
	}
	if lower == "nan" {
		return math.NaN(), true
	}
	for i := range len(digits) {
		switch digits[i] {
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '.', 'e', 'E', '+', '-':
		default:
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

// parseHex reads hexadecimal digits, with the fraction and binary exponent that
// C's strtod accepts.
func parseHex(digits string) (float64, bool) {
	if digits == "" {
		return 0, false
	}
	if strings.ContainsAny(digits, ".pP") {
		if !strings.ContainsAny(digits, "pP") {
			digits += "p0"
		}
		if strings.ContainsAny(digits, "_") {
			return 0, false
		}
		n, err := strconv.ParseFloat("0x"+digits, 64)
		return n, err == nil || math.IsInf(n, 0)
	}
	return parseDigits(digits, 16)
}

// parseDigits reads an unsigned whole number in a base.
func parseDigits(digits string, base int) (float64, bool) {
	if digits == "" {
		return 0, false
	}
	n := 0.0
	for i := range len(digits) {
		digit := digitValue(digits[i])
		if digit >= base {
			return 0, false
		}
		n = n*float64(base) + float64(digit)
	}
	return n, true
}

// digitValue is the value of a digit or letter, or a number above every base.
func digitValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	}
	return 99
}

// Modulo is Lua's a % b.
func Modulo(a, b float64) float64 { return a - math.Floor(a/b)*b }
