package serve

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
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

const headed = "-- @schedule \"every 1h\"\n"

// TestLinkedFolders: a folder that is a link has the schedules in its scripts'
// headers, under the same names, and a link that is switched is noticed even
// where the files are alike.
func TestLinkedFolders(t *testing.T) {
	dir := tree(t, map[string]string{
		"v1/phscript.toml": "", "v1/a.lua": headed, "v1/jobs/b.lua": headed,
		"v2/phscript.toml": "", "v2/a.lua": headed, "v2/jobs/c.lua": headed,
		"v3/phscript.toml": "", "v3/a.lua": headed, "v3/jobs/c.lua": headed,
		"app/phscript.toml": "[serve]\nscripts = [\"jobs\"]\n", "app/other.lua": headed,
	})
	link := func(to, from string) {
		t.Helper()
		require.NoError(t, os.Symlink(to, filepath.Join(dir, from+".new")))
		require.NoError(t, os.Rename(filepath.Join(dir, from+".new"), filepath.Join(dir, from)))
	}
	link("v1", "current")
	l := loaderFor(filepath.Join(dir, "current"))
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua", "jobs-b": "jobs/b.lua"}, scriptNames(loaded))
	link("v2", "current")
	before := l.Fingerprint()
	assert.NotEqual(t, l.print, before)
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua", "jobs-c": "jobs/c.lua"}, scriptNames(loaded))
	real, err := filepath.EvalSymlinks(filepath.Join(dir, "v2"))
	require.NoError(t, err)
	assert.Equal(t, real, loaded.Dir, "runs do not follow the link")
	assert.Equal(t, before, l.print)
	link("v3", "current")
	assert.NotEqual(t, before, l.Fingerprint(), "files of the same age and size")

	link("../v1/jobs", "app/jobs")
	l = loaderFor(filepath.Join(dir, "app"))
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"jobs-b": "jobs/b.lua"}, scriptNames(loaded))
	link("../v2/jobs", "app/jobs")
	assert.NotEqual(t, l.print, l.Fingerprint())
}

// TestMendsOutsideOfTheFoldersAreSeen: a mistake is looked at again when a
// script changes that only phscript.toml names, in the folders that it names by
// now, and when rights change.
func TestMendsOutsideOfTheFoldersAreSeen(t *testing.T) {
	dir := tree(t, map[string]string{
		"phscript.toml": "[serve]\nscripts = [\"jobs\"]\n[[schedule]]\nname = \"late\"\nscript = \"tools/late.lua\"\nevery = \"1h\"\n",
		"jobs/a.lua":    headed,
		"new/b.lua":     "-- @schedule \"every now and then\"\n",
	})
	l := loaderFor(dir)
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	broken := func(want string) {
		t.Helper()
		_, err := l.Load()
		require.ErrorContains(t, err, want)
		assert.Equal(t, l.print, l.Fingerprint(), "what was looked at has not changed")
	}
	broken("the script tools/late.lua does not exist")
	write("tools/late.lua", "")
	assert.NotEqual(t, l.print, l.Fingerprint())
	_, err := l.Load()
	require.NoError(t, err)

	write("phscript.toml", "[serve]\nscripts = [\"new\"]\n")
	broken("new/b.lua")
	write("new/b.lua", headed)
	assert.NotEqual(t, l.print, l.Fingerprint())
	_, err = l.Load()
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(dir, "new", "b.lua"), 0o600))
	assert.NotEqual(t, l.print, l.Fingerprint())

	write("phscript.toml", "[serve\n")
	broken("phscript.toml")
}

// TestMistakesAreLookedAtAgain: what mends a configuration may be no change that
// can be seen. The mistake is told of once.
func TestMistakesAreLookedAtAgain(t *testing.T) {
	w := newFixture(t, filepath.Join(t.TempDir(), "state.db"))
	var out strings.Builder
	dir := tree(t, map[string]string{"phscript.toml": "", "a.lua": headed})
	l := loaderFor(dir)
	var wrong error
	l.Check = func(string, []byte) error { return wrong }
	loaded, err := l.Load()
	require.NoError(t, err)
	s := New(Options{DB: w.db, Engine: w.engine, Loader: l, Name: "a", Log: slog.New(slog.NewTextHandler(&out, nil))}, loaded)
	wrong = errors.New("it is not to be")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.lua"), []byte(headed), 0o644))
	for range 5 {
		require.NoError(t, s.reload(t.Context()))
	}
	require.ErrorContains(t, s.Problem(), "it is not to be")
	s.triedAt = s.triedAt.Add(-2 * retryEvery)
	require.NoError(t, s.reload(t.Context()))
	require.Error(t, s.Problem())
	assert.Equal(t, 1, strings.Count(out.String(), "is invalid; the last valid one"), out.String())
	wrong = nil
	require.NoError(t, s.reload(t.Context()))
	require.Error(t, s.Problem(), "it was looked at just now")
	s.triedAt = s.triedAt.Add(-2 * retryEvery)
	require.NoError(t, s.reload(t.Context()))
	require.NoError(t, s.Problem())
	assert.Contains(t, out.String(), "the changed configuration is now in use")
}

// TestHandlersAndSizesAreChecked: what would show only when something has failed
// is a mistake at once.
func TestHandlersAndSizesAreChecked(t *testing.T) {
	dir := tree(t, map[string]string{
		"phscript.toml": `
[serve]
keep_size   = "lots"
on_failure  = [ { script = "missing.lua" } ]
on_recovery = [ { script = "../out.lua" } ]
[[schedule]]
name        = "a"
script      = "a.lua"
every       = "1h"
on_failure  = [ { command = ["true"] }, { script = "gone.lua" } ]
on_recovery = [ { script = "bad.lua" }, { script = "a.lua" } ]
`, "a.lua": "", "bad.lua": "",
	})
	l := loaderFor(dir)
	l.Check = func(name string, _ []byte) error {
		if name == "bad.lua" {
			return errors.New("bad.lua:1: it does not compile")
		}
		return nil
	}
	_, err := l.Load()
	for _, want := range []string{
		`serve.keep_size: "lots" is not a size`, "serve.on_failure: the script missing.lua does not exist", "serve.on_recovery: the script ../out.lua is outside",
		"schedule 'a': on_failure: the script gone.lua does not exist", "schedule 'a': on_recovery: bad.lua:1: it does not compile",
	} {
		assert.ErrorContains(t, err, want)
	}
	_, found := l.Load()
	assert.Equal(t, err.Error(), found.Error())
	require.NoError(t, os.WriteFile(l.File, []byte("[serve]\nkeep_size = \"1GiB\"\non_failure = [ { script = \"missing.lua\" } ]\n"), 0o644))
	_, err = l.Load()
	require.ErrorContains(t, err, "missing.lua")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "missing.lua"), nil, 0o644))
	assert.NotEqual(t, l.print, l.Fingerprint())
	_, err = l.Load()
	require.NoError(t, err)
}
