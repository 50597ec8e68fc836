package planhat

import (
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// didYouMean names the candidates nearest to a misspelt name or, where none is
// near, all of them behind the lead.
func didYouMean(name string, candidates []string, lead string) string {
	near := catalog.Nearest(name, candidates)
	if len(near) == 0 {
		return lead + strings.Join(candidates, ", ")
	}
	for i, n := range near {
		near[i] = quote(n)
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// quote puts a name in quotes for a message, shortened where it is long.
func quote(s string) string {
	const longest = 80
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}
