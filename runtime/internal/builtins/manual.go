package builtins

import (
	"slices"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Manual returns the manual of the built-in modules and further ones.
func Manual(further ...*bindings.Module) *manual.Manual {
	if len(further) == 0 {
		return own()
	}
	return manualOf(further)
}

var own = sync.OnceValue(func() *manual.Manual { return manualOf(nil) })

func manualOf(further []*bindings.Module) *manual.Manual {
	modules := slices.Concat([]*bindings.Module{Globals(nil)}, Modules(), LuaModules(), further)
	return manual.New(modules, catalog.Load())
}

// Globals are the globals of a script besides modules and Lua's own functions. help
// implements the function of that name.
func Globals(help func(*bindings.Args) (int, error)) *bindings.Module {
	return &bindings.Module{
		Funcs: []*bindings.Func{{
			Name: "help",
			Doc: "Prints what there is to know about a module, a model, a function or a value. " +
				"A text is taken for a name, such as `csv.rows`, or for words to look for. Without an argument, it lists everything there is.",
			Params:  []bindings.Param{{Name: "topic", Type: "any", Optional: true, Doc: "The thing itself, its name in quotes, or words."}},
			Example: "help(planhat.company)\nhelp(\"csv.rows\")\nhelp(\"import csv\")",
			Call:    help,
		}},
		Values: []*bindings.Value{
			{Name: "args", Type: "string[]", Doc: "The script's arguments, from 1; `args[0]` is its name. `...` holds them as well."},
			{Name: "params", Type: "table<string, any>", Doc: "The parameters of the run by name: those that the comments at the top of the script declare, with their types and defaults. Without such comments, those of `--param NAME=VALUE` or of the `params` of a schedule."},
			{Name: "arg", Type: "string[]", Doc: "The same as `args`, under the name that Lua's own interpreter uses."},
		},
	}
}
