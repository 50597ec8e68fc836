package complete

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// customProperty is the property that holds the custom fields of a record.
const customProperty = "custom"

// recordOf returns the model of the record that an expression is, as far as its type or its
// value tells, or nil.
func (c *context) recordOf(expr ast.Expr) *catalog.Model {
	e := c.engine
	for _, typ := range e.inference(c.tokens).Value(expr).Type.Alternatives() {
		if m := e.Manual.Record(typ); m != nil {
			return m
		}
	}
	if t, ok := e.value(expr).(*lua.LTable); ok {
		return e.guess(t)
	}
	return nil
}

// property returns the model and the name of the property that an expression reads, or nil.
func (c *context) property(expression string) (m *catalog.Model, owner ast.Expr, name string) {
	read, ok := parse(expression).(*ast.AttrGetExpr)
	if !ok {
		return nil, nil, ""
	}
	key, ok := read.Key.(*ast.StringExpr)
	if !ok {
		return nil, nil, ""
	}
	return c.recordOf(read.Object), read.Object, key.Value
}

// customOf returns the model whose custom fields an expression holds, or nil.
func (c *context) customOf(expression string) *catalog.Model {
	if c.engine.Schema == nil || expression == "" {
		return nil
	}
	m, _, name := c.property(expression)
	if name == customProperty {
		return m
	}
	// A variable that was given the custom fields of a record.
	if p := c.engine.valueOf(expression, c.tokens).Property; p != nil && p.Name == customProperty {
		for _, m := range c.engine.Manual.Catalog().Models {
			if m.Property(customProperty) == p {
				return m
			}
		}
	}
	return nil
}

// customFields adds the custom fields of a model, each in a form, unless that is "".
func (e *Engine) customFields(l *list, m *catalog.Model, form func(name string) (text, label string)) {
	for _, f := range e.Schema.Custom(m) {
		if !printable(f.Name) {
			continue
		}
		if text, label := form(f.Name); text != "" {
			l.add(Candidate{Text: text, Label: label, Doc: fieldDoc(f), Kind: KindProperty})
		}
	}
}

// printable reports whether a terminal shows a text as it is. Others come from a file that
// somebody has changed.
func printable(text string) bool { return display.OneLine(text) == text }

// fieldDoc describes a custom field.
func fieldDoc(f *schema.Field) string {
	doc := "custom field, " + f.Type
	if marks := f.Marks(); len(marks) > 0 {
		doc += ", " + strings.Join(marks, ", ")
	}
	return doc
}

// afterDot offers the custom fields of a model after a dot. Those that cannot follow it
// replace it with brackets.
func (e *Engine) afterDot(l *list, m *catalog.Model) {
	e.customFields(l, m, func(name string) (text, label string) {
		if spec.IsName(name) {
			return name, name
		}
		l.add(Candidate{Text: "[" + schema.Quoted(name) + "]", Label: name, Doc: fieldDoc(e.Schema.Field(m, name)), Kind: KindProperty, Back: len(".")})
		return "", ""
	})
}

// inBrackets offers fields as they are written after an opening bracket.
func inBrackets(name string) (text, label string) { return schema.Quoted(name) + "]", name }

// asKey offers fields as keys of a table.
func asKey(name string) (text, label string) {
	if spec.IsName(name) {
		return name + " = ", name
	}
	return "[" + schema.Quoted(name) + "] = ", name
}

// ofRecord offers the custom fields of a record together with custom, once that is begun:
// custom.Tier, custom["Next Review"].
func (e *Engine) ofRecord(l *list, m *catalog.Model) {
	if l.prefix == "" || e.Schema == nil {
		return
	}
	e.customFields(l, m, func(name string) (text, label string) { return schema.Access(name), schema.Access(name) })
}

// valuesOf adds the values that the account has for a property of a model, and reports
// whether there are any.
func (e *Engine) valuesOf(l *list, m *catalog.Model, name, quote string) bool {
	p := m.Property(name)
	if e.Schema == nil || p == nil {
		return false
	}
	if schema.RefersToUsers(p) {
		return e.users(l, quote)
	}
	known := e.Schema.Known(m, name)
	for _, value := range known {
		if printable(value) {
			l.add(Candidate{Text: escaped(value) + quote, Label: value, Doc: "a " + name + " of the account", Kind: KindValue})
		}
	}
	return len(known) > 0
}

func (e *Engine) users(l *list, quote string) bool {
	for i := range e.Schema.Users {
		if u := &e.Schema.Users[i]; !u.Inactive && printable(u.ID+u.Name) {
			l.add(Candidate{Text: u.ID + quote, Label: u.ID, Doc: u.Name, Kind: KindValue})
		}
	}
	return len(e.Schema.Users) > 0
}

// customValues adds the values of a custom field, and reports whether there are any.
func (e *Engine) customValues(l *list, m *catalog.Model, name, quote string) bool {
	if e.Schema == nil || m == nil {
		return false
	}
	f := e.Schema.Field(m, name)
	switch {
	case f == nil:
		return false
	case f.Users():
		return e.users(l, quote)
	}
	for _, value := range f.Values {
		if printable(value) {
			l.add(Candidate{Text: escaped(value) + quote, Label: value, Doc: "a value of " + name, Kind: KindValue})
		}
	}
	return len(f.Values) > 0
}

// tenantString offers what the account has inside of a string: a custom field in brackets,
// and values after a comparison and of fields of tables. It reports whether it offered any.
func (c *context) tenantString(l *list, o open, quote string) bool {
	e := c.engine
	if e.Schema == nil {
		return false
	}
	switch last := c.last(); {
	case last == "[":
		if m := c.customOf(c.chain(len(c.tokens) - 1)); m != nil {
			e.customFields(l, m, func(name string) (text, label string) { return escaped(name) + quote + "]", name })
			return true
		}
		if o, ok := c.before1().opened(); ok && o.custom != nil && o.atKey {
			e.customFields(l, o.custom, func(name string) (text, label string) { return escaped(name) + quote + "] = ", name })
			return true
		}
		return false
	case last == "==" || last == "~=":
		m, owner, name := c.property(c.chain(len(c.tokens) - 1))
		if m != nil {
			return e.valuesOf(l, m, name, quote)
		}
		if owner != nil {
			return e.customValues(l, c.customOfExpr(owner), name, quote)
		}
		return false
	case o.custom != nil && o.key != "":
		return e.customValues(l, o.custom, o.key, quote)
	}
	if m := e.Manual.Record(o.typ); m != nil && o.key != "" {
		return e.valuesOf(l, m, o.key, quote)
	}
	return false
}

// customOfExpr is customOf for an expression that was parsed.
func (c *context) customOfExpr(expr ast.Expr) *catalog.Model {
	if read, ok := expr.(*ast.AttrGetExpr); ok {
		if key, ok := read.Key.(*ast.StringExpr); ok && key.Value == customProperty {
			return c.recordOf(read.Object)
		}
	}
	return nil
}

// before1 is the context before the last token.
func (c *context) before1() *context {
	before := *c
	before.tokens = c.tokens[:len(c.tokens)-1]
	return &before
}

// escaped is a name as it is written between quotes.
func escaped(name string) string {
	quoted := schema.Quoted(name)
	return quoted[1 : len(quoted)-1]
}

// keyOf returns the field whose value begins in the tokens of a table's field, or "".
func keyOf(tokens []compile.Token) string {
	switch {
	case len(tokens) >= 2 && tokens[0].Kind == compile.Name && tokens[1].Text == "=":
		return tokens[0].Text
	case len(tokens) >= 4 && tokens[0].Text == "[" && tokens[1].Kind == compile.String && tokens[2].Text == "]" && tokens[3].Text == "=":
		if text, ok := parse(tokens[1].Text).(*ast.StringExpr); ok {
			return text.Value
		}
	}
	return ""
}
