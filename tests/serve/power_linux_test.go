package serve

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/cli"
	"github.com/phscript/phscript/tests/power"
)

func init() { beWatched, powerFails = func() int { power.Watch(); return cli.Main() }, failPower }

// watch makes the fixture use this test's file as the program.
func (w *fixture) watch() {
	w.t.Helper()
	own, err := os.Executable()
	require.NoError(w.t, err)
	w.program = filepath.Join(w.dir, watchedProgram)
	if os.Link(own, w.program) != nil { // on another disk
		text, err := os.ReadFile(own)
		require.NoError(w.t, err)
		require.NoError(w.t, os.WriteFile(w.program, text, 0o700))
	}
}

// failPower lets the power fail for a service and its runs.
func failPower(s *service) {
	s.w.t.Helper()
	power.Fail(s.w.t, s.w.state, func() {
		list := s.children()
		s.kill()
		for _, pid := range list {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		for _, pid := range list {
			for alive(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
}
