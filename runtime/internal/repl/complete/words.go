package complete

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/infer"
)

// context is a text and its cursor.
type context struct {
	engine *Engine
	before string
	offset int
	// tokens are those before the word at the cursor.
	tokens []compile.Token
}

// words adds what fits in place of a word.
func (c *context) words(l *list) {
	switch c.last() {
	case ".", ":":
		c.members(l, c.chain(len(c.tokens)-1))
	case "[":
		// What continues a name is not in quotes.
		if m := c.customOf(c.chain(len(c.tokens) - 1)); m != nil && l.prefix == "" {
			c.engine.customFields(l, m, inBrackets)
			return
		}
		c.names(l)
	case "function", "for", "local":
		// A new name: there is nothing to complete.
	default:
		if open, ok := c.opened(); ok && open.atKey && c.keys(l, open) {
			return
		}
		c.names(l)
	}
}

// last is the text of the token before the word, or "".
func (c *context) last() string {
	if len(c.tokens) == 0 {
		return ""
	}
	return c.tokens[len(c.tokens)-1].Text
}

// chain is the expression before the token at index end, such as
// "planhat.company" or "list[1].custom", without the dot.
func (c *context) chain(end int) string {
	opening := compile.Brackets(c.tokens)
	i := end
	for i > 0 {
		t := c.tokens[i-1]
		switch {
		case t.Text == ")" || t.Text == "]" || t.Text == "}":
			if i = opening[i-1]; i < 0 {
				return ""
			}
			continue
		case t.Kind == compile.Name || t.Kind == compile.String && i < end && c.tokens[i].Text == ".":
			i--
			if i > 0 && (c.tokens[i-1].Text == "." || c.tokens[i-1].Text == ":") {
				i--
				continue
			}
		}
		break
	}
	if i == end {
		return ""
	}
	return c.before[c.offset+c.tokens[i].Start : c.offset+c.tokens[end-1].End]
}

// names adds variables, modules, functions and keywords.
func (c *context) names(l *list) {
	e := c.engine
	for _, name := range e.Session.Locals() {
		l.add(Candidate{Text: name, Kind: KindVariable, value: e.Session.Local(name)})
	}
	for _, name := range c.declared() {
		l.add(Candidate{Text: name, Doc: "variable", Kind: KindVariable})
	}
	m := e.Manual
	for _, module := range m.Modules() {
		if strings.Contains(module.Name, ".") || module.Required {
			continue
		}
		l.add(Candidate{Text: module.Name, Doc: summary(module.Doc), Kind: KindModule})
	}
	e.moduleMembers(l, m.Globals())
	e.Session.Globals().ForEach(func(k, v lua.LValue) {
		if name, ok := k.(lua.LString); ok && spec.IsName(string(name)) && l.fits(string(name)) && !strings.HasPrefix(string(name), "__") {
			l.add(Candidate{Text: string(name), Kind: KindVariable, value: v})
		}
	})
	if l.prefix != "" {
		for _, word := range spec.Keywords() {
			l.add(Candidate{Text: word, Doc: "keyword", Kind: KindKeyword})
		}
	}
}

// declared are the names declared before the cursor.
func (c *context) declared() []string {
	var names []string
	for i, t := range c.tokens {
		if t.Text != "local" && t.Text != "for" && t.Text != "function" {
			continue
		}
		for _, next := range c.tokens[i+1:] {
			switch {
			case next.Kind == compile.Name:
				names = append(names, next.Text)
				continue
			case next.Text == "," || next.Text == "function" || next.Text == "(":
				continue
			}
			break
		}
	}
	return names
}

// members adds the known members of an expression's value.
func (c *context) members(l *list, expression string) {
	if expression == "" {
		return
	}
	e := c.engine
	if m := c.customOf(expression); m != nil {
		e.afterDot(l, m)
	}
	value, known := e.live(expression), e.valueOf(expression, c.tokens)
	if known.IsModule() && (value == nil || isModule(value, known.Topic.Module)) {
		e.moduleMembers(l, known.Topic.Module)
	}
	if value == lua.LNil && known == (infer.Value{}) {
		return
	}
	var model *catalog.Model
	types := known.Type.Alternatives()
	for _, typ := range types {
		if model == nil {
			model = e.Manual.Record(typ)
		}
	}
	if t, ok := value.(*lua.LTable); ok {
		if model == nil {
			model = e.guess(t)
		}
		e.fields(l, t, model)
	}
	if _, ok := value.(lua.LString); ok {
		if module := e.moduleNamed("string"); module != nil {
			e.moduleMembers(l, module)
		}
	}
	if model != nil {
		properties(l, model, "")
		e.ofRecord(l, model)
	}
	for _, typ := range types {
		for _, field := range e.Manual.Fields(typ) {
			l.add(Candidate{Text: field.Name, Doc: summary(field.Doc), Kind: KindField})
		}
	}
}

// isModule reports whether a value still is a module, not a variable of the same
// name.
func isModule(value lua.LValue, module *spec.Module) bool {
	t, ok := value.(*lua.LTable)
	return ok && (len(module.Funcs) == 0 || t.RawGetString(module.Funcs[0].Name).Type() == lua.LTFunction)
}

// moduleMembers adds the functions, values and parts of a module.
func (e *Engine) moduleMembers(l *list, module *spec.Module) {
	for _, f := range module.Funcs {
		l.add(Candidate{Text: f.Name, Doc: summary(f.Doc), Kind: KindFunction})
	}
	for _, v := range module.Values {
		l.add(Candidate{Text: v.Name, Doc: summary(v.Doc), Kind: KindValue})
	}
	for _, part := range module.Modules {
		name := part.Name[strings.LastIndexByte(part.Name, '.')+1:]
		l.add(Candidate{Text: name, Doc: summary(part.Doc), Kind: KindModel})
	}
}

// fields adds the raw fields of a table, and of the tables in its metatable's
// __index.
func (e *Engine) fields(l *list, t *lua.LTable, model *catalog.Model) {
	compile.Fill(t)
	for range deepestIndex {
		t.ForEach(func(k, v lua.LValue) {
			name, ok := k.(lua.LString)
			if !ok || !l.fits(string(name)) || !spec.IsName(string(name)) {
				return
			}
			candidate := Candidate{Text: string(name), Kind: KindField, value: v}
			if v.Type() == lua.LTFunction {
				candidate.Kind = KindFunction
			}
			if model != nil {
				if p := model.Property(string(name)); p != nil {
					candidate = Candidate{Text: string(name), Doc: propertyDoc(p), Kind: KindProperty}
				}
			}
			l.add(candidate)
		})
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			return
		}
		if t, ok = meta.RawGetString("__index").(*lua.LTable); !ok {
			return
		}
	}
}

// deepestIndex bounds how far __index is followed, which may be a cycle.
const deepestIndex = 20

// valueDoc describes a value in a few words.
func (e *Engine) valueDoc(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		text := string(v)
		if e.Hide != nil {
			text = e.Hide(text)
		}
		if runes := []rune(text); len(runes) > 40 {
			text = string(runes[:40]) + "…"
		}
		return fmt.Sprintf("%q", text)
	case lua.LNumber, lua.LBool, *lua.LNilType:
		return v.String()
	case *lua.LTable:
		if n := v.Len(); n > 0 {
			return fmt.Sprintf("a list of %d", n)
		}
		return "a table"
	}
	return "a " + v.Type().String()
}

func propertyDoc(p *catalog.Property) string {
	doc := string(p.Type)
	if p.Doc != "" {
		doc += ", " + strings.TrimRight(p.Doc, ".")
	}
	if p.ReadOnly {
		doc += " (read only)"
	}
	return summary(doc)
}

// summary is the first sentence of a text, without Markdown.
func summary(doc string) string {
	return strings.ReplaceAll(spec.Summary(doc), "`", "")
}
