package setup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/setup"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

func TestSetup(t *testing.T) {
	r := trial.New(t, map[string]string{"scripts/a.lua": ""})
	types := filepath.Join(r.Env.Dir, "scripts", ".phscript", "types")
	out, _, err := r.Run(setup.New, "--dry-run", "scripts")
	require.NoError(t, err)
	assert.Contains(t, out, "would create ")
	out, _, err = r.Run(setup.New, "--check", "scripts")
	require.EqualError(t, err, "the folder is not set up for this version of phscript")
	assert.Contains(t, out, "would create ")
	assert.NoDirExists(t, types)

	out, _, err = r.Run(setup.New, "scripts")
	require.NoError(t, err)
	assert.Contains(t, out, "created ")
	assert.Contains(t, out, "Open the folder in your editor.")
	assert.DirExists(t, types)
	_, _, err = r.Run(setup.New, "--check", "scripts")
	require.NoError(t, err)
	out, _, err = r.Run(setup.New, "scripts")
	require.NoError(t, err)
	assert.NotContains(t, out, "created ")
	_, err = os.Stat(filepath.Join(r.Env.Dir, ".luarc.json"))
	require.ErrorIs(t, err, os.ErrNotExist, "the working directory was not meant")

	_, _, err = r.Run(setup.New, "missing")
	require.EqualError(t, err, "there is no folder missing")
	_, _, err = r.Run(setup.New, "scripts", "more")
	assert.EqualError(t, err, "setup takes one folder, not also more")
}
