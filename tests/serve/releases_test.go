package serve

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/program"
)

// TestReleasesSwitchedByLink: no run mixes the schedules of one release with the scripts
// of another, and the service keeps working when the folder of its own program is gone.
func TestReleasesSwitchedByLink(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	for v := 1; v <= 2; v++ {
		require.NoError(t, os.Mkdir(filepath.Join(w.dir, fmt.Sprint("release", v)), 0o700))
		w.file(fmt.Sprintf("release%d/phscript.toml", v), fmt.Sprintf("[[schedule]]\nname = \"version\"\nscript = \"version.lua\"\nevery = \"1s\"\nparams = { of = %d }\n", v))
		w.file(fmt.Sprintf("release%d/version.lua", v), fmt.Sprintf("print(%d) assert(params.of == %d, 'mixed')\n", v, v))
	}
	link := func(name, to string) {
		require.NoError(t, os.Symlink(to, filepath.Join(w.dir, "new")))
		require.NoError(t, os.Rename(filepath.Join(w.dir, "new"), filepath.Join(w.dir, name)))
	}
	link("current", "release1")
	text, err := os.ReadFile(program.Path(t))
	require.NoError(t, err)
	own := filepath.Join(w.dir, "program1")
	require.NoError(t, os.Mkdir(own, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(own, "phscript"), text, 0o700))
	s := w.serveBy(filepath.Join(own, "phscript"), "--config", "current/phscript.toml")
	s.says("serving")
	w.await("version", atLeast(1, history.Succeeded))
	require.NoError(t, os.RemoveAll(own))
	for _, to := range []string{"release2", "release1", "release2"} {
		link("current", to)
		n := len(with(w.runs("version"), history.Succeeded))
		w.await("version", atLeast(n+4, history.Succeeded))
	}
	s.stop()
	assert.Empty(t, with(w.runs("version"), history.Failed))
}
