package show

import (
	"cmp"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// first are the fields that identify a record; they come first.
var first = []string{"_id", "index", "name", "email", "externalId", "key"}

// sortNames orders the fields of a record: first those that identify it, then
// in the order of the catalog, then the rest by name.
func (s *shower) sortNames(names []string) {
	place := map[string]int{}
	if model := s.model(names); model != nil {
		for i, p := range model.Properties {
			place[p.Name] = i + 1
		}
	}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i - len(first)
		}
		if i := place[name]; i > 0 {
			return i
		}
		return len(place) + 1
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// model returns the model that most of the names belong to, or nil.
func (s *shower) model(names []string) *catalog.Model {
	if s.Catalog == nil || len(names) > 1000 {
		return nil
	}
	var best *catalog.Model
	most := len(names) / 2
	for _, m := range s.Catalog.Models {
		known := 0
		for _, name := range names {
			if m.Property(name) != nil {
				known++
			}
		}
		if known > most {
			best, most = m, known
		}
	}
	return best
}
