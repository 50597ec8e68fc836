package spec

import "strings"

// Module is one Lua module, or a part of one (planhat.company).
type Module struct {
	// Name is what scripts call it: "json", "planhat", "planhat.company".
	Name string
	// Doc is Markdown; its first sentence is the one-line summary.
	Doc    string
	Funcs  []*Func
	Values []*Value
	// Call, if set, is what calling the module itself does: inspect(v).
	Call *Func
	// Modules are the parts that are fields of this one.
	Modules []*Module
	// Required means that scripts must require the module; others are also globals.
	Required bool
	// ForTests restricts the module to the files that phscript test runs.
	ForTests bool
	// Records describes the tables that its functions take or return, by the
	// names that types use.
	Records []*Shape
}

// Qualify returns the name of a module's member in scripts; a global's module has
// no name.
func Qualify(module, name string) string { return strings.TrimPrefix(module+"."+name, ".") }

// Func is one Lua function.
type Func struct {
	Name string
	// Doc is Markdown; its first sentence is the one-line summary.
	Doc     string
	Params  []Param
	Returns []Return
	// Variadic allows more arguments, which belong to the last parameter.
	Variadic bool
	// Errors says when it raises an error, Example shows a use, and Source names
	// the section of docs/planhat-api.md it is based on. Each may be empty.
	Errors, Example, Source string
	// Deprecated says what to use instead; it is empty unless the function is
	// deprecated.
	Deprecated string
	// Call does the work. Only the package that runs the function looks at it:
	// for package bindings it is a func(*bindings.Args) (int, error).
	Call any
	// Refuses, if set, returns why the function refuses arguments that are wrong
	// together, as far as they are known.
	Refuses func(known Arguments) error
	// Lazy says that Call fills tables itself, where it looks into them. For other
	// functions, all tables that an argument holds are filled before.
	Lazy bool
	// Lua is the source of a chunk that returns the function, in place of Call.
	// It is for functions that call back into the script, which Go code cannot
	// do without breaking coroutines. It sees the script's globals.
	Lua string
}

// Param is a parameter of a function. One with Fields is an options table, and
// its fields are checked as well.
type Param struct {
	Name     string  `json:"name"`
	Type     Type    `json:"type"`
	Optional bool    `json:"optional,omitzero"`
	Doc      string  `json:"doc,omitzero"`
	Fields   []Field `json:"fields,omitzero"`
	// Values are the only texts that it takes, nil if it takes others. Text returns why
	// it refuses a text, nil if it takes it; for a list or a table of texts, that is each
	// of them. Number does the same for a number. The function reads its arguments with
	// the same parsers, so who knows a value before the run can tell what the run will say.
	Values []string            `json:"-"`
	Text   func(string) error  `json:"-"`
	Number func(float64) error `json:"-"`
	// File says that the text names a file or a folder of this computer.
	File bool `json:"-"`
}

// Omissible reports whether a call may leave the parameter out or pass nil.
func (p *Param) Omissible() bool { return p.Optional || p.Name == "..." || p.Type.Nilable() }

// Field returns the option of a name, or nil.
func (p *Param) Field(name string) *Field {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			return &p.Fields[i]
		}
	}
	return nil
}

// Return is a value that a function returns.
type Return struct {
	Type Type   `json:"type"`
	Doc  string `json:"doc,omitzero"`
}

// Value is a field of a module that is not a function.
type Value struct {
	Name string
	Type Type
	Doc  string
	// Make returns the value for one Lua state; the field is left out without
	// it. For package bindings it is a func(*lua.LState) lua.LValue.
	Make any
}

// Shape describes a table with named fields: an options table, a result or an
// error object.
type Shape struct {
	Name, Doc string
	Fields    []Field
}

// Field is a named field of a table.
type Field struct {
	Name     string `json:"name"`
	Type     Type   `json:"type"`
	Required bool   `json:"required,omitzero"`
	Doc      string `json:"doc,omitzero"`
	// Values, Text, Number and File are as in Param.
	Values []string            `json:"-"`
	Text   func(string) error  `json:"-"`
	Number func(float64) error `json:"-"`
	File   bool                `json:"-"`
}

// Summary returns the first sentence of a documentation text.
func Summary(doc string) string {
	doc = strings.TrimSpace(doc)
	if i := strings.Index(doc, "\n\n"); i >= 0 {
		doc = doc[:i]
	}
	doc = strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// Signature returns the call as a script writes it, without the module:
// "get_by_id(id, options?)".
func (f *Func) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name)
	b.WriteByte('(')
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Name == "..." {
			continue
		}
		if p.Optional {
			b.WriteByte('?')
		}
		if f.Variadic && i == len(f.Params)-1 {
			b.WriteString("...")
		}
	}
	b.WriteByte(')')
	return b.String()
}
