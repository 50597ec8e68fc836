package main

import (
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/manual"
	"github.com/phscript/phscript/runtime/suite"
)

// everything is the manual of all that a script can use in this program, what
// only tests have included.
func everything() *manual.Manual { return runtime.ManualOf(suite.Modules()...) }
