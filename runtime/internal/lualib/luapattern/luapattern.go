// Package luapattern reads the syntax of Lua's patterns, for the library that matches
// them and for the check of scripts.
package luapattern

import "strings"

// MostCaptures is how many captures a pattern can have.
const MostCaptures = 32

// The errors of patterns, in Lua's words.
const (
	EndsWithPercent   = "malformed pattern (ends with '%')"
	MissingBracket    = "malformed pattern (missing ']')"
	MissingFrontier   = "missing '[' after '%f' in pattern"
	Unbalanced        = "unbalanced pattern"
	InvalidIndex      = "invalid capture index"
	InvalidCapture    = "invalid pattern capture"
	UnfinishedCapture = "unfinished capture"
	TooManyCaptures   = "too many captures"
)

// ClassEnd returns where the single character class at p ends, or why it has no end.
func ClassEnd(pattern string, p int) (end int, wrong string) {
	c := pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(pattern) {
			return p, EndsWithPercent
		}
		return p + 1, ""
	case '[':
		if p < len(pattern) && pattern[p] == '^' {
			p++
		}
		for first := true; first || p >= len(pattern) || pattern[p] != ']'; first = false {
			if p >= len(pattern) {
				return p, MissingBracket
			}
			if pattern[p] == '%' {
				p++
			}
			p++
		}
		return p + 1, ""
	}
	return p, ""
}

// Plain reports whether a pattern has no special characters, so string.find looks for
// it as it is.
func Plain(pattern string) bool { return !strings.ContainsAny(pattern, "^$*+?.([%-") }

// Read goes through a pattern as the matcher does. It returns how many captures the
// pattern has, and what the matcher raises once it gets there, "" if nothing.
func Read(pattern string) (captures int, wrong string) {
	pattern, _, _ = strings.Cut(pattern, "\x00")
	pattern = strings.TrimPrefix(pattern, "^")
	var open []bool
	for p := 0; p < len(pattern); {
		next, bad := step(pattern, p, &open)
		if bad != "" {
			return len(open), bad
		}
		p = next
	}
	for _, one := range open {
		if one {
			return len(open), UnfinishedCapture
		}
	}
	return len(open), ""
}

// step reads one item of a pattern. open tells of each capture whether it is still open.
func step(pattern string, p int, open *[]bool) (next int, wrong string) {
	following := func(i int) byte {
		if p+i < len(pattern) {
			return pattern[p+i]
		}
		return 0
	}
	switch c := pattern[p]; {
	case c == '(' && len(*open) == MostCaptures:
		return p, TooManyCaptures
	case c == '(' && following(1) == ')':
		*open = append(*open, false)
		return p + 2, ""
	case c == '(':
		*open = append(*open, true)
		return p + 1, ""
	case c == ')':
		for i := len(*open) - 1; i >= 0; i-- {
			if (*open)[i] {
				(*open)[i] = false
				return p + 1, ""
			}
		}
		return p, InvalidCapture
	case c == '%' && following(1) == 'b':
		if p+3 >= len(pattern) {
			return p, Unbalanced
		}
		return p + 4, ""
	case c == '%' && following(1) == 'f':
		if following(2) != '[' {
			return p, MissingFrontier
		}
		return ClassEnd(pattern, p+2)
	case c == '%' && '0' <= following(1) && following(1) <= '9':
		index := int(following(1)) - '1'
		if index < 0 || index >= len(*open) || (*open)[index] {
			return p, InvalidIndex
		}
		return p + 2, ""
	}
	end, wrong := ClassEnd(pattern, p)
	if wrong == "" && end < len(pattern) && strings.IndexByte("?*+-", pattern[end]) >= 0 {
		end++
	}
	return end, wrong
}
