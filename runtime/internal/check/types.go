package check

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// knowledge is what can be told about a value without running the script.
type knowledge struct {
	// topic is the module, function or value of the manual that it is.
	topic *manual.Topic
	// typ is its type as specs write it, "" where it is not known. "nothing"
	// is the result of a function that has none.
	typ string
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
const nothing = "nothing"

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
func (k knowledge) function() *bindings.Func {
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

// isTypeName tells whether a name is one of Lua's types, some of which are
// libraries as well.
func isTypeName(name string) bool {
	switch name {
	case "string", "table", "number", "integer", "boolean", "function", "nil", "any", "thread", "userdata":
		return true
	}
	return false
}

// typed makes knowledge of a type in a spec. Alternatives but for nil leave it
// open.
func typed(typ string) knowledge {
	k := knowledge{}
	// A function type holds the alternatives of its own results.
	if strings.HasPrefix(typ, "fun(") {
		return knowledge{typ: typ}
	}
	var kinds []string
	for one := range strings.SplitSeq(typ, "|") {
		one = strings.TrimSpace(one)
		if rest, ok := strings.CutSuffix(one, "?"); ok {
			one, k.maybe = rest, true
		}
		if one == "nil" {
			k.maybe = true
			continue
		}
		kinds = append(kinds, one)
	}
	if len(kinds) == 1 && kinds[0] != "any" {
		k.typ = kinds[0]
	}
	return k
}

// model returns the model of a record type, or nil.
func (c *script) model(typ string) *catalog.Model {
	if typ == "" {
		return nil
	}
	if topic := c.manual.Topic(typ); topic != nil && topic.Kind == manual.KindTable {
		return topic.Model
	}
	return nil
}

// fieldsOf returns the fields of a table type, or nil.
func (c *script) fieldsOf(typ string) []bindings.Field {
	if typ == "" {
		return nil
	}
	if topic := c.manual.Topic(typ); topic != nil && topic.Kind == manual.KindTable && topic.Shape != nil {
		return topic.Shape.Fields
	}
	return nil
}
