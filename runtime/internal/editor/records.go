package editor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// purpose is what a function does with the records that it is given. The class of those
// records is named after it: CompanyNew.
type purpose string

const (
	changing  purpose = "Changes"
	creating  purpose = "New"
	upserting purpose = "Row"
)

// purposeOf tells what a function of a model does with records.
func purposeOf(function string) purpose {
	switch function {
	case "update":
		return changing
	case "bulk_upsert", "sync":
		return upserting
	}
	return creating
}

var word = pattern.Lazy(`\w+`)

// takes returns a function of a model with the classes for writing as the types of its
// parameters, and what it does with these records, "" if it takes none.
func takes(f *spec.Func, model *catalog.Model) (*spec.Func, purpose) {
	typed, to := *f, purpose("")
	typed.Params = slices.Clone(f.Params)
	for i := range typed.Params {
		p := &typed.Params[i]
		if !slices.Contains(p.Type.Names(), model.Name) {
			continue
		}
		to = purposeOf(f.Name)
		p.Type = spec.Type(word().ReplaceAllStringFunc(string(p.Type), func(name string) string {
			if name == model.Name {
				return name + string(to)
			}
			return name
		}))
	}
	return &typed, to
}

// record writes the classes of a model's records: as they are read, and as each of its
// functions takes them. What only Planhat sets is in the first one alone. Those for new
// records and for rows say what is required. If there are several ways to meet that,
// each is a class, and a record of any of them is valid.
func (d *definer) record(s *source, shape *spec.Shape, model *catalog.Model, funcs []*spec.Func) {
	purposes := map[purpose]bool{}
	for _, f := range funcs {
		if _, to := takes(f, model); to != "" {
			purposes[to], purposes[changing] = true, true
		}
	}
	parent := ""
	if purposes[changing] {
		parent = model.Name + string(changing)
	}
	found := slices.ContainsFunc(ways(model, upserting), func(way []string) bool { return slices.Equal(way, []string{"_id"}) })
	if purposes[upserting] && found {
		parent = wayName(model, upserting, ways(model, upserting), []string{"_id"})
	}
	s.head(shape.Doc, model.Name, parent)
	for _, f := range shape.Fields {
		if parent == "" || !writes(model, f.Name) && (f.Name != "_id" || !found) || f.Name == customProperty && d.computed(model) {
			d.property(s, model, f, false, false)
		}
	}
	if purposes[changing] {
		s.head(fmt.Sprintf("What can be set in %s. Nothing is required; `json.null` clears a property.", catalog.WithArticle(model.Noun)), model.Name+string(changing), "")
		for _, f := range shape.Fields {
			if writes(model, f.Name) {
				d.property(s, model, f, true, false)
			}
		}
	}
	if purposes[creating] {
		d.required(s, shape, model, creating, "A new "+model.Noun+", with all that it needs.")
	}
	if purposes[upserting] {
		doc := "A row for a bulk call, with the key that finds the " + model.Noun + "."
		if lacks := model.RequiredOnBulkCreate; len(lacks) > 0 {
			doc += " A row of a new " + model.Noun + " also needs `" + strings.Join(lacks, "`, `") + "`."
		}
		d.required(s, shape, model, upserting, doc)
	}
	d.custom(s, model)
}

// head begins a class, which has what its parent has, if that is not "".
func (s *source) head(doc, name, parent string) {
	s.printf("\n")
	s.comment(doc)
	if parent != "" {
		name += " : " + parent
	}
	s.printf("---@class %s\n", name)
}

// required writes the classes of records that need something.
func (d *definer) required(s *source, shape *spec.Shape, model *catalog.Model, to purpose, doc string) {
	all := ways(model, to)
	var names []string
	for _, way := range all {
		name := wayName(model, to, all, way)
		names = append(names, name)
		s.head(doc, name, model.Name+string(changing))
		for _, property := range way {
			d.property(s, model, fieldNamed(shape, model, property), true, true)
		}
		if to == creating && d.mandatory(model) {
			d.property(s, model, fieldNamed(shape, model, customProperty), true, true)
		}
	}
	if len(names) > 1 {
		s.printf("\n")
		s.comment(doc)
		s.printf("---@alias %s %s\n", model.Name+string(to), strings.Join(names, "|"))
	}
}

// writes reports whether scripts can set a property.
func writes(model *catalog.Model, name string) bool {
	p := model.Property(name)
	return p == nil || !p.ReadOnly || name == customProperty
}

// fieldNamed returns the field of a property, also of one that only stands for another.
func fieldNamed(shape *spec.Shape, model *catalog.Model, name string) spec.Field {
	for target := range strings.SplitSeq(name+" "+model.Aliases[name], " ") {
		if at := slices.IndexFunc(shape.Fields, func(f spec.Field) bool { return f.Name == target }); at >= 0 {
			f := shape.Fields[at]
			f.Name = name
			return f
		}
	}
	return spec.Field{Name: name, Type: "string"}
}

// property writes one property of a record. written tells whether the class is for
// writing, required whether the record needs the property.
func (d *definer) property(s *source, model *catalog.Model, f spec.Field, written, required bool) {
	typ, doc := f.Type, f.Doc
	if p := model.Property(f.Name); p != nil {
		typ, doc = propertyType(p, typ), propertyDoc(model, p, doc, p.ReadOnly && !required)
	}
	if special := d.tenantType(model, f.Name, written, required); special != "" {
		typ = special
	}
	s.field(f.Name, typ.NonNil(), !required, doc)
}

// ways are the sets of properties that make a record valid: one of the sets must be
// there as a whole. No set contains another one.
func ways(model *catalog.Model, to purpose) [][]string {
	if to == upserting {
		var keys [][]string
		for _, key := range model.Keyables.Bulk {
			keys = append(keys, []string{key})
		}
		if len(keys) > 1 || len(keys) == 1 && keys[0][0] != "_id" {
			return keys
		}
		return least(append(keys, combined(needs(model, model.RequiredOnBulkCreate))...))
	}
	return combined(needs(model, model.RequiredOnCreate))
}

// needs lists what a new record needs: one property of each list.
func needs(model *catalog.Model, required []string) [][]string {
	var all [][]string
	for _, name := range required {
		if p := model.Property(name); !p.Filled {
			all = append(all, accepted(model, p))
		}
	}
	var oneOf []string
	for _, name := range model.RequiredOneOf {
		oneOf = append(oneOf, accepted(model, model.Property(name))...)
	}
	if oneOf != nil {
		all = append(all, oneOf)
	}
	return all
}

// accepted are the properties that Planhat, or the client, accepts in place of one.
func accepted(model *catalog.Model, p *catalog.Property) []string {
	names := []string{p.Name}
	if p.Substitute != "" {
		names = append(names, p.Substitute)
	}
	if p.Name == model.CompanyRef() {
		names = append(names, "companyExternalId")
	}
	for _, alias := range model.AliasNames() {
		if model.Aliases[alias] == p.Name || model.Aliases[alias] == "" && model.CompanyKey == p.Name {
			names = append(names, alias)
		}
	}
	return names
}

// combined returns every choice of one property from each list.
func combined(lists [][]string) [][]string {
	sets := [][]string{nil}
	for _, list := range lists {
		var longer [][]string
		for _, set := range sets {
			for _, name := range list {
				if slices.Contains(set, name) {
					longer = append(longer, set)
					continue
				}
				longer = append(longer, append(slices.Clone(set), name))
			}
		}
		sets = longer
	}
	return least(sets)
}

// least leaves out sets that contain another one.
func least(sets [][]string) [][]string {
	contains := func(set, part []string) bool {
		return !slices.ContainsFunc(part, func(name string) bool { return !slices.Contains(set, name) })
	}
	var kept [][]string
	for i, set := range sets {
		more := slices.ContainsFunc(kept, func(other []string) bool { return contains(set, other) })
		for _, other := range sets[i+1:] {
			more = more || len(other) < len(set) && contains(set, other)
		}
		if !more {
			kept = append(kept, set)
		}
	}
	return kept
}

// wayName names the class of one way among several, after what only some of them need:
// CompanyRow.externalId.
func wayName(model *catalog.Model, to purpose, all [][]string, way []string) string {
	name := model.Name + string(to)
	if len(all) == 1 {
		return name
	}
	var own []string
	for _, property := range way {
		if slices.ContainsFunc(all, func(other []string) bool { return !slices.Contains(other, property) }) {
			own = append(own, property)
		}
	}
	return name + "." + strings.Join(own, "_")
}
