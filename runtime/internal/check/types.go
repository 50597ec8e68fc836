package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// knowledge is what can be told about a value without running the script.
type knowledge struct {
	// topic is the module, function or value of the manual that it is.
	topic *manual.Topic
	// typ is its type, "" where it is not known. "nothing"
	// is the result of a function that has none.
	typ spec.Type
	// literal is the expression in the script that wrote it out.
	literal ast.Expr
	// maybe holds where it may be nil as well.
	maybe bool
	// property is the property of a record that it is read from.
	property *catalog.Property
	// selected are the properties that its records come with, nil where that is
	// all of them.
	selected *selection
}

// nothing is the type of the result of a function without results.
const nothing spec.Type = "nothing"

func (c *script) isText(e ast.Expr) bool {
	k := c.infer(e)
	return k.topic == nil && k.typ == "string"
}

// topicValue is what a topic of the manual is as a value.
func (c *script) topicValue(t *manual.Topic) knowledge {
	switch {
	case t == nil:
		return knowledge{}
	case t.Value != nil:
		return knowledge{topic: t, typ: t.Value.Type}
	case t.Kind == manual.KindTable || t.Kind == manual.KindProperty:
		return knowledge{}
	}
	return knowledge{topic: t}
}

// isModule holds for modules, libraries and models.
func (k knowledge) isModule() bool {
	return k.topic != nil && (k.topic.Kind == manual.KindModule || k.topic.Kind == manual.KindModel)
}

// function returns the spec of a function of the manual, or nil.
func (k knowledge) function() *spec.Func {
	switch {
	case k.topic == nil:
		return nil
	case k.topic.Func != nil:
		return k.topic.Func
	case k.isModule():
		return k.topic.Module.Call
	}
	return nil
}

// typed makes knowledge of a type in a spec. Alternatives but for nil leave it
// open.
func typed(typ spec.Type) knowledge {
	return knowledge{typ: typ.Only(), maybe: typ.Nilable() && typ.NonNil() != typ}
}

// parameterValue is the value of a parameter of a function that is written as an
// argument of a function that goes through a list, as in
// tables.filter(companies, function(company) ... end).
func (c *script) parameterValue(v *flow.Variable) knowledge {
	fn := v.Fn.Expr
	call := c.flow.GivenTo[fn]
	if fn == nil || call == nil {
		return knowledge{}
	}
	callee := c.callee(call)
	f := callee.function()
	if f == nil || len(f.Params) == 0 || f.Params[0].Name != "list" || call.Func == nil {
		return knowledge{}
	}
	at, place := slices.Index(call.Args, ast.Expr(fn)), slices.Index(fn.ParList.Names, v.Name)
	if at < 1 || at >= len(f.Params) || place < 0 {
		return knowledge{}
	}
	if callee.topic.Name != "table.sort" && !takesItem(f.Params[at].Type, place) {
		return knowledge{}
	}
	k := c.element(c.infer(call.Args[0]))
	k.maybe = false
	return k
}

// takesItem reports whether functions of a type, such as
// string|fun(item: any, index: integer): any, take an item of the list at a
// place.
func takesItem(typ spec.Type, place int) bool {
	return slices.ContainsFunc(typ.Alternatives(), func(one spec.Type) bool {
		f := one.Function()
		return f != nil && place < len(f.Params) && f.Params[place].Name == "item"
	})
}
