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

// globals are the globals other than modules and Lua's own functions. The
// function help is opened on first use, and the manual is read on its first
// call.
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

// pages configures the pages of help. In a script, readers ask for more with
// help itself.
func (r *run) pages() manual.PageOptions {
	o := r.rt.opts.Help
	if o.Ask == "" {
		o.Ask = `help("%s")`
	}
	return o
}

func (r *run) overview() string { return r.rt.manual().Overview(r.pages()) }

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

// lookUp returns what the manual has on a name or words.
func (r *run) lookUp(name string) string {
	if name == "" {
		return r.overview()
	}
	m := r.rt.manual()
	return m.Show(m.Ask(name), r.pages())
}

// globalFunction returns a global function that is not in a module, such as
// help, or nil.
func (r *run) globalFunction(name string) lua.LValue {
	for _, fn := range globals().Funcs {
		if fn.Name == name {
			return bindings.Open(r.L, r.host.modules, globals()).RawGetString(name)
		}
	}
	return lua.LNil
}
