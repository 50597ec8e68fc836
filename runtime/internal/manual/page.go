package manual

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
)

// Page returns a topic's page for a terminal.
func (m *Manual) Page(t *Topic, o PageOptions) string {
	s := newSheet(o)
	switch t.Kind {
	case KindFunction:
		m.functionPage(s, t)
	case KindModule, KindModel:
		m.modulePage(s, t)
	case KindTable:
		m.tablePage(s, t)
	case KindProperty:
		m.propertyPage(s, t)
	default:
		s.line(0, s.styled(t.Name, display.Bold)+"  "+s.styled(t.Value.Type.Readable(), display.Dim))
		s.gap()
		s.markdown(indent, t.Doc)
		m.seeAlso(s, m.mentioned(t.Value.Type))
	}
	return s.finish()
}

func (m *Manual) functionPage(s *sheet, t *Topic) {
	f := t.Func
	s.line(0, s.styled(t.Signature(), display.Bold))
	s.gap()
	if f.Deprecated != "" {
		s.markdown(indent, "**Deprecated**: "+f.Deprecated+".")
		s.gap()
	}
	s.markdown(indent, f.Doc)
	if note := m.OperationNote(t); note != "" {
		s.gap()
		s.markdown(indent, "Planhat's notes: "+note)
	}
	m.parameters(s, f)
	var results []item
	for _, r := range f.Returns {
		results = append(results, item{name: r.Type.Readable(), doc: r.Doc})
	}
	s.section("Returns", results)
	if f.Errors != "" {
		s.heading("Raises an error")
		s.markdown(indent, f.Errors)
	}
	if f.Example != "" {
		s.heading("Example")
		s.code(indent+2, f.Example)
	}
	var types []spec.Type
	for _, p := range f.Params {
		types = append(types, p.Type)
	}
	for _, r := range f.Returns {
		types = append(types, r.Type)
	}
	m.seeAlso(s, m.mentioned(types...))
}

// parameters lists a function's parameters, then the fields of an options
// table.
func (m *Manual) parameters(s *sheet, f *spec.Func) {
	var list []item
	for _, p := range f.Params {
		it := item{name: p.Name, note: p.Type.Readable(), doc: p.Doc}
		if p.Optional {
			it.doc = strings.TrimSpace("(optional) " + p.Doc)
		}
		list = append(list, it)
	}
	s.section("Takes", list)
	for _, p := range f.Params {
		s.section("Fields of "+p.Name, fieldItems(p.Fields))
	}
}

// fieldItems lists the fields of a table and marks required ones.
func fieldItems(fields []spec.Field) []item {
	var list []item
	for _, f := range fields {
		it := item{name: f.Name, note: f.Type.Readable(), doc: f.Doc}
		if f.Required {
			it.doc = strings.TrimSpace("(required) " + f.Doc)
		}
		list = append(list, it)
	}
	return list
}

// mentioned returns the tables that types name.
func (m *Manual) mentioned(types ...spec.Type) []*Topic {
	var list []*Topic
	for _, typ := range types {
		for _, name := range typ.Names() {
			if t := m.byName[name]; t != nil && t.Kind == KindTable && !slices.Contains(list, t) {
				list = append(list, t)
			}
		}
	}
	return list
}

func (m *Manual) seeAlso(s *sheet, topics []*Topic) {
	var list []item
	for _, t := range topics {
		list = append(list, item{name: s.o.ask(t.Name), doc: brief(t.Doc)})
	}
	s.section("See also", list)
}

// tablePage shows a table that functions take or return. For a model's record,
// it lists the properties.
func (m *Manual) tablePage(s *sheet, t *Topic) {
	if t.Model != nil {
		m.propertiesPage(s, t.Model)
		return
	}
	s.line(0, s.styled(t.Name, display.Bold)+"  "+s.styled("table", display.Dim))
	s.gap()
	s.markdown(indent, t.Doc)
	s.section("Fields", fieldItems(t.Shape.Fields))
	var types []spec.Type
	for _, f := range t.Shape.Fields {
		types = append(types, f.Type)
	}
	m.seeAlso(s, slices.DeleteFunc(m.mentioned(types...), func(other *Topic) bool { return other == t }))
}

func (m *Manual) propertyPage(s *sheet, t *Topic) {
	p := t.Property
	s.line(0, s.styled(t.Name, display.Bold)+"  "+s.styled(propertyType(p), display.Dim))
	s.gap()
	s.markdown(indent, Sentence(p.Doc))
	s.gap()
	for _, remark := range remarks(t.Model, p) {
		s.markdown(indent, remark)
	}
	if p.Type == catalog.Days {
		s.gap()
		s.markdown(indent, m.api.Types[p.Type])
	}
	topics := []*Topic{m.ofModel(t.Model)}
	if other := m.api.ModelNamed(p.Ref); other != nil && other != t.Model {
		topics = append(topics, m.ofModel(other))
	}
	m.seeAlso(s, slices.DeleteFunc(topics, func(t *Topic) bool { return t == nil }))
}

// ofModel returns the topic of a model, such as planhat.company, or nil.
func (m *Manual) ofModel(model *catalog.Model) *Topic {
	if t := m.byName["planhat."+model.Snake]; t != nil && t.Model == model {
		return t
	}
	return nil
}
