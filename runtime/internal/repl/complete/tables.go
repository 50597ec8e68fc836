package complete

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// open is the innermost bracket around the cursor.
type open struct {
	// fields are the valid options, otherwise typ is the type of the table;
	// both may be empty.
	fields []spec.Field
	typ    spec.Type
	// custom is the model whose custom fields the table holds, or nil.
	custom *catalog.Model
	// atKey is set if a field's name fits here, otherwise key is the field
	// whose value is being written.
	atKey bool
	key   string
	// call is the function being called, argument the position of the argument.
	call     *spec.Func
	argument int
}

// brackets are the indexes of those that are open at the cursor, innermost
// first.
func (c *context) brackets() []int {
	partner := compile.Brackets(c.tokens)
	var list []int
	for at := len(c.tokens) - 1; at >= 0; at-- {
		switch c.tokens[at].Text {
		case ")", "]", "}":
			if partner[at] >= 0 {
				at = partner[at]
			}
		case "(", "[", "{":
			list = append(list, at)
		}
	}
	return list
}

// opened describes the innermost bracket that is open at the cursor.
func (c *context) opened() (open, bool) {
	if list := c.brackets(); len(list) > 0 {
		return c.bracket(list[0])
	}
	return open{}, false
}

// bracket describes the open bracket at index at, as seen from the cursor or
// from a bracket inside it.
func (c *context) bracket(at int) (open, bool) {
	switch c.tokens[at].Text {
	case "(":
		o := open{call: c.function(at)}
		o.argument = len(c.parts(at)) - 1
		return o, o.call != nil
	case "{":
		o := c.table(at)
		o.atKey, o.key = c.position(at)
		return o, true
	}
	return open{}, false
}

// function returns the function called by the bracket at an index.
func (c *context) function(at int) *spec.Func {
	expression := c.chain(at)
	if expression == "" {
		return nil
	}
	call, ok := parse(expression + "()").(*ast.FuncCallExpr)
	if !ok {
		return nil
	}
	return c.engine.inference(c.tokens[:at]).Callee(call).Function()
}

// parts splits the tokens after the bracket at an index at the commas and
// semicolons that are not in nested brackets.
func (c *context) parts(at int) [][]compile.Token {
	inside := c.tokens[at+1:]
	partner := compile.Brackets(inside)
	var parts [][]compile.Token
	start := 0
	for i := 0; i < len(inside); i++ {
		switch {
		case partner[i] > i:
			i = partner[i]
		case inside[i].Text == "," || inside[i].Text == ";":
			parts = append(parts, inside[start:i])
			start = i + 1
		}
	}
	return append(parts, inside[start:])
}

// position reports whether the cursor is at the start of a field in the table
// that opens at an index, or which field's value it is in.
func (c *context) position(at int) (atKey bool, key string) {
	parts := c.parts(at)
	last := parts[len(parts)-1]
	return len(last) == 0, keyOf(last)
}

// table describes the table that opens at an index: an argument of a call, an
// item of a list, or the value of a field.
func (c *context) table(at int) open {
	if call := c.function(at); call != nil {
		return argument(call, 0)
	}
	before := *c
	before.tokens = c.tokens[:at]
	outer, ok := before.opened()
	switch {
	case !ok:
		return open{}
	case outer.call != nil:
		return argument(outer.call, outer.argument)
	case outer.atKey:
		return open{typ: outer.typ.Element()}
	}
	if m := c.engine.Manual.Record(outer.typ); m != nil && outer.key == customProperty {
		return open{custom: m}
	}
	for _, f := range outer.fields {
		if f.Name == outer.key {
			return open{typ: f.Type.NonNil()}
		}
	}
	return open{}
}

// argument describes a table that is the argument at a position.
func argument(call *spec.Func, i int) open {
	if i >= len(call.Params) {
		if !call.Variadic || len(call.Params) == 0 {
			return open{}
		}
		i = len(call.Params) - 1
	}
	p := call.Params[i]
	o := open{fields: p.Fields}
	if all := p.Type.Alternatives(); len(all) > 0 {
		o.typ = all[0]
	}
	return o
}

// keys adds the valid names of a field, and reports whether any are known.
func (c *context) keys(l *list, o open) bool {
	for _, f := range o.fields {
		l.add(Candidate{Text: f.Name + " = ", Label: f.Name, Doc: summary(f.Doc), Kind: KindOption})
	}
	model := c.engine.Manual.Record(o.typ)
	if model != nil {
		for _, p := range model.Properties {
			if !p.ReadOnly {
				l.add(Candidate{Text: p.Name + " = ", Label: p.Name, Doc: propertyDoc(p), Kind: KindProperty})
			}
		}
	}
	if o.custom != nil && c.engine.Schema != nil {
		c.engine.customFields(l, o.custom, asKey)
	}
	return len(o.fields) > 0 || model != nil || o.custom != nil && len(c.engine.Schema.Custom(o.custom)) > 0
}
