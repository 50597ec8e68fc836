package planhat

import (
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// didYouMean names the candidates nearest to a misspelt name or, where none is
// near, all of them behind the lead.
func didYouMean(name string, candidates []string, lead string) string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	folded := strings.ToLower(name)
	for _, candidate := range candidates {
		d := levenshtein.ComputeDistance(folded, strings.ToLower(candidate))
		if d <= max(1, len(name)/3) {
			found = append(found, near{candidate, d})
		}
	}
	if len(found) == 0 {
		return lead + strings.Join(candidates, ", ")
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.distance - b.distance })
	names := make([]string, 0, 3)
	for _, f := range found[:min(3, len(found))] {
		names = append(names, quote(f.name))
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// quote puts a name in quotes for a message, shortened where it is long.
func quote(s string) string {
	const longest = 80
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}
