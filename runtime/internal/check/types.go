package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
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

// model returns the model of a record type, or nil.
func (c *script) model(typ spec.Type) *catalog.Model {
	if typ == "" {
		return nil
	}
	if topic := c.manual.Topic(string(typ)); topic != nil && topic.Kind == manual.KindTable {
		return topic.Model
	}
	return nil
}

// fieldsOf returns the fields of a table type, or nil.
func (c *script) fieldsOf(typ spec.Type) []spec.Field {
	if typ == "" {
		return nil
	}
	if topic := c.manual.Topic(string(typ)); topic != nil && topic.Kind == manual.KindTable && topic.Shape != nil {
		return topic.Shape.Fields
	}
	return nil
}
