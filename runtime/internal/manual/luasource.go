package manual

import (
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// definition matches what a comment can document: "function text.trim(s)",
// "function print(...)" and "math.pi = 3.14".
var definition = pattern.Lazy(`^(?:function\s+(?:\w+[.:])?(\w+)\s*\(([^)]*)\)|(?:\w+\.)?(\w+)\s*=)`)

// LuaModule returns the spec of a module written in Lua. It reads comments that
// start with three dashes: the first block documents the module, each other one
// the definition below it. @param, @return, @type and @deprecated are written as
// in LuaCATS, one per line.
func LuaModule(name, text string) *spec.Module {
	m := &spec.Module{Name: name, Required: true}
	var block []string
	first := true
	for line := range strings.Lines(text) {
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
			m.Values = append(m.Values, &spec.Value{Name: found[3], Type: e.typ, Doc: e.doc})
		case first:
			m.Doc = e.doc
		}
		first, block = false, nil
	}
	return m
}

// entry is the comment above a definition.
type entry struct {
	doc, deprecated string
	typ             spec.Type
	params          []spec.Param
	returns         []spec.Return
}

func newEntry(block []string) *entry {
	e := &entry{}
	var doc []string
	for _, line := range block {
		switch tag, rest, _ := strings.Cut(line, " "); tag {
		case "@param":
			name, rest, _ := strings.Cut(rest, " ")
			p := spec.Param{Name: strings.TrimSuffix(name, "?")}
			p.Type, p.Doc = typeAndText(rest)
			p.Optional = name == "..." || name != p.Name || p.Type != p.Type.NonNil()
			e.params = append(e.params, p)
		case "@return":
			e.returns = append(e.returns, returned(rest)...)
		case "@type":
			e.typ, _ = typeAndText(rest)
		case "@deprecated":
			e.deprecated = rest
		default:
			doc = append(doc, line)
		}
	}
	e.doc = strings.TrimSpace(strings.Join(doc, "\n"))
	return e
}

// function makes a spec from the comment above a function with these
// parameters. An undocumented "..." takes anything.
func (e *entry) function(name, list string) *spec.Func {
	f := &spec.Func{Name: name, Doc: e.doc, Params: e.params, Returns: e.returns, Deprecated: e.deprecated}
	if strings.HasSuffix(strings.TrimSpace(list), "...") {
		f.Variadic = true
		if n := len(f.Params); n == 0 || f.Params[n-1].Name != "..." {
			f.Params = append(f.Params, spec.Param{Name: "...", Type: "any", Optional: true})
		}
	}
	return f
}

// typeAndText reads a type and its description. It keeps a type that does not
// parse, for spec.Module.Validate to report.
func typeAndText(text string) (spec.Type, string) {
	typ, rest, err := spec.Cut(text)
	if err != nil {
		return spec.Type(text), ""
	}
	return typ, strings.TrimSpace(strings.TrimPrefix(rest, "#"))
}

// result matches the optional name after a type, and what follows: text, or the
// next result. A capital letter begins text.
var result = pattern.Lazy(`^([a-z_]\w*)?\s*(?:,(.*)|(.*))$`)

// returned reads results: types with an optional name each, and text on the
// last one, as in "string name, integer? age In years.".
func returned(list string) []spec.Return {
	var all []spec.Return
	for list != "" {
		typ, rest := typeAndText(list)
		found := result().FindStringSubmatch(rest)
		r := spec.Return{Type: typ, Doc: strings.TrimSpace(strings.TrimPrefix(found[3], "#"))}
		if r.Doc == "" && found[1] != "" {
			r.Doc = "The " + found[1] + "."
		}
		all = append(all, r)
		list = found[2]
	}
	return all
}
