package reference

import (
	"regexp"
	"strings"

	"github.com/phscript/phscript/bindings"
)

// luaModule is what the comments of a module written in Lua say.
type luaModule struct {
	doc   string
	funcs []*bindings.Func
}

// definition matches a public function: function text.trim(s).
var definition = regexp.MustCompile(`^function\s+\w+[.:](\w+)\s*\(([^)]*)\)`)

// parse reads the comments that start with three dashes: the first block is
// the module's manual, each other one belongs to the function below it.
// @param and @return are written as in LuaCATS, one a line.
func parse(source string) luaModule {
	var m luaModule
	var block []string
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\r\n")
		if comment, ok := strings.CutPrefix(line, "---"); ok {
			block = append(block, strings.TrimPrefix(comment, " "))
			continue
		}
		if len(block) == 0 {
			continue
		}
		if found := definition.FindStringSubmatch(line); found != nil {
			m.funcs = append(m.funcs, newLuaFunc(found[1], block))
		} else if m.doc == "" && len(m.funcs) == 0 {
			m.doc = strings.Join(block, "\n")
		}
		block = nil
	}
	return m
}

// newLuaFunc reads the comment above a function.
func newLuaFunc(name string, block []string) *bindings.Func {
	f := &bindings.Func{Name: name}
	var doc []string
	for _, line := range block {
		switch tag, rest, _ := strings.Cut(line, " "); tag {
		case "@param":
			param, typ, _ := strings.Cut(rest, " ")
			f.Params = append(f.Params, bindings.Param{
				Name: strings.TrimSuffix(param, "?"), Type: typ, Optional: param != "..." && omissible(param, typ),
			})
		case "@return":
			f.Returns = append(f.Returns, bindings.Return{Type: rest})
		default:
			doc = append(doc, line)
		}
	}
	f.Doc = strings.TrimSpace(strings.Join(doc, "\n"))
	return f
}

// omissible reports whether an argument may be left out.
func omissible(param, typ string) bool {
	return strings.HasSuffix(param, "?") || strings.HasSuffix(typ, "?") || strings.HasSuffix(typ, "|nil")
}

// Source returns the page of a module written in Lua.
func (b *Book) Source(s Source) string {
	parsed := parse(s.Text)
	p := b.newPage(modulePath(s.Name))
	p.printf("# %s\n\n", s.Name)
	p.paragraph(parsed.doc)
	p.paragraph("It is written in Lua and comes with phscript. It is no global: require it.")
	m := &bindings.Module{Name: s.Name, Funcs: parsed.funcs}
	p.contents(m)
	p.body(m)
	return p.finish()
}
