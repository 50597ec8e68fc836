package initialize_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/check"
	"github.com/phscript/phscript/runtime/internal/command/initialize"
	"github.com/phscript/phscript/runtime/internal/command/test"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

func TestInit(t *testing.T) {
	r := trial.New(t, nil)
	out, _, err := r.Run(initialize.New, "jobs")
	require.NoError(t, err)
	dir := filepath.Join(r.Env.Dir, "jobs")
	for _, name := range []string{".gitignore", "lib/words.lua", "unowned.lua", "unowned_test.lua", "phscript.toml", ".luarc.json", ".vscode/extensions.json"} {
		assert.FileExists(t, filepath.Join(dir, name))
		assert.Contains(t, out, "created "+filepath.Join("jobs", name))
	}
	assert.Contains(t, out, "cd jobs\n")

	// What it made passes check and its test.
	r.Env.Dir = dir
	out, _, err = r.Run(check.New, ".")
	require.NoError(t, err, out)
	out, _, err = r.Run(test.New)
	require.NoError(t, err, out)
	assert.Contains(t, out, "1 passed")

	_, _, err = r.Run(initialize.New)
	require.EqualError(t, err, "the working directory has a phscript.toml already, so it is a project; nothing was written")
	_, _, err = r.Run(initialize.New, "unowned.lua")
	require.EqualError(t, err, "unowned.lua is a file")
	_, _, err = r.Run(initialize.New, "a", "b")
	require.EqualError(t, err, "init takes one folder, not also b")
}

// Files that are there stay as they are, and the example is written whole or not at all.
func TestInitKeepsFiles(t *testing.T) {
	r := trial.New(t, map[string]string{".gitignore": "mine\n", "lib/words.lua": "return 1\n"})
	out, _, err := r.Run(initialize.New)
	require.NoError(t, err)
	assert.Contains(t, out, "kept .gitignore, which already exists")
	assert.Contains(t, out, "kept lib/words.lua, which already exists")
	assert.Contains(t, out, "add these lines to your .gitignore:\n  .env\n")
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "unowned.lua"))
	assert.FileExists(t, filepath.Join(r.Env.Dir, "phscript.toml"))
	for name, want := range map[string]string{".gitignore": "mine\n", "lib/words.lua": "return 1\n"} {
		text, err := os.ReadFile(filepath.Join(r.Env.Dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}

	// Settings of an editor that cannot be read end it before anything is written.
	r = trial.New(t, map[string]string{".luarc.json": `{ "a"`})
	_, _, err = r.Run(initialize.New)
	require.ErrorContains(t, err, ".luarc.json")
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "phscript.toml"))
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "lib"))
}
