package explain

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Likeliest returns the members that a name may stand for: the one that differs
// in spelling conventions only, what other languages call so, the singular of
// a plural, or else what is spelt like it.
func Likeliest(name string, members []string) []string {
	near := catalog.Nearest(name, members)
	if len(near) > 0 && folded(near[0]) == folded(name) {
		return near[:1]
	}
	var meant []string
	for _, other := range synonyms[folded(name)] {
		if slices.Contains(members, other) {
			meant = append(meant, other)
		}
	}
	if len(meant) > 0 {
		return meant
	}
	if one := singular(name, members); one != "" {
		return []string{one}
	}
	return near
}

// singular returns the member that a name is the plural of, or "".
func singular(name string, members []string) string {
	for _, ending := range []struct{ plural, singular string }{{"ies", "y"}, {"s", ""}, {"es", ""}} {
		stem, ok := strings.CutSuffix(folded(name), ending.plural)
		if !ok {
			continue
		}
		at := slices.IndexFunc(members, func(member string) bool { return folded(member) == stem+ending.singular })
		if at >= 0 {
			return members[at]
		}
	}
	return ""
}

// folded is a name without what spelling conventions differ in.
func folded(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
