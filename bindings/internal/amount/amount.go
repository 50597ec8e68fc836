// Package amount reads numbers as people and spreadsheets write them. The caller
// says which sign is the decimal one: nothing is guessed from a single text.
package amount

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"
)

// The reasons why a text cannot be read. ErrTooLong is about a whole number that a
// floating-point number would round.
var (
	ErrForm    = errors.New("not a number")
	ErrTooLong = errors.New("more digits than a number can hold")
)

// groupSigns are the signs that may separate groups of digits, besides the point or
// comma that is not the decimal sign.
var groupSigns = []string{" ", "\u00a0", "\u202f", "\u2009", "\u2007", "'", "’"}

// Parse reads a number. If decimal is set, to "." or ",", groups of three digits
// before the decimal sign may be separated by the other sign, by spaces or by
// apostrophes. Otherwise a point is the decimal sign, and nothing separates digits.
func Parse(text, decimal string) (float64, error) {
	sign, rest := "", text
	if rest != "" && strings.IndexByte("+-", rest[0]) >= 0 {
		sign, rest = rest[:1], rest[1:]
	}
	mantissa, exponent := rest, ""
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exponent = rest[:i], rest[i:]
	}
	whole, part, _ := strings.Cut(mantissa, cmp.Or(decimal, "."))
	if decimal != "" {
		whole = ungrouped(whole, decimal)
	}
	if !digits(whole) || !digits(part) || whole+part == "" {
		return 0, ErrForm
	}
	n, err := strconv.ParseFloat(sign+whole+"."+part+exponent, 64)
	switch {
	case err != nil:
		return 0, ErrForm
	case exponent == "" && !exact(n, whole, part):
		return 0, ErrTooLong
	}
	return n, nil
}

// digits reports whether a text has no other characters than digits.
func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// exact reports whether n is the number with these digits before and after its
// decimal sign, apart from decimals that a sum of less than ten trillion has beyond its
// cents: calculations leave those behind, as in 33.333333333333333333.
func exact(n float64, whole, part string) bool {
	const always = 13 // digits, and two decimals: a float holds 15 of them
	whole, part = strings.TrimLeft(whole, "0"), strings.TrimRight(part, "0")
	if len(whole) <= always {
		return true
	}
	written := whole
	if part != "" {
		written += "." + part
	}
	return strconv.FormatFloat(math.Abs(n), 'f', -1, 64) == written || strconv.FormatFloat(math.Abs(n), 'f', len(part), 64) == written
}

// ungrouped removes the separators of correct groups: one sign throughout, three
// digits after each, and no zero at the start, which 0.125 has.
func ungrouped(whole, decimal string) string {
	for _, sign := range append([]string{map[string]string{".": ",", ",": "."}[decimal]}, groupSigns...) {
		groups := strings.Split(whole, sign)
		if len(groups) == 1 {
			continue
		}
		for i, group := range groups {
			if i > 0 && len(group) != 3 || len(group) == 0 || len(group) > 3 || !digits(group) {
				return whole
			}
		}
		if groups[0][0] == '0' {
			return whole
		}
		return strings.Join(groups, "")
	}
	return whole
}
