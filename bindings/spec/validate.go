package spec

import (
	"errors"
	"fmt"
)

// Validate returns what is wrong with the declaration of a module and its inner
// modules: types that are invalid or name an undescribed table, two functions of
// one name, a required parameter after an optional one. known, which may be nil,
// reports whether a table or module of that name is described elsewhere.
func (m *Module) Validate(known func(name string) bool) error {
	v := &validation{known: known, records: map[string]bool{}}
	v.describe(m)
	v.module(m)
	return errors.Join(v.errs...)
}

type validation struct {
	known   func(name string) bool
	records map[string]bool
	errs    []error
}

func (v *validation) fail(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

// describe notes the names that a module describes itself.
func (v *validation) describe(m *Module) {
	v.records[m.Name] = true
	for _, shape := range m.Records {
		v.records[shape.Name] = true
	}
	for _, part := range m.Modules {
		v.describe(part)
	}
}

func (v *validation) module(m *Module) {
	taken := map[string]bool{}
	member := func(name string) string {
		path := Qualify(m.Name, name)
		switch {
		case name == "":
			v.fail("%s: a member has no name", m.Name)
		case !IsName(name):
			v.fail("%q: the last part cannot be a name in Lua", path)
		case taken[name]:
			v.fail("%s is declared twice", path)
		}
		taken[name] = true
		return path
	}
	for _, f := range m.Funcs {
		v.function(member(f.Name), f)
	}
	if m.Call != nil {
		v.function(m.Name, m.Call)
	}
	for _, value := range m.Values {
		v.typ(member(value.Name), value.Type)
	}
	for _, shape := range m.Records {
		v.fields(shape.Name, shape.Fields)
	}
	for _, part := range m.Modules {
		v.module(part)
	}
}

func (v *validation) function(name string, f *Func) {
	optional := ""
	for i := range f.Params {
		p := &f.Params[i]
		v.typ(fmt.Sprintf("%s: parameter '%s'", name, p.Name), p.Type)
		v.fields(name+": "+p.Name, p.Fields)
		if p.Optional {
			optional = p.Name
		} else if optional != "" && !p.Omissible() {
			v.fail("%s: the required parameter '%s' comes after '%s', which is optional", name, p.Name, optional)
		}
	}
	for i, r := range f.Returns {
		v.typ(fmt.Sprintf("%s: result %d", name, i+1), r.Type)
	}
}

func (v *validation) fields(of string, fields []Field) {
	for _, f := range fields {
		v.typ(of+"."+f.Name, f.Type)
	}
}

func (v *validation) typ(of string, t Type) {
	if _, err := Parse(string(t)); err != nil {
		v.fail("%s: %w", of, err)
		return
	}
	for _, name := range t.Names() {
		if !v.records[name] && (v.known == nil || !v.known(name)) {
			v.fail("%s: the type %q is not one of Lua's, and no table of that name is described", of, name)
		}
	}
}
