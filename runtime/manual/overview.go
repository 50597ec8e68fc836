package manual

import (
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/suggest"
)

// Overview returns what there is at all, and how to read on.
func (m *Manual) Overview(o PageOptions) string {
	s := newSheet(o)
	var ours, required, lua []item
	for _, module := range m.modules {
		it := item{name: module.Name, doc: brief(module.Doc)}
		switch {
		case m.standard[module.Name]:
			lua = append(lua, item{name: module.Name})
		case m.MustBeRequired(module.Name):
			required = append(required, it)
		default:
			ours = append(ours, it)
		}
	}
	s.heading("Modules")
	s.items(indent, ours)
	if len(required) > 0 {
		s.heading("Modules to require first, as in: local " + required[0].name + " = require \"" + required[0].name + "\"")
		s.items(indent, required)
	}
	m.modelColumns(s)
	s.heading("Lua's own")
	names := []string{}
	for _, it := range lua {
		names = append(names, it.name)
	}
	s.markdown(indent, "Libraries: "+strings.Join(names, ", ")+".")
	names = names[:0]
	for _, f := range m.globals.Funcs {
		names = append(names, f.Name)
	}
	s.markdown(indent, "Functions: "+strings.Join(names, ", ")+".")
	s.heading("Read on")
	s.items(indent, []item{
		{name: o.ask("company"), doc: "a model: its functions, and what a record needs"},
		{name: o.ask("Company"), doc: "the properties of its records"},
		{name: o.ask("company.bulk_upsert"), doc: "one function with all it takes"},
		{name: o.ask("csv"), doc: "a module"},
		{name: o.ask("import csv"), doc: "everything about these words"},
	})
	return s.finish()
}

// Models returns the models, each with what it is.
func (m *Manual) Models(o PageOptions) string {
	s := newSheet(o)
	var list []item
	for _, t := range m.topics {
		if t.Kind == KindModel {
			list = append(list, item{name: t.Name, doc: brief(t.Doc)})
		}
	}
	s.items(0, list)
	return s.finish()
}

func (m *Manual) modelColumns(s *sheet) {
	var names []string
	for _, t := range m.topics {
		if t.Kind == KindModel {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	s.heading("Planhat's " + strconv.Itoa(len(names)) + " models")
	s.columns(indent, names)
}

// mostResults bounds what a search shows.
const mostResults = 20

// Results returns what a search for words finds, or the names that are spelt
// like them.
func (m *Manual) Results(words []string, o PageOptions) string {
	s := newSheet(o)
	found := m.Search(words...)
	if len(found) == 0 {
		s.markdown(0, m.NotFound(strings.Join(words, " ")))
		return s.finish()
	}
	var list []item
	for _, t := range found[:min(len(found), mostResults)] {
		list = append(list, item{name: t.Name, doc: brief(t.Doc)})
	}
	s.items(0, list)
	if rest := len(found) - len(list); rest > 0 {
		s.gap()
		s.markdown(0, "… and "+strconv.Itoa(rest)+" more. A further word finds fewer.")
	}
	s.gap()
	s.markdown(0, "Read one with: "+o.ask(found[0].Name))
	return s.finish()
}

// NotFound says that there is no such topic, and which ones are spelt like it.
func (m *Manual) NotFound(name string) string {
	near := m.Nearest(name)
	if len(near) == 0 {
		near = m.nearWords(name)
	}
	if len(near) == 0 {
		return "There is nothing about '" + name + "'."
	}
	return "There is nothing about '" + name + "'. Did you mean " + strings.Join(near, ", or ") + "?"
}

// nearWords returns words that occur in names, spelt like those that a person
// looks for and that occur nowhere.
func (m *Manual) nearWords(name string) []string {
	var parts, near []string
	for _, t := range m.topics {
		parts = append(parts, t.Name[strings.LastIndexByte(t.Name, '.')+1:])
	}
	slices.Sort(parts)
	parts = slices.Compact(parts)
	for word := range strings.FieldsSeq(name) {
		if len(m.Search(word)) == 0 {
			near = append(near, suggest.Nearest(word, parts)...)
		}
	}
	return near
}
