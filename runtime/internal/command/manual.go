package command

import (
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// everything is the manual of all that a script can use in this program, what
// only tests have included.
func everything() *manual.Manual { return runtime.ManualOf(suite.Modules()...) }
