package runtime

import (
	"slices"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Manual returns what there is to know about everything that scripts can use,
// the modules of the caller included.
func (r *Runtime) Manual() *manual.Manual { return r.manual() }

// ManualOf returns the manual of the built-in modules and of further ones.
func ManualOf(further ...*bindings.Module) *manual.Manual {
	modules := slices.Concat([]*bindings.Module{globals()}, Modules(), further)
	return manual.New(modules, LuaSources(), catalog.Load())
}

// globals are what a script finds in its globals besides modules and Lua's own
// functions.
var globals = sync.OnceValue(func() *bindings.Module {
	return &bindings.Module{
		Funcs: []*bindings.Func{helpFunc()},
		Values: []*bindings.Value{
			{Name: "args", Type: "string[]", Doc: "The script's arguments, from 1; `args[0]` is its name. `...` holds them as well."},
			{Name: "params", Type: "table<string, any>", Doc: "The parameters of the run by name, from `--param NAME=VALUE` or from the `params` of a schedule."},
			{Name: "arg", Type: "string[]", Doc: "The same as `args`, under the name that Lua's own interpreter uses."},
		},
	}
})
