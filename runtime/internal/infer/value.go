// Package infer tells what the values of expressions are without running them:
// modules and functions of the manual, and types. The checker and the prompt's
// completion ask it, so they agree.
package infer

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Value is what is known about a value. The zero value is one that nothing is
// known about.
type Value struct {
	// Topic is the module, function or value of the manual that it is.
	Topic *manual.Topic
	// Type is its type without nil, which may be a union, or "" if it is unknown.
	Type spec.Type
	// Literal is the expression that wrote it out.
	Literal ast.Expr
	// Maybe is set if it may be nil as well.
	Maybe bool
	// Property is the property of a record that it is read from.
	Property *catalog.Property
	// Selected are the properties that its records come with, nil for all.
	Selected *Selection
	// choices are the values that it may be, nil if there is one only or they
	// are unknown.
	choices *[]Value
	// A table or a function of a module of the project is written out in another
	// file, which home knows. It has no Literal.
	foreign ast.Expr
	home    Tables
}

// From returns a value of another file, whose tables and functions home knows.
func (v Value) From(home Tables) Value {
	switch v.Literal.(type) {
	case *ast.TableExpr, *ast.FunctionExpr:
		v.foreign, v.home, v.Literal = v.Literal, home, nil
	}
	if v.choices != nil {
		choices := make([]Value, len(*v.choices))
		for i, choice := range *v.choices {
			choices[i] = choice.From(home)
		}
		v.choices = &choices
	}
	return v
}

// Lacks reports whether the value is a table of a module of the project that has nothing
// under a name, and returns the names that it has.
func (v Value) Lacks(name string) (names []string, lacks bool) {
	table, ok := v.foreign.(*ast.TableExpr)
	if !ok {
		return nil, false
	}
	names, known := v.home.Names(table)
	return names, known && !slices.Contains(names, name)
}

// Choices returns the values that the value may be: those that were assigned to
// a variable, or that a function of the script returns. Each is possible. A value
// with one choice is that choice; one that is unknown has none.
func (v Value) Choices() []Value {
	switch {
	case v.choices != nil:
		return *v.choices
	case v == Value{}:
		return nil
	}
	return []Value{v}
}

// Nothing is the type of the result of a function that returns nothing.
const Nothing spec.Type = "nothing"

// Selection is a part of a model's properties.
type Selection struct {
	Names []string
	// Fixed is the function that always returns these properties, "" if its
	// caller selects them.
	Fixed string
}

// Has reports whether records come with a property. They always have their id.
func (s *Selection) Has(name string) bool { return name == "_id" || slices.Contains(s.Names, name) }

// Of returns what a topic of the manual is as a value; nil is unknown.
func Of(t *manual.Topic) Value {
	switch {
	case t == nil, t.Kind == manual.KindTable, t.Kind == manual.KindProperty:
		return Value{}
	case t.Value != nil:
		return Value{Topic: t, Type: t.Value.Type}
	}
	return Value{Topic: t}
}

// Is reports whether the value is the module, function or value of the manual
// with that name.
func (v Value) Is(name string) bool { return v.Topic != nil && v.Topic.Name == name }

// IsModule reports whether the value is a module, a library or a model.
func (v Value) IsModule() bool {
	return v.Topic != nil && (v.Topic.Kind == manual.KindModule || v.Topic.Kind == manual.KindModel)
}

// IsFunction reports whether the value is a function of the manual.
func (v Value) IsFunction() bool { return v.Topic != nil && v.Topic.Func != nil }

// Function returns what calling the value does, or nil if the manual does not
// say.
func (v Value) Function() *spec.Func {
	switch {
	case v.IsFunction():
		return v.Topic.Func
	case v.IsModule():
		return v.Topic.Module.Call
	}
	return nil
}

// IsText reports whether the value is a string or nil.
func (v Value) IsText() bool { return v.Topic == nil && v.Type == "string" }

// IsNumber reports whether the value is a number or nil.
func (v Value) IsNumber() bool { return v.Topic == nil && (v.Type == "number" || v.Type == "integer") }

// IsList reports whether the value is a list.
func (v Value) IsList() bool { return v.Type.Element() != "" }

// IsIterator reports whether the value is a function that the manual describes
// by its type alone.
func (v Value) IsIterator() bool { return v.Type.Function() != nil }

// truth returns whether the value may count as false in a condition, and whether
// it may count as true.
func (v Value) truth() (maybeFalse, maybeTrue bool) {
	switch v.Literal.(type) {
	case *ast.NilExpr, *ast.FalseExpr:
		return true, false
	}
	if v.Type == "nil" || v.Type == Nothing {
		return true, false
	}
	if v.IsModule() || v.IsFunction() {
		return false, true
	}
	return v.Maybe || v.Type.Accepts(spec.Boolean), true
}

// alternatives returns the types that the value may have, nil excepted. An
// unknown value may be anything.
func (v Value) alternatives() []spec.Type {
	switch {
	case v.IsModule():
		return []spec.Type{spec.Type(v.Topic.Name)}
	case v.Type == "" || v.Type == Nothing:
		return []spec.Type{unknown}
	}
	return v.Type.Alternatives()
}

// unknown is the part of a union that may be anything.
const unknown spec.Type = "unknown"
