package manual

import (
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Source is the text of a module written in Lua, which documents itself in
// comments.
type Source struct {
	Name, Text string
}

// definition matches what a comment may stand above: "function text.trim(s)",
// "function print(...)", "math.pi = 3.14" and "string = {}".
var definition = pattern.Lazy(`^(?:function\s+(?:\w+[.:])?(\w+)\s*\(([^)]*)\)|(?:(\w+)\.)?(\w+)\s*=)`)

// LuaModule returns what a module written in Lua says of itself, in the form of
// those written in Go.
func LuaModule(s Source) *bindings.Module { return parse(s)[0] }

// parse reads the comments that start with three dashes: the first block is
// the manual of the whole, each other one belongs to the definition below it.
// @param, @return, @type and @deprecated are written as in LuaCATS, one a line.
// A definition that stands above the functions of its name, such as
// "string = {}", begins a library of its own.
func parse(s Source) []*bindings.Module {
	m := &bindings.Module{Name: s.Name}
	libraries := []*bindings.Module{m}
	var block []string
	first := true
	for line := range strings.Lines(s.Text) {
		line = strings.TrimRight(line, "\r\n")
		if comment, ok := strings.CutPrefix(line, "---"); ok {
			block = append(block, strings.TrimPrefix(comment, " "))
			continue
		}
		if len(block) == 0 {
			continue
		}
		found := definition().FindStringSubmatch(line)
		e := newEntry(block)
		switch {
		case found != nil && found[1] != "":
			m.Funcs = append(m.Funcs, e.function(found[1], found[2]))
		case found != nil && e.typ != "":
			m.Values = append(m.Values, &bindings.Value{Name: found[4], Type: e.typ, Doc: e.doc})
		case found != nil && found[3] == "":
			m = &bindings.Module{Name: found[4], Doc: e.doc}
			libraries = append(libraries, m)
		case first:
			m.Doc = e.doc
		}
		first, block = false, nil
	}
	return libraries
}

// entry is what the comment above a definition says.
type entry struct {
	doc, typ, deprecated string
	params               []bindings.Param
	returns              []bindings.Return
}

func newEntry(block []string) *entry {
	e := &entry{}
	var doc []string
	for _, line := range block {
		switch tag, rest, _ := strings.Cut(line, " "); tag {
		case "@param":
			param, typ, _ := strings.Cut(rest, " ")
			e.params = append(e.params, bindings.Param{
				Name: strings.TrimSuffix(param, "?"), Type: typ, Optional: param == "..." || omissible(param, typ),
			})
		case "@return":
			e.returns = append(e.returns, returned(rest)...)
		case "@type":
			e.typ = rest
		case "@deprecated":
			e.deprecated = rest
		default:
			doc = append(doc, line)
		}
	}
	e.doc = strings.TrimSpace(strings.Join(doc, "\n"))
	return e
}

// function makes a spec of the comment above a function with that parameter
// list. A "..." that the comment leaves out takes anything.
func (e *entry) function(name, list string) *bindings.Func {
	f := &bindings.Func{Name: name, Doc: e.doc, Params: e.params, Returns: e.returns, Deprecated: e.deprecated}
	if strings.HasSuffix(strings.TrimSpace(list), "...") {
		f.Variadic = true
		if n := len(f.Params); n == 0 || f.Params[n-1].Name != "..." {
			f.Params = append(f.Params, bindings.Param{Name: "...", Type: "any", Optional: true})
		}
	}
	return f
}

// omissible reports whether an argument may be left out.
func omissible(param, typ string) bool {
	return strings.HasSuffix(param, "?") || strings.HasSuffix(typ, "?") || strings.HasSuffix(typ, "|nil")
}

// returned splits a list of types. Each may have a name behind it; a function
// type takes all that follows, since its own results are written the same way.
func returned(list string) []bindings.Return {
	var types []bindings.Return
	depth, start := 0, 0
	add := func(text string) {
		text = strings.TrimSpace(text)
		r := bindings.Return{Type: text}
		if typ, name, found := strings.Cut(text, " "); found && depth == 0 && !strings.ContainsAny(typ, "(<{") {
			r = bindings.Return{Type: typ, Doc: "The " + name + "."}
		}
		types = append(types, r)
	}
	for i, c := range list {
		switch c {
		case '(', '<', '{':
			depth++
		case ')', '>', '}':
			depth--
		case ',':
			if depth == 0 && !strings.HasPrefix(strings.TrimSpace(list[start:i]), "fun(") {
				add(list[start:i])
				start = i + 1
			}
		}
	}
	add(list[start:])
	return types
}
