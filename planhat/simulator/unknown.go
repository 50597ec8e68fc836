package simulator

import (
	"fmt"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// mayHold returns an error where a given record has a property that its model
// does not know. Planhat may keep what it does not know; who writes fixtures
// rather made a slip, and a test that rests on it would prove nothing.
func mayHold(m *catalog.Model, name, custom string) error {
	switch {
	case m.Property(name) != nil, name == "_id", name == "__v", name == "companyExternalId" && m.CompanyRef() != "":
		return nil
	case slices.ContainsFunc(catalog.Load().Models, func(part *catalog.Model) bool {
		return part.Part != nil && part.Part.Of == m.Snake && part.Property(name) != nil
	}):
		return nil
	case writesMetrics(m), writesActivities(m): // these have shapes of their own
		return nil
	}
	names := make([]string, len(m.Properties))
	for i, p := range m.Properties {
		names[i] = p.Name
	}
	slices.Sort(names)
	own := ""
	if m.Property("custom") != nil {
		own = "; fields of your own are written " + custom
	}
	return fmt.Errorf("%s has no property %q%s%s", m.Snake, name, catalog.DidYouMean(name, names), own)
}
