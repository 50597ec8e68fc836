//go:build unix

// Package repl_test talks to the prompt through a pseudo-terminal.
package repl_test

import (
	"os"
	"testing"

	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/terminal"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// start starts phscript with arguments in a terminal of 100 by 30.
func start(t *testing.T, s terminal.Setting, args ...string) *terminal.Terminal {
	t.Helper()
	s.Program = program.Path(t)
	return terminal.Start(t, s, args...)
}
