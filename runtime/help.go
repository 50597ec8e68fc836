package runtime

import (
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// helpFunc is the global help. It is opened when a script first names it, and
// the manual is read when it is first called.
func helpFunc() *bindings.Func {
	return &bindings.Func{
		Name: "help",
		Doc: "Prints what there is to know about a module, a model, a function or a value. " +
			"A text is taken for a name, such as `csv.rows`, or for words to look for. Without an argument, it lists everything there is.",
		Params:  []bindings.Param{{Name: "topic", Type: "any", Optional: true, Doc: "The thing itself, its name in quotes, or words."}},
		Example: "help(planhat.company)\nhelp(\"csv.rows\")\nhelp(\"import csv\")",
		Call: func(a *bindings.Args) (int, error) {
			r := running(a.Context())
			text := r.overview()
			if a.Len() > 0 {
				text = r.explain(a.Get(0))
			}
			_, err := io.WriteString(r.stdout, text)
			return 0, err
		},
	}
}

// pages says how help is set. Who reads it in a script asks further in the same
// way.
func (r *run) pages() manual.PageOptions {
	o := r.rt.opts.Help
	if o.Ask == "" {
		o.Ask = `help("%s")`
	}
	return o
}

func (r *run) overview() string { return r.rt.Manual().Overview(r.pages()) }

// explain returns what help prints for a value.
func (r *run) explain(v lua.LValue) string {
	m := r.rt.Manual()
	if name, ok := v.(lua.LString); ok {
		return r.lookUp(strings.TrimSpace(string(name)))
	}
	if t := r.topicOf(v); t != nil {
		return m.Page(t, r.pages())
	}
	return r.describe(v)
}

// lookUp returns what the manual has about a name or words.
func (r *run) lookUp(name string) string {
	if name == "" {
		return r.overview()
	}
	m := r.rt.Manual()
	return m.Show(m.Ask(name), r.pages())
}

// globalFunction returns a function that is a global by itself, such as help,
// or nil.
func (r *run) globalFunction(name string) lua.LValue {
	for _, fn := range globals().Funcs {
		if fn.Name == name {
			return bindings.Open(r.L, r.host.modules, globals()).RawGetString(name)
		}
	}
	return lua.LNil
}

// topicOf returns the topic that is the value itself: a module, a model or a
// function that the script has got from one. It is nil for everything else.
func (r *run) topicOf(v lua.LValue) *manual.Topic {
	switch v.(type) {
	case *lua.LTable, *lua.LFunction, *lua.LUserData:
	default:
		return nil
	}
	m := r.rt.Manual()
	for _, module := range m.Modules() {
		if t, ok := r.opened(module.Name).(*lua.LTable); ok {
			if name := nameIn(module, t, v); name != "" {
				return m.Topic(name)
			}
		}
	}
	globals := m.Globals()
	return m.Topic(nameIn(globals, r.L.G.Global, v))
}

// opened returns a module that this run has opened, or nil.
func (r *run) opened(name string) lua.LValue {
	for _, v := range []lua.LValue{
		r.loaded().RawGetString(builtinKey + name), r.loaded().RawGetString(name), r.L.G.Global.RawGetString(name),
	} {
		if v != lua.LNil {
			return v
		}
	}
	return lua.LNil
}

// nameIn returns the name of a value in the table of a module, or "".
func nameIn(module *bindings.Module, t *lua.LTable, v lua.LValue) string {
	prefix := ""
	if module.Name != "" {
		if v == t {
			return module.Name
		}
		prefix = module.Name + "."
	}
	for _, f := range module.Funcs {
		if t.RawGetString(f.Name) == v {
			return prefix + f.Name
		}
	}
	for _, value := range module.Values {
		if t.RawGetString(value.Name) == v {
			return prefix + value.Name
		}
	}
	for _, part := range module.Modules {
		short := part.Name[strings.LastIndexByte(part.Name, '.')+1:]
		if inner, ok := t.RawGetString(short).(*lua.LTable); ok {
			if name := nameIn(part, inner, v); name != "" {
				return name
			}
		}
	}
	return ""
}
