package complete

import (
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// inString completes inside an unterminated string.
func (c *context) inString(last compile.Token) Result {
	quote := last.Text[:1]
	typed := last.Text[1:]
	start := c.offset + last.Start + 1
	l := newList(typed)
	l.start = start
	c.tokens = c.tokens[:len(c.tokens)-1]
	e := c.engine
	o, _ := c.opened()
	if c.last() == "require" || o.call != nil && o.call.Name == "require" {
		for _, m := range e.Manual.Modules() {
			if !strings.Contains(m.Name, ".") {
				l.add(Candidate{Text: m.Name + quote, Label: m.Name, Doc: summary(m.Doc), Kind: KindModule})
			}
		}
		return l.result()
	}
	if o.call != nil && o.call == e.function("planhat.model") && o.argument == 0 {
		for _, name := range e.Manual.ModelNames() {
			l.add(Candidate{Text: name + quote, Label: name, Doc: summary(e.Manual.ModelModule(name).Doc), Kind: KindModel})
		}
		return l.result()
	}
	if c.tenantString(l, o, quote) {
		return l.result()
	}
	model, option := c.listing(o)
	switch {
	case model != nil && option == "sort":
		if rest, descending := strings.CutPrefix(typed, "-"); descending {
			l = newList(rest)
			l.start = start + 1
		}
		properties(l, model, quote)
		e.customFields(l, model, func(name string) (text, label string) { return "custom." + escaped(name) + quote, "custom." + name })
	case model != nil && (option == "select" || option == "columns"):
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			l = newList(typed[i+1:])
			l.start, quote = start+i+1, ""
		}
		properties(l, model, quote)
		e.customFields(l, model, func(name string) (text, label string) { return "custom." + escaped(name) + quote, "custom." + name })
	default:
		if m := e.Manual.Record(o.typ); m != nil && o.key != "" {
			if p := m.Property(o.key); p != nil && len(p.Enum) > 0 {
				for _, value := range p.Enum {
					l.add(Candidate{Text: value + quote, Label: value, Doc: "a value of " + p.Name, Kind: KindValue})
				}
				return l.result()
			}
		}
		e.files(l, typed, start, quote)
	}
	return l.result()
}

// function is a function of the manual, or nil.
func (e *Engine) function(name string) *spec.Func {
	if t := e.Manual.Topic(name); t != nil {
		return t.Func
	}
	return nil
}

func properties(l *list, model *catalog.Model, end string) {
	for _, p := range model.Properties {
		l.add(Candidate{Text: p.Name + end, Label: p.Name, Doc: propertyDoc(p), Kind: KindProperty})
	}
}

// listing returns the model whose records a call lists, and the option, select
// or sort, that the cursor is in.
func (c *context) listing(o open) (model *catalog.Model, option string) {
	option = o.key
	for _, at := range c.brackets() {
		if c.tokens[at].Text != "{" {
			continue
		}
		inner := *c
		inner.tokens = c.tokens[:at]
		if f := inner.function(at); f != nil {
			return c.engine.lists(f), option
		}
		if parent, ok := inner.opened(); ok {
			if parent.call != nil {
				return c.engine.lists(parent.call), option
			}
			if parent.key != "" {
				option = parent.key
			}
		}
	}
	return nil, ""
}

// lists returns the model that a function lists, or nil.
func (e *Engine) lists(f *spec.Func) *catalog.Model {
	if len(f.Returns) == 0 {
		return nil
	}
	for i := range f.Params {
		// An export returns no records, but shows them to a function.
		if where := f.Params[i].Field("where"); where != nil && where.Type.Function() != nil && len(where.Type.Function().Params) > 0 {
			return e.Manual.Record(where.Type.Function().Params[0].Type)
		}
	}
	returned := f.Returns[0].Type
	if model := e.Manual.Record(returned.Element()); model != nil {
		return model
	}
	return e.Manual.Record(returned.Result(0).NonNil())
}
