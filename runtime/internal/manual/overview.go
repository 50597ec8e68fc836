package manual

import (
	"slices"
	"strconv"
	"strings"
)

// Overview returns a summary of everything, and how to find more.
func (m *Manual) Overview(o PageOptions) string {
	s := newSheet(o)
	var ours, tests, required, lua []item
	for _, module := range m.modules {
		it := item{name: module.Name, doc: brief(module.Doc)}
		switch {
		case m.standard[module.Name]:
			lua = append(lua, item{name: module.Name})
		case module.ForTests:
			tests = append(tests, it)
		case module.Required:
			required = append(required, it)
		default:
			ours = append(ours, it)
		}
	}
	s.section("Modules", ours)
	s.section("Modules that you must require, as in: local "+required[0].name+" = require \""+required[0].name+"\"", required)
	m.modelColumns(s)
	own := functions(m.own)
	for _, v := range m.own.Values {
		own = append(own, item{name: v.Name, doc: brief(v.Doc)})
	}
	s.section("Other globals", own)
	s.section("In tests (files whose names end in _test.lua)", append(tests, functions(m.tests)...))
	s.heading("Lua's standard library")
	names := []string{}
	for _, it := range lua {
		names = append(names, it.name)
	}
	s.markdown(indent, "Libraries: "+strings.Join(names, ", ")+".")
	names = names[:0]
	for _, f := range m.globals.Funcs {
		if !slices.Contains(m.own.Funcs, f) && !slices.Contains(m.tests.Funcs, f) {
			names = append(names, f.Name)
		}
	}
	s.markdown(indent, "Functions: "+strings.Join(names, ", ")+".")
	s.heading("More")
	s.items(indent, []item{
		{name: o.ask("company"), doc: "a model: its functions, and the keys and required properties of its records"},
		{name: o.ask("Company"), doc: "the properties of its records"},
		{name: o.ask("company.bulk_upsert"), doc: "a function: its parameters, and an example"},
		{name: o.ask("csv"), doc: "a module"},
		{name: o.ask("import csv"), doc: "search for words"},
	})
	return s.finish()
}

// Models lists the models.
func (m *Manual) Models(o PageOptions) string {
	s := newSheet(o)
	var list []item
	for _, t := range m.models() {
		list = append(list, item{name: t.Name, doc: brief(t.Doc)})
	}
	s.items(0, list)
	return s.finish()
}

func (m *Manual) models() []*Topic {
	return slices.DeleteFunc(slices.Clone(m.topics), func(t *Topic) bool { return t.Kind != KindModel })
}

func (m *Manual) modelColumns(s *sheet) {
	var names []string
	for _, t := range m.models() {
		names = append(names, t.Name)
	}
	if len(names) > 0 {
		slices.Sort(names)
		s.heading("Planhat's " + strconv.Itoa(len(names)) + " models")
		s.columns(indent, names)
	}
}

// fewOfAKind is how many models may share a function, or records a property,
// and still be listed one by one.
const fewOfAKind = 3

// grouped lists topics. What many models share is listed once, for company or
// else the first model.
func (m *Manual) grouped(found []*Topic) []item {
	groups := map[string][]*Topic{}
	for _, t := range found {
		key := m.common(t)
		groups[key] = append(groups[key], t)
	}
	var list []item
	for _, t := range found {
		key := m.common(t)
		group := groups[key]
		if len(group) <= fewOfAKind {
			list = append(list, item{name: t.Name, doc: brief(t.Doc)})
			continue
		}
		if t != group[0] {
			continue
		}
		for _, one := range group {
			if one.Module.Name == "planhat.company" {
				t = one
			}
		}
		list = append(list, item{name: t.Name, doc: brief(t.Doc) + " (" + strconv.Itoa(len(group)-1) + " other models also have it)"})
	}
	return list
}

// common is the name of a function or property that all models share; for other
// topics, the whole name.
func (m *Manual) common(t *Topic) string {
	part := m.byName[t.Module.Name]
	if part == nil || part.Kind != KindModel || t.Kind != KindFunction && t.Kind != KindProperty {
		return t.Name
	}
	return string(t.Kind) + t.Name[strings.LastIndexByte(t.Name, '.'):]
}
