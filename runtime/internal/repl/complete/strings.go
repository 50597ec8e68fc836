package complete

import (
	"slices"
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
		e.projectModules(l, typed, quote)
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
		name, values, file := c.meant(o, typed)
		for _, value := range values {
			l.add(Candidate{Text: escaped(value) + quote, Label: value, Doc: "a value of " + name, Kind: KindValue})
		}
		if file {
			e.files(l, typed, start, quote)
		}
	}
	return l.result()
}

// field is the option whose value is being written, or nil.
func (o *open) field() *spec.Field {
	for i := range o.fields {
		if o.fields[i].Name == o.key {
			return &o.fields[i]
		}
	}
	return nil
}

// luaFiles are Lua's own functions that take names of files only.
var luaFiles = []string{"dofile", "loadfile", "io.open", "io.lines", "io.input", "io.output", "os.remove", "os.rename"}

// meant returns the name and the values of the option or the argument that the string at
// the cursor is, if it takes only some, and whether it names a file. If nothing is known
// about it, it does if a folder was typed.
func (c *context) meant(o open, typed string) (name string, values []string, file bool) {
	e := c.engine
	call, argument := o.call, o.argument
	if bare := c.function(len(c.tokens)); bare != nil { // csv.rows "name"
		call, argument = bare, 0
	}
	switch f := o.field(); {
	case f != nil:
		return f.Name, f.Values, f.File
	case call != nil && slices.ContainsFunc(luaFiles, func(name string) bool { return call == e.function(name) }):
		return "", nil, argument == 0 || call.Name == "rename"
	case call != nil && argument < len(call.Params):
		p := &call.Params[argument]
		return p.Name, p.Values, p.File
	case call != nil, len(o.fields) > 0, o.custom != nil, e.Manual.Record(o.typ) != nil, e.Manual.Record(o.typ.Element()) != nil:
		return "", nil, false
	}
	return "", nil, strings.Contains(typed, "/")
}

// The folder in which modules of a project are, and how deep and how many are looked for.
const (
	moduleFolder  = "lib"
	deepestModule = 8
	mostFolders   = 200
)

// projectModules adds the modules below lib, and those of another folder once its name is
// typed, by the names to require them by. Tests are not modules.
func (e *Engine) projectModules(l *list, typed, end string) {
	left := mostFolders
	e.modulesIn(l, moduleFolder, deepestModule, &left, end)
	if i := strings.LastIndexByte(typed, '.'); i > 0 && typed[:i] != moduleFolder && !strings.HasPrefix(typed, moduleFolder+".") {
		left = 1
		e.modulesIn(l, typed[:i], 1, &left, end)
	}
}

// modulesIn adds the modules of a folder and of those in it, down to a depth. The folder is
// written as modules are: lib.reports.
func (e *Engine) modulesIn(l *list, folder string, depth int, left *int, end string) {
	if *left--; depth == 0 || *left < 0 {
		return
	}
	path := strings.ReplaceAll(folder, ".", "/")
	names, err := e.Session.ReadDir(path)
	if err != nil {
		return
	}
	for _, name := range names {
		within, isFolder := strings.CutSuffix(name, "/")
		module, isModule := strings.CutSuffix(name, ".lua")
		switch {
		case !isFolder && !isModule || strings.Contains(strings.TrimSuffix(within, ".lua"), ".") || !printable(name):
			// A name with a dot in it would be that of a folder.
		case isFolder:
			e.modulesIn(l, folder+"."+within, depth-1, left, end)
		case name == "init.lua":
			l.add(Candidate{Text: folder + end, Label: folder, Doc: path + "/" + name, Kind: KindModule})
		case !strings.HasSuffix(module, "_test"):
			module = folder + "." + module
			l.add(Candidate{Text: module + end, Label: module, Doc: path + "/" + name, Kind: KindModule})
		}
	}
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
