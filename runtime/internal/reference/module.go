package reference

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/guide"
)

// Module returns the page of a module: its description, its
// functions and values, and the tables that they take and return. Parts that
// are models are linked; other parts follow on the same page.
func (r *Reference) Module(m *spec.Module) string {
	p := r.newPage(modulePath(m.Name))
	p.printf("# %s\n\n", m.Name)
	p.paragraph(m.Doc)
	if m.Required {
		p.paragraph("This module is not a global; load it with `require`.")
	}
	p.contents(m)
	p.models(m)
	p.body(m)
	return p.finish()
}

// finish returns the page, ended by a single newline.
func (p *page) finish() string { return strings.TrimRight(p.String(), "\n") + "\n" }

func (p *page) body(m *spec.Module) {
	if len(m.Funcs) > 0 {
		p.printf("## Functions\n\n")
	}
	for _, f := range m.Funcs {
		p.function(m.Name, f, "")
	}
	p.values(m)
	for _, part := range m.Modules {
		if p.ref.model(part) == nil {
			p.printf("## %s\n\n", part.Name)
			p.paragraph(part.Doc)
			for _, f := range part.Funcs {
				p.function(part.Name, f, "")
			}
			p.values(part)
		}
	}
	if len(m.Records) > 0 {
		p.printf("## Tables\n\n")
	}
	for _, s := range m.Records {
		p.printf("### %s\n\n", s.Name)
		p.paragraph(s.Doc)
		p.fields(s.Fields)
	}
}

func (p *page) contents(m *spec.Module) {
	var rows [][]string
	for _, f := range m.Funcs {
		name := spec.Qualify(m.Name, f.Name)
		rows = append(rows, []string{"[`" + name + "`](#" + guide.Anchor(name) + ")", spec.Summary(f.Doc)})
	}
	p.table([]string{"Function", "What it does"}, rows)
}

func (p *page) models(m *spec.Module) {
	var rows [][]string
	for _, part := range m.Modules {
		if model := p.ref.model(part); model != nil {
			rows = append(rows, []string{"[`" + part.Name + "`](" + p.to(modelPath(model)) + ")", spec.Summary(model.Doc)})
		}
	}
	p.section("Models", []string{"Model", "What it is"}, rows)
}

func (p *page) values(m *spec.Module) {
	var rows [][]string
	for _, v := range m.Values {
		rows = append(rows, []string{"`" + spec.Qualify(m.Name, v.Name) + "`", p.typed(v.Type), v.Doc})
	}
	p.section("Values", []string{"Value", "Type", "Meaning"}, rows)
}

// function writes one function. note adds to it, or is "".
func (p *page) function(module string, f *spec.Func, note string) {
	name := spec.Qualify(module, f.Name)
	p.printf("### %s\n\n", name)
	p.code("", strings.TrimSuffix(name, f.Name)+signature(f))
	p.paragraph(f.Doc)
	p.paragraph(note)
	p.params(f)
	for i, r := range f.Returns {
		label := "Returns"
		if i > 0 {
			label = "and"
		}
		text := label + " " + p.typed(r.Type)
		if r.Doc != "" {
			text += ": " + r.Doc
		}
		p.paragraph(text)
	}
	if f.Errors != "" {
		p.printf("Raises: %s\n\n", f.Errors)
	}
	if f.Example != "" {
		p.code("lua", f.Example)
	}
	if f.Source != "" {
		p.printf("Source: %s\n\n", p.sourced(f.Source))
	}
}

// params writes the parameters, then the fields of options tables that have no
// description elsewhere.
func (p *page) params(f *spec.Func) {
	var rows [][]string
	for _, param := range f.Params {
		rows = append(rows, []string{"`" + param.Name + "`", p.typed(param.Type), mark(param.Optional, "optional"), param.Doc})
	}
	p.table([]string{"Parameter", "Type", "", "Meaning"}, rows)
	for _, param := range f.Params {
		if len(param.Fields) > 0 && !p.described(param.Type) {
			p.printf("Fields of `%s`:\n\n", param.Name)
			p.fields(param.Fields)
		}
	}
}

// described reports whether another place describes the table that a type
// names.
func (p *page) described(typ spec.Type) bool {
	return slices.ContainsFunc(typ.Names(), func(name string) bool { return p.ref.homes[name] != "" })
}

func (p *page) fields(fields []spec.Field) {
	var rows [][]string
	for _, f := range fields {
		rows = append(rows, []string{"`" + f.Name + "`", p.typed(f.Type), mark(f.Required, "required"), f.Doc})
	}
	p.table([]string{"Field", "Type", "", "Meaning"}, rows)
}

// signature is the call with its result types.
func signature(f *spec.Func) string {
	var types []string
	for _, r := range f.Returns {
		types = append(types, string(r.Type))
	}
	if len(types) == 0 {
		return f.Signature()
	}
	return f.Signature() + " → " + strings.Join(types, ", ")
}

// mark is a word in a table's column of flags.
func mark(yes bool, word string) string {
	if yes {
		return word
	}
	return ""
}
