package builtins

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// describe describes a value that the manual does not know.
func (h Help) describe(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return h.card("nil", "No value. Missing fields, unset variables and misspelled names are nil. "+
			"To look up a name, put it in quotes: `help(\"name\")`.", nil)
	case lua.LBool:
		return h.card(v.String(), "A boolean: true or false.", nil)
	case lua.LNumber:
		return h.card(v.String(), "A number. "+seeLibrary("math", "Functions on numbers"), nil)
	case *lua.LFunction:
		return h.card("function", h.describeFunction(v), nil)
	case *lua.LTable:
		return h.describeTable(v)
	case *lua.LState:
		return h.card("thread", "A coroutine. "+seeLibrary("coroutine", "Functions on coroutines"), nil)
	}
	return h.card(v.Type().String(), "An object from the program, with its own methods.", nil)
}

func seeLibrary(name, what string) string {
	return what + ": `help(\"" + name + "\")`."
}

func (h Help) card(title, text string, fields []bindings.Field) string {
	return manual.Card(title, text, fields, h.Options)
}

func (h Help) describeFunction(fn *lua.LFunction) string {
	if fn.IsG || strings.HasPrefix(fn.Proto.SourceName, bindings.InternalChunk) {
		return "A function of phscript."
	}
	var names []string
	for i := range int(fn.Proto.NumParameters) {
		if i < len(fn.Proto.DbgLocals) {
			names = append(names, fn.Proto.DbgLocals[i].Name)
		}
	}
	if fn.Proto.IsVarArg != 0 {
		names = append(names, "...")
	}
	return fmt.Sprintf("One of your functions, defined on line %d of %s. Parameters: (%s).",
		fn.Proto.LineDefined, fn.Proto.SourceName, strings.Join(names, ", "))
}

// describeTable says what a table contains, and which documented kind it is, if
// that is certain.
func (h Help) describeTable(t *lua.LTable) string {
	bindings.Fill(t)
	fields := fieldsOf(t)
	if err := bindings.ErrorFrom(t); err != nil {
		return h.card("error", "An error object: "+err.Error()+"\n\n"+h.explained("PlanhatError", fields), fields)
	}
	n := t.Len()
	switch {
	case n > 0 && len(fields) == 0:
		return h.describeList(t, n)
	case len(fields) == 0:
		return h.card("table", "An empty table.", nil)
	}
	text := "A table with " + english.Plural(len(fields), "field", "") + "."
	if n > 0 {
		text = "A table with " + english.Plural(n, "list item", "") + " and " + english.Plural(len(fields), "field", "") + "."
	}
	return h.card("table", text+" "+h.explained(h.kindOf(fields), fields), fields)
}

func (h Help) describeList(t *lua.LTable, n int) string {
	text := "A list of " + english.Plural(n, "item", "") + ": `list[1]` is the first, `#list` the count."
	first, ok := t.RawGetInt(1).(*lua.LTable)
	if !ok {
		return h.card("list", text+" The first is a "+t.RawGetInt(1).Type().String()+".", nil)
	}
	fields := fieldsOf(first)
	if len(fields) == 0 {
		return h.card("list", text+" The first is a table too.", nil)
	}
	return h.card("list", text+"\n\nThe first item has these fields. "+h.explained(h.kindOf(fields), fields), fields)
}

// explained refers to the page of a documented table, and adds its descriptions
// to the fields. It returns "" if the kind is unknown.
func (h Help) explained(kind string, fields []bindings.Field) string {
	t := h.Manual.Topic(kind)
	if t == nil {
		return ""
	}
	for i := range fields {
		for _, known := range t.Shape.Fields {
			if known.Name == fields[i].Name {
				fields[i].Doc = known.Doc
			}
		}
	}
	return "They are the fields of " + kind + ": `help(\"" + kind + "\")` explains them."
}

func fieldsOf(t *lua.LTable) []bindings.Field {
	bindings.Fill(t)
	var fields []bindings.Field
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if name, ok := k.(lua.LString); ok {
			fields = append(fields, bindings.Field{Name: string(name), Type: spec.Type(v.Type().String())})
		}
	}
	slices.SortFunc(fields, func(a, b bindings.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// leastFields is how many fields a table must have to identify its kind: many
// things have an _id and a name.
const leastFields = 3

// kindOf returns the only documented table that has all these fields, or "".
func (h Help) kindOf(fields []bindings.Field) string {
	if len(fields) < leastFields {
		return ""
	}
	kind := ""
	for _, t := range h.Manual.Topics() {
		if t.Kind != manual.KindTable || !hasAll(t.Shape, t.Model != nil, fields) {
			continue
		}
		if kind != "" {
			return ""
		}
		kind = t.Name
	}
	return kind
}

// hasAll reports whether a documented table has all these fields. Records also
// have the fields common to all models.
func hasAll(s *bindings.Shape, common bool, fields []bindings.Field) bool {
	for _, f := range fields {
		if common && slices.Contains(catalog.CommonProperties, f.Name) {
			continue
		}
		if !slices.ContainsFunc(s.Fields, func(known bindings.Field) bool { return known.Name == f.Name }) {
			return false
		}
	}
	return true
}
