// Package bindings holds the Lua modules that are written in Go.
//
// A module is a table of specs: each function is declared once, with its
// documentation, its parameters and its result as data. Argument checks, help,
// the reference pages and editor types all come from that declaration.
//
// The package decides nothing about files, environment or secrets: it asks the
// Host that the runtime hands it.
package bindings

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Module is one Lua module, or a part of one (planhat.company).
type Module struct {
	// Name is what scripts call it: "json", "planhat", "planhat.company".
	Name string
	// Doc is its manual in Markdown; the first sentence stands alone.
	Doc    string
	Funcs  []*Func
	Values []*Value
	// Call, where set, is what calling the module itself does: inspect(v).
	Call *Func
	// Modules are the parts that are fields of this one.
	Modules []*Module
	// ForTests says that only files have it which phscript test runs.
	ForTests bool
	// Records describes tables that its functions take or return, by the
	// names that parameter types use.
	Records []*Shape
}

// Value is a field of a module that is no function.
type Value struct {
	Name, Type, Doc string
	// Make returns the value for one state; nil leaves the field out.
	Make func(L *lua.LState) lua.LValue
}

// Shape describes a table with named fields: an options table, a result or an
// error object.
type Shape struct {
	Name, Doc string
	Fields    []Field
}

// Field is one named field of a table.
type Field struct {
	Name string
	// Type is written as in LuaCATS: "string", "string[]", "string|number".
	Type     string
	Doc      string
	Required bool
}

// Param is one parameter of a function. A parameter with Fields is an options
// table: its field names and types are checked as well.
type Param struct {
	Name     string
	Type     string
	Doc      string
	Optional bool
	Fields   []Field
}

// Return is one returned value.
type Return struct {
	Type, Doc string
}

// Func is one Lua function.
type Func struct {
	Name string
	// Doc is Markdown; its first sentence is the one-line summary.
	Doc     string
	Params  []Param
	Returns []Return
	// Variadic says that more arguments may follow; they belong to the last
	// parameter.
	Variadic bool
	// Errors says when it raises, Example shows a use, Source names the
	// section of docs/planhat-api.md that it rests on; each may be empty.
	Errors, Example, Source string
	// Deprecated says what to use in its place, where there is something.
	Deprecated string
	// Call does the work: it reads its checked arguments from a, pushes its
	// results and returns how many they are. An error is raised in Lua as an
	// error object that names the script's line.
	Call func(a *Args) (int, error)
	// Lua, in the place of Call, is a chunk that returns the function. It is
	// for functions that call back into the script, which Go code cannot do
	// without breaking coroutines; it sees the script's globals.
	Lua string
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
