package manual

import (
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
)

func (m *Manual) modulePage(s *sheet, t *Topic) {
	s.line(0, s.styled(t.Name, display.Bold)+"  "+s.styled(string(t.Kind), display.Dim))
	s.gap()
	s.markdown(indent, t.Doc)
	if t.Module.Required && !strings.Contains(t.Doc, "require") {
		s.gap()
		s.markdown(indent, "Use it with `local "+t.Name+" = require \""+t.Name+"\"`.")
	}
	if t.Module.ForTests {
		s.gap()
		s.markdown(indent, "Available only in tests: files whose names end in `_test.lua`.")
	}
	s.section("Functions", functions(t.Module))
	m.values(s, t.Module)
	m.parts(s, t.Module)
	if t.Model != nil {
		m.keys(s, t.Model)
		m.needs(s, t.Model)
	}
	m.tables(s, t)
	if len(t.Module.Funcs) > 0 {
		s.heading("More")
		function := t.Name + "." + t.Module.Funcs[0].Name
		ask := s.o.ask(strings.TrimPrefix(function, "planhat."))
		if strings.Contains(function, `"`) {
			ask = "help(" + function + ")" // a custom model, which is not found by a word
		}
		list := []item{{name: ask, doc: "a function: its parameters, and an example"}}
		if t.Model != nil {
			list = append(list, item{name: s.o.ask(t.Model.Name), doc: "its " + english.Plural(len(t.Model.Properties), "property", "")})
		}
		s.items(indent, list)
	}
}

// functions lists the functions of a module.
func functions(module *spec.Module) (list []item) {
	for _, f := range module.Funcs {
		list = append(list, item{name: f.Signature(), doc: brief(f.Doc)})
	}
	return list
}

func (m *Manual) values(s *sheet, module *spec.Module) {
	var list []item
	for _, v := range module.Values {
		list = append(list, item{name: v.Name, note: v.Type.Readable(), doc: brief(v.Doc)})
	}
	s.section("Values", list)
}

func (m *Manual) parts(s *sheet, module *spec.Module) {
	var models []string
	var others []item
	for _, part := range module.Modules {
		if t := m.byName[part.Name]; t != nil && t.Kind == KindModel {
			models = append(models, part.Name)
			continue
		}
		others = append(others, item{name: part.Name, doc: brief(part.Doc)})
	}
	if len(models) > 0 {
		slices.Sort(models)
		s.heading("Models")
		s.columns(indent, models)
	}
	s.section("Parts", others)
}

func (m *Manual) tables(s *sheet, t *Topic) {
	var list []item
	for _, shape := range t.Module.Records {
		if t.Model == nil || shape.Name != t.Model.Name {
			list = append(list, item{name: shape.Name, doc: brief(shape.Doc)})
		}
	}
	s.section("Tables", list)
}

// keys lists the ids that address a model's records.
func (m *Manual) keys(s *sheet, model *catalog.Model) {
	var list []item
	for _, k := range Keys(model) {
		list = append(list, item{name: k.For, doc: keyList(model, k.Names)})
	}
	s.section("Keys", list)
}

// keyList names keys. A prefix comes before an id of the caller's.
func keyList(model *catalog.Model, keys []string) string {
	var list []string
	for _, key := range keys {
		text := "`" + key + "`"
		switch {
		case key == "extid-" && model.ExternalID() != "":
			text += " + `" + model.ExternalID() + "`"
		case key == "srcid-":
			text += " + `sourceId`"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func (m *Manual) needs(s *sheet, model *catalog.Model) {
	var list []item
	for _, n := range Needs(model) {
		list = append(list, item{name: n.For, doc: strings.Join(n.Names, ", ")})
	}
	s.section("Creating a record", list)
}

// Names are names with what they are for.
type Names struct {
	For   string
	Names []string
}

// Keys returns the keys of a model's records, by the functions that take them.
func Keys(model *catalog.Model) []Names {
	return slices.DeleteFunc([]Names{
		{"get_by_id", model.Keyables.Get}, {"update", model.Keyables.Update},
		{"delete", model.Keyables.Delete}, {"bulk_upsert", model.Keyables.Bulk},
	}, func(n Names) bool { return len(n.Names) == 0 || model.Operation(n.For) == nil })
}

// Needs returns the properties that a new record of a model requires.
func Needs(model *catalog.Model) []Names {
	return slices.DeleteFunc([]Names{
		{"All of", model.RequiredOnCreate}, {"At least one of", model.RequiredOneOf},
		{"Recommended", model.SuggestedOnCreate}, {"All of, in a new bulk row", model.RequiredOnBulkCreate},
	}, func(n Names) bool { return len(n.Names) == 0 })
}
