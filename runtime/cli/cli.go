// Package cli is the phscript command as a library call, for a program that
// wants phscript under its own name.
package cli

import "github.com/phscript/phscript/runtime/internal/command"

// Main runs the command line of this process, os.Args, and returns its exit
// code. The codes are listed in docs/errors.md. Main installs signal handlers
// and writes to the process's streams; call it once.
func Main() int { return command.Main() }
