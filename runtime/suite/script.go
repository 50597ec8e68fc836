package suite

import "github.com/phscript/phscript/bindings"

var scriptOptions []bindings.Field

var scriptResult = &bindings.Shape{Name: "ScriptResult", Doc: "What a script that `run_script` ran left behind."}

// runScript makes the function that runs a whole script.
func (b *builder) runScript() *bindings.Func {
	return &bindings.Func{Name: "run_script"}
}
