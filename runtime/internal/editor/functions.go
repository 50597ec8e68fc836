package editor

import (
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// function writes one function, held by the given variable, "" for a global.
// Those of planhat and its parts may be called with a colon as well.
func (d *definer) function(s *source, module, variable string, f *bindings.Func) {
	name := f.Name
	if variable != "" {
		name = variable + "." + f.Name
	}
	options := d.options(s, module, f)
	s.printf("\n")
	s.comment(f.Doc)
	if f.Errors != "" {
		s.printf("---\n")
		s.comment("Raises an error: " + f.Errors)
	}
	if f.Example != "" {
		s.printf("---\n")
		s.comment("```lua\n" + f.Example + "\n```")
	}
	if f.Deprecated != "" {
		s.printf("---@deprecated %s\n", f.Deprecated)
	}
	params := parameters(f, options)
	for _, p := range params {
		s.printf("---@param %s %s%s\n", p.name, p.typ, note(p.doc))
	}
	for _, r := range f.Returns {
		s.printf("---@return %s%s\n", r.Type, note(r.Doc))
	}
	if withColon(module) {
		s.printf("---@overload %s\n", funType(f, module, options))
	}
	var names []string
	for _, p := range params {
		names = append(names, strings.TrimSuffix(p.name, "?"))
	}
	s.printf("function %s(%s) end\n", name, strings.Join(names, ", "))
}

// withColon reports whether the functions of a module are documented to be
// called with a colon too.
func withColon(module string) bool {
	return module == "planhat" || strings.HasPrefix(module, "planhat.")
}

// parameter is a parameter as an annotation writes it.
type parameter struct{ name, typ, doc string }

// parameters lists a function's parameters. options is the class of its options
// table, "" where it has none of its own.
func parameters(f *bindings.Func, options string) []parameter {
	var list []parameter
	for i, p := range f.Params {
		one := parameter{p.Name, p.Type, p.Doc}
		if len(p.Fields) > 0 && p.Type == "table" && options != "" {
			one.typ = options
		}
		switch {
		case f.Variadic && i == len(f.Params)-1:
			one.name = "..."
			one.typ = needed(one.typ)
		case p.Optional:
			one.name += "?"
			one.typ = needed(one.typ)
		}
		one.typ = enclosed(one.typ)
		list = append(list, one)
	}
	return list
}

// needed is a type without the mark of one that may be absent. The mark at the
// end of a function's type belongs to what it returns.
func needed(typ string) string {
	if strings.Contains(typ, "fun(") {
		return typ
	}
	return strings.TrimSuffix(typ, "?")
}

// enclosed puts a function's type into parentheses, so that what follows it is
// not taken for more of its results.
func enclosed(typ string) string {
	for at := 0; ; {
		next := strings.Index(typ[at:], "fun(")
		if next < 0 {
			return typ
		}
		at += next
		if at == 0 || typ[at-1] == '|' {
			return typ[:at] + "(" + typ[at:] + ")"
		}
		at++
	}
}

// options writes the class of a function's options table, where no other place
// describes it, and returns its name.
func (d *definer) options(s *source, module string, f *bindings.Func) string {
	for _, p := range f.Params {
		if len(p.Fields) == 0 || p.Type != "table" {
			continue
		}
		name := strings.TrimPrefix(module+"."+f.Name+"."+p.Name, ".")
		shape := &bindings.Shape{Name: name, Doc: "What `" + strings.TrimPrefix(module+"."+f.Name, ".") + "` takes as `" + p.Name + "`."}
		shape.Fields = p.Fields
		d.taken[name] = true
		d.shape(s, shape)
		return name
	}
	return ""
}

// funType writes a function as a type, with the table that it is called on as
// its first parameter.
func funType(f *bindings.Func, self, options string) string {
	var params, returns []string
	if options != "" || withColon(self) {
		params = append(params, "self: "+self)
	}
	for _, p := range parameters(f, options) {
		params = append(params, p.name+": "+p.typ)
	}
	for _, r := range f.Returns {
		returns = append(returns, enclosed(r.Type))
	}
	text := "fun(" + strings.Join(params, ", ") + ")"
	if len(returns) > 0 {
		text += ": " + strings.Join(returns, ", ")
	}
	return text
}

// link matches Markdown's links, which lead nowhere from an editor.
var link = pattern.Lazy(`\[([^\]]+)\]\([^)\s]*\)`)

// comment writes a text as the comment above a definition.
func (s *source) comment(text string) {
	text = link().ReplaceAllString(strings.TrimSpace(text), "$1")
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "@") || strings.HasPrefix(line, "|") {
			line = " " + line // not an annotation
		}
		s.printf("---%s\n", strings.TrimRight(line, " \r"))
	}
}

// note is what stands behind a type: a text on one line.
func note(doc string) string {
	doc = link().ReplaceAllString(strings.Join(strings.Fields(doc), " "), "$1")
	if doc == "" {
		return ""
	}
	return " # " + doc
}
