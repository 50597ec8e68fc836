package runtime

import (
	"io"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// globals are what a script finds in its globals besides modules and Lua's own
// functions. The function help is opened when a script first names it, and the
// manual is read when it is first called.
var globals = sync.OnceValue(func() *bindings.Module {
	return builtins.Globals(func(a *bindings.Args) (int, error) {
		r := running(a.Context())
		text := r.overview()
		if a.Len() > 0 {
			text = r.explain(a.Get(0))
		}
		_, err := io.WriteString(r.stdout, text)
		return 0, err
	})
})

// pages says how help is set. Who reads it in a script asks further in the same
// way.
func (r *run) pages() manual.PageOptions {
	o := r.rt.opts.Help
	if o.Ask == "" {
		o.Ask = `help("%s")`
	}
	return o
}

func (r *run) overview() string { return r.rt.manual().Overview(r.pages()) }

// explain returns what help prints for a value.
func (r *run) explain(v lua.LValue) string {
	m := r.rt.manual()
	if name, ok := v.(lua.LString); ok {
		return r.lookUp(strings.TrimSpace(string(name)))
	}
	if t := builtins.TopicOf(m, r.L, v); t != nil {
		return m.Page(t, r.pages())
	}
	return r.describe(v)
}

// lookUp returns what the manual has about a name or words.
func (r *run) lookUp(name string) string {
	if name == "" {
		return r.overview()
	}
	m := r.rt.manual()
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
