package simulator

import (
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// holds reports whether a stored record belongs to the model, which may be a
// part of the records that are stored with it.
func holds(m *catalog.Model, f fields) bool { return m.Part == nil || partHas(m.Part, f.text) }

func partHas(p *catalog.Part, text func(property string) string) bool {
	return slices.ContainsFunc(p.By, func(name string) bool { return text(name) == p.Value })
}

// sharesPath reports whether a part is served under the path of the model that
// stores it, so that a request does not tell the two apart.
func sharesPath(part, whole *catalog.Model) bool {
	return part != nil && whole != nil && part.Part != nil && part.Part.Of == whole.Snake && part.Path == whole.Path
}

// called names the part that a call to the model's path turned out to be about.
func (x *exchange) called(text func(property string) string) {
	for _, part := range catalog.Load().Models {
		if sharesPath(part, x.route.model) && partHas(part.Part, text) {
			x.call.Model = part.Snake
		}
	}
}
