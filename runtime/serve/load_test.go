package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/config"
)

// tree writes files, all of the same age, and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
	}
	return dir
}

// loaderFor reads the phscript.toml of a folder.
func loaderFor(dir string) *Loader {
	file := filepath.Join(dir, config.FileName)
	return &Loader{Dir: dir, File: file, Read: func() (config.Config, error) {
		return config.Load("", dir, os.ReadFile, func(string) (string, bool) { return "", false })
	}}
}

// scriptNames are the scripts of what was loaded, by the schedules' names.
func scriptNames(loaded *Loaded) map[string]string {
	names := map[string]string{}
	for _, d := range loaded.Definitions {
		names[d.Name] = d.Script
	}
	return names
}

const header = "-- @schedule \"every 1h\"\n"

// TestLinkedFolders: a folder that is a link has the schedules in its scripts'
// headers, under the same names, and a link that is switched is noticed even
// where the files are alike.
func TestLinkedFolders(t *testing.T) {
	dir := tree(t, map[string]string{
		"v1/phscript.toml": "", "v1/a.lua": header, "v1/jobs/b.lua": header,
		"v2/phscript.toml": "", "v2/a.lua": header, "v2/jobs/c.lua": header,
		"v3/phscript.toml": "", "v3/a.lua": header, "v3/jobs/c.lua": header,
		"app/phscript.toml": "[serve]\nscripts = [\"jobs\"]\n", "app/other.lua": header,
	})
	link := func(to, from string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, from+".new")); err != nil {
			t.Skip("there are no links here:", err)
		}
		require.NoError(t, os.Rename(filepath.Join(dir, from+".new"), filepath.Join(dir, from)))
	}
	link("v1", "current")
	l := loaderFor(filepath.Join(dir, "current"))
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua", "jobs-b": "jobs/b.lua"}, scriptNames(loaded))
	link("v2", "current")
	before := l.Fingerprint(loaded.Config)
	assert.NotEqual(t, loaded.print, before)
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua", "jobs-c": "jobs/c.lua"}, scriptNames(loaded))
	assert.Equal(t, before, loaded.print)
	link("v3", "current")
	assert.NotEqual(t, before, l.Fingerprint(loaded.Config), "files of the same age and size")

	link("../v1/jobs", "app/jobs")
	l = loaderFor(filepath.Join(dir, "app"))
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"jobs-b": "jobs/b.lua"}, scriptNames(loaded))
	link("../v2/jobs", "app/jobs")
	assert.NotEqual(t, loaded.print, l.Fingerprint(loaded.Config))
}

// TestUnreadableFolders are left out with a warning, and found once they can be
// read.
func TestUnreadableFolders(t *testing.T) {
	dir := tree(t, map[string]string{"phscript.toml": "", "a.lua": header, "private/b.lua": header})
	private := filepath.Join(dir, "private")
	require.NoError(t, os.Chmod(private, 0))
	t.Cleanup(func() { assert.NoError(t, os.Chmod(private, 0o755)) })
	if _, err := os.ReadDir(private); err == nil {
		t.Skip("this user may read everything")
	}
	l := loaderFor(dir)
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua"}, scriptNames(loaded))
	doubts := Doubts(loaded, os.LookupEnv)
	require.Len(t, doubts, 1)
	assert.Contains(t, doubts[0], "the folder private cannot be read")
	require.NoError(t, os.Chmod(private, 0o755))
	assert.NotEqual(t, loaded.print, l.Fingerprint(loaded.Config))
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Len(t, loaded.Definitions, 2)
	assert.Empty(t, Doubts(loaded, os.LookupEnv))
}
