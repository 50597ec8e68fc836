package manual

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
)

// propertiesPage lists a model's properties, those that a new record requires
// first.
func (m *Manual) propertiesPage(s *sheet, model *catalog.Model) {
	s.line(0, s.styled(model.Name, display.Bold)+"  "+s.styled("the records of planhat."+model.Snake, display.Dim))
	s.gap()
	s.markdown(indent, model.Doc)
	needed := func(p *catalog.Property) bool { return necessity(model, p) != "" }
	for _, part := range []struct {
		heading string
		take    func(p *catalog.Property) bool
	}{
		{"Required in a new record", needed},
		{"Properties", func(p *catalog.Property) bool { return !needed(p) && !p.ReadOnly }},
		{"Read-only, set by Planhat", func(p *catalog.Property) bool { return !needed(p) && p.ReadOnly }},
	} {
		var list []item
		for _, p := range model.Properties {
			if !part.take(p) {
				continue
			}
			it := item{name: p.Name, note: propertyType(p), doc: Meaning(p)}
			if necessity(model, p) == "one" {
				it.doc = strings.TrimSpace(it.doc + " One of these is required.")
			}
			list = append(list, it)
		}
		s.section(part.heading, list)
	}
	m.seeAlso(s, slices.DeleteFunc([]*Topic{m.ofModel(model)}, func(t *Topic) bool { return t == nil }))
}

// propertyType is a property's type in the API's words.
func propertyType(p *catalog.Property) string {
	if p.Ref != "" {
		return "id of " + p.Ref
	}
	return string(p.Type)
}

// Meaning returns what a property holds.
func Meaning(p *catalog.Property) string {
	text := Sentence(p.Doc)
	if len(p.Enum) > 0 {
		text += " One of `" + strings.Join(p.Enum, "`, `") + "`."
	}
	return strings.TrimSpace(text)
}

// necessity returns "all" if a new record requires a property, "one" if it
// requires one of several, or "".
func necessity(model *catalog.Model, p *catalog.Property) string {
	switch {
	case p.Required, slices.Contains(model.RequiredOnCreate, p.Name):
		return "all"
	case slices.Contains(model.RequiredOneOf, p.Name):
		return "one"
	}
	return ""
}

// remarks are what else there is to know about a property.
func remarks(model *catalog.Model, p *catalog.Property) []string {
	var list []string
	if len(p.Enum) > 0 {
		list = append(list, "One of `"+strings.Join(p.Enum, "`, `")+"`.")
	}
	switch necessity(model, p) {
	case "all":
		list = append(list, "Required in a new record.")
	case "one":
		list = append(list, "A new record requires one of `"+strings.Join(model.RequiredOneOf, "`, `")+"`.")
	}
	if p.ReadOnly {
		list = append(list, "Planhat sets it; you cannot write it.")
	}
	if slices.Contains(model.Keyables.Bulk, p.Name) {
		list = append(list, "`bulk_upsert` can match rows by it.")
	}
	if p.Origin != "" {
		list = append(list, "It is "+p.Origin+", not documented by Planhat.")
	}
	if p.Confidence != "" && p.Confidence != catalog.High {
		list = append(list, "Certainty: "+string(p.Confidence)+" confidence.")
	}
	return list
}

// OperationNote is the API documentation's remark on the request of a model's
// function, or "".
func (m *Manual) OperationNote(t *Topic) string {
	part := m.byName[t.Module.Name]
	if part == nil || part.Kind != KindModel || t.Func == nil {
		return ""
	}
	if op := OperationOf(part.Model, t.Func.Name); op != nil {
		return Sentence(op.Note)
	}
	return ""
}

// OperationOf returns the operation that a function calls, or nil. The iterator
// each and export call the listing's.
func OperationOf(model *catalog.Model, function string) *catalog.Operation {
	if function == "each" || function == "export" {
		return model.Operation("get_list")
	}
	return model.Operation(strings.TrimPrefix(function, "each_"))
}

// Sentence adds a capital letter and a full stop to a short note. Names such as
// companyId stay as they are.
func Sentence(note string) string {
	note = strings.TrimSpace(note)
	if note == "" {
		return ""
	}
	word, _, _ := strings.Cut(note, " ")
	if word == strings.ToLower(word) && !strings.ContainsAny(word, "_-./`=") {
		note = strings.ToUpper(note[:1]) + note[1:]
	}
	if !strings.ContainsAny(note[len(note)-1:], ".!?:") {
		note += "."
	}
	return note
}
