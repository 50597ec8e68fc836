package runtime

import (
	"io"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/builtins"
)

// globals are the globals other than modules and Lua's own functions. The
// function help is opened on first use, and the manual is read on its first
// call.
var globals = sync.OnceValue(func() *bindings.Module {
	return builtins.Globals(func(a *bindings.Args) (int, error) {
		r := running(a.Context())
		help := builtins.Help{Manual: r.rt.manual(), State: r.L, Options: r.opts.Help}
		if help.Options.Ask == "" {
			help.Options.Ask = `help("%s")`
		}
		text := lua.LValue(lua.LString(""))
		if a.Len() > 0 {
			text = a.Get(0)
		}
		_, err := io.WriteString(r.stdout, help.About(text))
		return 0, err
	})
})

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
