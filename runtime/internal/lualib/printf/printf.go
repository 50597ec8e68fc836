// Package printf reads the "%" directives of string.format. The library that runs
// them and the checker share it.
package printf

import (
	"errors"
	"strings"
)

// Directive is one "%" directive. Without a precision, that is -1.
type Directive struct {
	Flags            string
	Width, Precision int
	Verb             byte
}

// Parse reads a directive after its "%" and returns its length.
func Parse(text string) (d Directive, size int, err error) {
	d.Precision = -1
	i := len(text) - len(strings.TrimLeft(text, "-+ #0"))
	if d.Flags = text[:i]; i > 5 {
		return d, i, errors.New("invalid format (repeated flags)")
	}
	d.Width, i = twoDigits(text, i)
	if i < len(text) && text[i] == '.' {
		d.Precision, i = twoDigits(text, i+1)
	}
	if i < len(text) && isDigit(text[i]) {
		return d, i, errors.New("invalid format (width or precision too long)")
	}
	if i >= len(text) {
		return d, i, errors.New("invalid option '%' to 'format'")
	}
	d.Verb = text[i]
	return d, i + 1, nil
}

// twoDigits reads a number of at most two digits.
func twoDigits(text string, i int) (n, next int) {
	for next = i; next < len(text) && next < i+2 && isDigit(text[next]); next++ {
		n = n*10 + int(text[next]-'0')
	}
	return n, next
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// TakesNumber and TakesText report what a directive writes; one that does neither is
// unknown.
func (d Directive) TakesNumber() bool { return strings.IndexByte("cdiuoxXeEfgG", d.Verb) >= 0 }

// TakesText reports whether the directive writes a string.
func (d Directive) TakesText() bool { return d.Verb == 's' || d.Verb == 'q' }

// All returns the directives of a format, without "%%", up to the first that is invalid
// or unknown: bad is the rest of the format from its "%" on, "" if all are valid.
func All(format string) (all []Directive, bad string) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i+1 < len(format) && format[i+1] == '%' {
			i++
			continue
		}
		d, size, err := Parse(format[i+1:])
		if err != nil || !d.TakesNumber() && !d.TakesText() {
			return all, format[i:]
		}
		all = append(all, d)
		i += size
	}
	return all, ""
}
