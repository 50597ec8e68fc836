package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

const most = 3

// longest is how many bytes a name may have to be compared with others: what is
// longer is not a misspelling, and comparing it would take long.
const longest = 128

// Nearest returns at most three of the candidates that lie near to name, the
// nearest first. How far a candidate may differ grows with its length: about
// one letter in three, so that short names don't suggest each other. Two
// neighbours that changed places count as one difference; those in case,
// underscores and hyphens count for little.
func Nearest(name string, candidates []string) []string {
	if len(name) > longest {
		return nil
	}
	type match struct {
		name     string
		distance int
	}
	folded := fold(name)
	var found []match
	for _, c := range candidates {
		other := fold(c)
		d := distance(folded, other)
		within := (min(len(folded), len(other)) + 1) / 3
		prefixed := len(folded) >= 3 && (strings.HasPrefix(other, folded) || strings.HasPrefix(folded, other) && len(other) >= 3)
		if d > within && !prefixed {
			continue
		}
		found = append(found, match{c, d})
	}
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, m := range found[:min(len(found), most)] {
		names = append(names, m.name)
	}
	return names
}

// Misspelt returns the candidate that name certainly means: it differs in case,
// underscores and hyphens, in one letter of at least five, or in the order of two of
// at least four. It returns "" if there is none, or if name is a candidate.
func Misspelt(name string, candidates []string) string {
	if len(name) > longest || slices.Contains(candidates, name) {
		return ""
	}
	folded := fold(name)
	for _, c := range candidates {
		other := fold(c)
		if folded == other {
			return c
		}
		if short := min(len(folded), len(other)); short >= 4 && distance(folded, other) == 1 &&
			(short >= 5 || levenshtein.ComputeDistance(folded, other) == 2) {
			return c
		}
	}
	return ""
}

// distance counts the letters that differ. Of the neighbours that changed
// places, one pair is counted as a single difference.
func distance(name, other string) int {
	least := levenshtein.ComputeDistance(name, other)
	letters := []rune(name)
	for i := 1; i < len(letters) && least > 1; i++ {
		letters[i-1], letters[i] = letters[i], letters[i-1]
		least = min(least, 1+levenshtein.ComputeDistance(string(letters), other))
		letters[i-1], letters[i] = letters[i], letters[i-1]
	}
	return least
}

// Question returns "did you mean 'x' or 'y'?", or "" without names. It is a hint
// of its own.
func Question(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "did you mean '" + strings.Join(names, "' or '") + "'?"
}

// Aside returns the question in parentheses with a space in front, or "" without
// names. It goes at the end of a message.
func Aside(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + Question(names) + ")"
}

// DidYouMean is the aside about the candidates nearest to name.
func DidYouMean(name string, candidates []string) string {
	return Aside(Nearest(name, candidates))
}

var folding = strings.NewReplacer("_", "", "-", "", " ", "")

func fold(s string) string { return folding.Replace(strings.ToLower(s)) }

// WithArticle puts "a" or "an" before a noun, which may be an acronym.
func WithArticle(noun string) string {
	vowels := "AEIOaeio"
	if len(noun) > 1 && noun[:2] == strings.ToUpper(noun[:2]) {
		vowels = "AEFHILMNORSX" // acronyms are spelt out: an NPS answer
	}
	if noun != "" && strings.ContainsRune(vowels, rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
