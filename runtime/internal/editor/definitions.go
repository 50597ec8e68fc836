// Package editor sets up a folder of scripts for code editors: it writes what
// phscript knows about itself as type definitions (LuaCATS) for
// lua-language-server, and adds them to the editor's settings without changing
// anything else there.
package editor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// File is one file of definitions. Path has slashes.
type File struct{ Path, Text string }

// made begins the second line of every file of definitions. Files without it
// are never changed or removed.
const made = "-- Made by 'phscript setup'"

// Definitions returns the definitions of everything that scripts can use,
// except Lua's own library, which language servers know. known is what the account has, nil
// if that is unknown.
func Definitions(m *manual.Manual, known *schema.Schema) []File {
	d := &definer{api: m.Catalog(), known: known, taken: map[string]bool{}}
	for _, t := range m.Topics() {
		if t.Func == nil {
			continue
		}
		for _, p := range t.Func.Params {
			for _, name := range p.Type.Names() {
				d.taken[name] = d.taken[name] || len(p.Fields) > 0
			}
			for _, f := range p.Fields {
				for _, name := range f.Type.Names() {
					d.taken[name] = true
				}
			}
		}
	}
	var files []File
	for _, module := range m.Modules() {
		if m.IsLuaLibrary(module.Name) {
			continue
		}
		files = append(files, File{module.Name + ".d.lua", d.module(module, !module.Required)})
		for _, part := range module.Modules {
			files = append(files, File{strings.ReplaceAll(part.Name, ".", "/") + ".d.lua", d.part(part)})
		}
	}
	files = append(files, File{"globals.d.lua", d.globals(m.Own())})
	if tests := m.OnlyInTests(); len(tests.Funcs) > 0 {
		files = append(files, File{"tests.d.lua", d.globals(tests)})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

type definer struct {
	api   *catalog.Catalog
	known *schema.Schema
	// taken are the tables that functions take as options, or in them: their
	// optional fields can be left out.
	taken map[string]bool
}

type source struct{ strings.Builder }

// newSource begins a file that scripts require by the given name, or by none if
// it is "_".
func newSource(name string) *source {
	s := &source{}
	s.printf("---@meta %s\n%s. Changes made here are lost.\n", name, made)
	return s
}

func (s *source) printf(format string, args ...any) { fmt.Fprintf(s, format, args...) }

// module writes a module that is global, or that scripts must require.
func (d *definer) module(m *spec.Module, global bool) string {
	s := newSource(m.Name)
	d.class(s, m)
	local := "local "
	if global {
		local = ""
	}
	name := m.Name[strings.LastIndexByte(m.Name, '.')+1:]
	s.printf("%s%s = {}\n", local, name)
	d.members(s, m, name)
	s.printf("\nreturn %s\n", name)
	return s.String()
}

// part writes a part of a module, such as planhat.company, which scripts do not
// require directly.
func (d *definer) part(m *spec.Module) string {
	s := newSource("_")
	d.class(s, m)
	name := m.Name[strings.LastIndexByte(m.Name, '.')+1:]
	s.printf("local %s = {}\n", name)
	d.members(s, m, name)
	return s.String()
}

// globals writes global functions and values.
func (d *definer) globals(m *spec.Module) string {
	s := newSource("_")
	for _, v := range m.Values {
		s.printf("\n")
		s.comment(v.Doc)
		s.printf("---@type %s\n%s = nil\n", valueType(v.Type), v.Name)
	}
	for _, shape := range m.Records {
		d.shape(s, shape)
	}
	for _, f := range m.Funcs {
		d.function(s, "", "", f)
	}
	return s.String()
}

// class writes the head of a module's class: its members other than functions.
func (d *definer) class(s *source, m *spec.Module) {
	s.head(m.Doc, m.Name, "")
	if m.Call != nil {
		s.printf("---@overload %s\n", m.Call.Type())
	}
	for _, v := range m.Values {
		s.field(v.Name, valueType(v.Type), false, v.Doc)
	}
	for _, part := range m.Modules {
		s.field(part.Name[strings.LastIndexByte(part.Name, '.')+1:], spec.Type(part.Name), false, spec.Summary(part.Doc))
	}
}

// valueType is the type of a module's value. An object without fields, such as
// json.null, stands for something else and is valid anywhere.
func valueType(typ spec.Type) spec.Type {
	if typ == "userdata" {
		return "any"
	}
	return typ
}

// members writes the tables and functions of a module held by the given
// variable.
func (d *definer) members(s *source, m *spec.Module, variable string) {
	var model *catalog.Model
	for _, shape := range m.Records {
		if record := d.api.ModelNamed(shape.Name); record != nil {
			model = record
			d.record(s, shape, model, m.Funcs)
			continue
		}
		d.shape(s, shape)
	}
	for _, f := range m.Funcs {
		if model != nil {
			f, _ = takes(f, model)
		}
		d.function(s, m.Name, variable, f)
	}
}

// shape writes the class of a table.
func (d *definer) shape(s *source, shape *spec.Shape) {
	s.head(shape.Doc, shape.Name, "")
	for _, f := range shape.Fields {
		typ := f.Type
		if method := typ.Function(); method != nil && len(method.Params) > 0 && method.Params[0].Name == "self" {
			typ = calledOn(shape.Name, &spec.Func{Params: method.Params[1:], Returns: method.Returns, Variadic: method.Variadic})
		}
		optional := typ != typ.NonNil() || (d.taken[shape.Name] || !spec.IsName(f.Name)) && !f.Required
		s.field(f.Name, typ.NonNil(), optional, f.Doc)
	}
}

// propertyType is a property's type; known values are listed.
func propertyType(p *catalog.Property, typ spec.Type) spec.Type {
	if len(p.Enum) == 0 {
		return typ
	}
	var values []string
	for _, v := range p.Enum {
		values = append(values, fmt.Sprintf("%q", v))
	}
	typ = spec.Type(strings.Join(values, "|"))
	if p.Type == catalog.Array {
		typ = "(" + typ + ")[]"
	}
	return typ + "?"
}

// propertyDoc describes a property on one line.
func propertyDoc(model *catalog.Model, p *catalog.Property, doc string, readOnly bool) string {
	parts := []string{doc}
	if p.Ref != "" {
		parts = append(parts, "The id of "+p.Ref+".")
	}
	if slices.Contains(model.RequiredOnCreate, p.Name) {
		parts = append(parts, "Required in a new record.")
	}
	if readOnly {
		parts = append(parts, "Read-only.")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func (s *source) field(name string, typ spec.Type, optional bool, doc string) {
	switch {
	case !spec.IsName(name) && !spec.IsKeyword(name):
		name = fmt.Sprintf("[%q]", name)
		if optional {
			typ += "?"
		}
	case optional:
		name += "?"
	}
	s.printf("---@field %s %s%s\n", name, typ, note(doc))
}
