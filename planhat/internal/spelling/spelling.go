// Package spelling finds characters in text however they are spelt there: as they are, or with
// the escapes of JSON, of programming languages, of addresses and of HTML.
package spelling

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escapes reports whether an escape may begin with a character.
func Escapes(c byte) bool { return c == '\\' || c == '%' || c == '&' || c == '+' }

// Match returns where a spelling of the pattern ends that begins at i, 0 if there is none.
// It reports whether the text ends within one.
func Match(pattern []rune, text string, i int) (end int, open bool) {
	// Most characters have one spelling at a place; a backslash or a percent sign in a
	// secret may have several.
	var space [2][8]int
	at, next := append(space[0][:0], i), space[1][:0]
	for _, c := range pattern {
		next = next[:0]
		for _, from := range at {
			var cut bool
			next, cut = spelled(next, c, text, from)
			open = open || cut
		}
		if len(next) == 0 {
			return 0, open
		}
		at, next = next, at
	}
	return slices.Max(at), open
}

// Bounds of repeated escapes, such as JSON within JSON.
const (
	mostBackslashes = 16
	mostPercents    = 4
	longestEntity   = 12
	mostEntities    = 3
)

// spelled appends the ends of all spellings of a character that begin at a place, and
// reports whether the text ends within one.
func spelled(ends []int, c rune, text string, from int) (_ []int, open bool) {
	rest := text[from:]
	if rest == "" {
		return ends, true
	}
	add := func(n int) {
		if n > 0 && !slices.Contains(ends, from+n) {
			ends = append(ends, from+n)
		}
	}
	if c < utf8.RuneSelf {
		if rest[0] == byte(c) {
			add(1)
		}
	} else if raw := string(c); strings.HasPrefix(rest, raw) {
		add(len(raw))
	} else {
		open = strings.HasPrefix(raw, rest)
	}
	if !Escapes(rest[0]) {
		return ends, open
	}
	note := func(n int, cut bool) {
		add(n)
		open = open || cut
	}
	switch rest[0] {
	case '+':
		if c == ' ' {
			add(1)
		}
	case '\\':
		note(backslashed(rest, c))
	case '%':
		for again := range mostPercents {
			note(percented(rest, c, again))
		}
	case '&':
		// An entity may itself be written with entities, as in &amp;quot;.
		for body, again := rest[1:], 0; again < mostEntities; again++ {
			n, cut := entity(body, string(c))
			if n > 0 {
				n += len(rest) - len(body)
			}
			note(n, cut)
			inner, ok := strings.CutPrefix(body, "amp;")
			if !ok {
				break
			}
			body = inner
		}
	}
	return ends, open
}

// backslashed returns the length of the escape of a character that text begins with, such
// as \u0041, \x41, \065 and \/. There may be more backslashes than one.
func backslashed(text string, c rune) (n int, open bool) {
	for n < len(text) && n < mostBackslashes && text[n] == '\\' {
		n++
	}
	if c == '\\' && n > 1 {
		return n, n == len(text)
	}
	if n == len(text) {
		return 0, true
	}
	digits := func(digits string, base int) bool {
		v, err := strconv.ParseUint(digits, base, 32)
		return err == nil && rune(v) == c
	}
	fixed := func(letter string, width int) (int, bool) {
		rest, ok := strings.CutPrefix(text[n:], letter)
		if !ok {
			return 0, false
		}
		if len(rest) < width {
			return 0, strings.Trim(rest, "0123456789abcdefABCDEF") == ""
		}
		if digits(rest[:width], 16) {
			return n + len(letter) + width, false
		}
		return 0, false
	}
	switch rest := text[n:]; {
	case strings.HasPrefix(rest, "u{"):
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return 0, len(rest) < longestEntity
		}
		if digits(rest[2:end], 16) {
			return n + end + 1, false
		}
		return 0, false
	case rest[0] == 'u' && c > 0xffff:
		high, low := utf16.EncodeRune(c)
		end, open := backslashed(text, high)
		if end == 0 || end == len(text) {
			return 0, open || end > 0
		}
		if text[end] != '\\' {
			return 0, false
		}
		rest, open := backslashed(text[end:], low)
		if rest == 0 {
			return 0, open
		}
		return end + rest, false
	case rest[0] == 'u':
		return fixed("u", 4)
	case rest[0] == 'U':
		return fixed("U", 8)
	case rest[0] == 'x':
		return fixed("x", 2)
	case rest[0] >= '0' && rest[0] <= '9':
		if len(rest) < 3 {
			return 0, true
		}
		if digits(rest[:3], 10) || digits(rest[:3], 8) {
			return n + 3, false
		}
		return 0, false
	case strings.HasPrefix(rest, string(c)) && !unicode.IsLetter(c):
		return n + len(string(c)), false
	}
	return 0, false
}

// percents are how percent signs are written that were encoded again, each time more often.
var percents = [mostPercents]string{"%", "%25", "%2525", "%252525"}

// percented returns the length of the percent-encoding of a character that text begins
// with, if it is encoded as often as again says.
func percented(text string, c rune, again int) (n int, open bool) {
	percent := percents[again]
	var encoded [utf8.UTFMax]byte
	for _, b := range encoded[:utf8.EncodeRune(encoded[:], c)] {
		rest := text[n:]
		if len(rest) < len(percent)+2 {
			return 0, strings.HasPrefix(percent, rest) || strings.HasPrefix(rest, percent)
		}
		digits, ok := strings.CutPrefix(rest, percent)
		if !ok || !isHex(digits[0], b>>4) || !isHex(digits[1], b&15) {
			return 0, false
		}
		n += len(percent) + 2
	}
	return n, false
}

// isHex reports whether a hexadecimal digit has a value.
func isHex(digit, value byte) bool {
	return digit == "0123456789abcdef"[value] || digit == "0123456789ABCDEF"[value]
}

// entity returns the length of the HTML entity for a character that text begins with, after
// its ampersand.
func entity(text, c string) (n int, open bool) {
	end := strings.IndexByte(text[:min(len(text), longestEntity)], ';')
	if end < 0 {
		inside := func(r rune) bool { return r == '#' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
		return 0, len(text) < longestEntity && strings.TrimLeftFunc(text, inside) == ""
	}
	if html.UnescapeString("&"+text[:end+1]) == c {
		return end + 1, false
	}
	return 0, false
}
