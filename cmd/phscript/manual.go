package main

import (
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/manual"
)

// everything is the manual of all that a script can use in this program.
func everything() *manual.Manual { return runtime.ManualOf() }
