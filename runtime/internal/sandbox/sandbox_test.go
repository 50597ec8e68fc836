package sandbox

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folders is a temporary folder with work/ (readable), out/ (writable) and
// outside/ (neither).
type folders struct {
	dir string
	box *Sandbox
}

func newFolders(t *testing.T) *folders {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	w := &folders{dir: dir}
	for _, d := range []string{"work/sub", "out", "outside"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	w.put(t, "work/in.txt", "inside")
	w.put(t, "outside/secret.txt", "secret")
	w.box = New(w.path("work"), []string{w.path("work")}, []string{w.path("out")})
	t.Cleanup(func() { assert.NoError(t, w.box.Close()) })
	return w
}

func (w *folders) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *folders) put(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(w.path(name), []byte(text), 0o644))
}

func (w *folders) get(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(w.path(name))
	require.NoError(t, err)
	return string(b)
}

func (w *folders) link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, w.path(name)); err != nil && runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege here")
	} else {
		require.NoError(t, err)
	}
}

func TestReading(t *testing.T) {
	w := newFolders(t)
	w.link(t, w.path("outside/secret.txt"), "work/file-link")
	w.link(t, w.path("outside"), "work/dir-link")
	w.link(t, w.path("work/in.txt"), "work/good-link")
	w.link(t, w.path("out"), "work/out-link")
	w.put(t, "out/o.txt", "inside")
	for name, allowed := range map[string]bool{
		"in.txt":                       true,
		"./sub/../in.txt":              true,
		"good-link":                    true,
		"out-link/o.txt":               true,
		w.path("work/in.txt"):          true,
		w.path("out/o.txt"):            true,
		"../out/o.txt":                 true,
		"../outside/secret.txt":        false,
		"sub/../../outside/secret.txt": false,
		w.path("outside/secret.txt"):   false,
		"file-link":                    false,
		"dir-link/secret.txt":          false,
		"dir-link/none.txt":            false,
		w.path("workshop"):             false,
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := w.box.ReadFile(name)
			_, statErr := w.box.Stat(name)
			if allowed {
				require.NoError(t, err)
				require.NoError(t, statErr)
				assert.Equal(t, "inside", string(text))
				return
			}
			var refused *RefusedError
			require.ErrorAs(t, err, &refused)
			require.ErrorIs(t, statErr, fs.ErrPermission)
			assert.Contains(t, err.Error(), "is not allowed: run with --allow-read=")
		})
	}
}

func TestRefusalNamesTheFlag(t *testing.T) {
	w := newFolders(t)
	_, err := w.box.OpenWrite("report.csv", false)
	assert.EqualError(t, err, "writing to "+w.path("work/report.csv")+" is not allowed: run with --allow-write="+w.path("work"))
	_, err = w.box.ReadDir(w.path("outside"))
	assert.EqualError(t, err, "listing "+w.path("outside")+" is not allowed: run with --allow-read="+w.path("outside"))
	w.link(t, w.path("outside/new.txt"), "out/dangling")
	_, err = w.box.OpenWrite(w.path("out/dangling"), false)
	assert.ErrorContains(t, err, "(a link to "+w.path("outside/new.txt")+")")
	assert.NoFileExists(t, w.path("outside/new.txt"))
}

func TestRefusalNamesWhatMayBeWritten(t *testing.T) {
	w := newFolders(t)
	box := New(w.path("work"), []string{w.path("work")}, []string{w.path("out"), "out"})
	t.Cleanup(func() { assert.NoError(t, box.Close()) })
	flag := "run with --allow-write=" + w.path("outside")
	name := w.path("outside/report.csv")
	for act, tt := range map[string]struct {
		err  error
		want string
	}{
		"writing":  {second(box.OpenWrite(name, false)), "writing to " + name + " is not allowed: use out/report.csv, which always is, or " + flag},
		"a folder": {box.MkdirAll(name), "making the folder " + name + " is not allowed: use out/report.csv, which always is, or " + flag},
		"removing": {box.Remove(name), "removing " + name + " is not allowed: " + flag},
		"reading":  {second(box.OpenRead(name)), "reading " + name + " is not allowed: run with --allow-read=" + w.path("outside")},
	} {
		t.Run(act, func(t *testing.T) {
			var refused *RefusedError
			require.ErrorAs(t, tt.err, &refused)
			assert.EqualError(t, tt.err, tt.want)
			assert.NotContains(t, refused.ErrorHint(), "run with", "the message says it")
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestMissingFileKeepsItsName(t *testing.T) {
	w := newFolders(t)
	_, err := w.box.OpenRead("sub/none.txt")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "sub/none.txt")
	_, err = w.box.OpenRead("sub")
	assert.ErrorContains(t, err, "is a folder")
	_, err = w.box.OpenRead("")
	assert.ErrorContains(t, err, "empty")
}

func TestWritingIsAtomic(t *testing.T) {
	w := newFolders(t)
	w.put(t, "out/r.txt", "old")
	f, err := w.box.OpenWrite(w.path("out/r.txt"), false)
	require.NoError(t, err)
	_, err = io.WriteString(f, "new")
	require.NoError(t, err)
	assert.Equal(t, "old", w.get(t, "out/r.txt"), "before Close")
	require.NoError(t, f.Close())
	require.NoError(t, f.Close(), "a second Close does nothing")
	assert.Equal(t, "new", w.get(t, "out/r.txt"))

	a, err := w.box.OpenWrite("../out/r.txt", true)
	require.NoError(t, err)
	_, err = io.WriteString(a, "er")
	require.NoError(t, err)
	require.NoError(t, a.Close())
	assert.Equal(t, "newer", w.get(t, "out/r.txt"))
}

// Files hold rows about customers: a new one is its owner's. An existing one keeps its mode,
// whatever the umask is.
func TestModesOfFiles(t *testing.T) {
	w := newFolders(t)
	w.put(t, "out/shared.csv", "old")
	require.NoError(t, os.Chmod(w.path("out/shared.csv"), 0o664))
	for name, want := range map[string]os.FileMode{"new.csv": 0o600, "shared.csv": 0o664} {
		f, err := w.box.OpenWrite(w.path("out/"+name), false)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		info, err := os.Stat(w.path("out/" + name))
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm(), name)
	}
}

func TestCloseDropsOpenFiles(t *testing.T) {
	w := newFolders(t)
	w.put(t, "out/old.txt", "old")
	for _, name := range []string{"out/old.txt", "out/new.txt"} {
		f, err := w.box.OpenWrite(w.path(name), false)
		require.NoError(t, err)
		_, err = io.WriteString(f, "text")
		require.NoError(t, err)
	}
	in, err := w.box.OpenRead("in.txt")
	require.NoError(t, err)
	assert.Equal(t, []string{w.path("out/new.txt"), w.path("out/old.txt")}, w.box.Unfinished())
	require.NoError(t, w.box.Close())
	_, err = in.Read(make([]byte, 1))
	require.ErrorIs(t, err, fs.ErrClosed)
	left, err := os.ReadDir(w.path("out"))
	require.NoError(t, err)
	assert.Len(t, left, 1, "no temporary file stays")
	assert.Equal(t, "old", w.get(t, "out/old.txt"))
}

func TestTemporaryFilesAreDeletedAtTheEnd(t *testing.T) {
	w := newFolders(t)
	var names []string
	for range 4 {
		name, err := w.box.TempName()
		require.NoError(t, err)
		assert.FileExists(t, name)
		assert.Equal(t, w.path("out"), filepath.Dir(name))
		names = append(names, name)
	}
	f, err := w.box.OpenWrite(names[1], false)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, w.box.Remove(names[2]))
	require.NoError(t, w.box.Rename(names[3], w.path("out/kept")))
	require.NoError(t, w.box.Close())
	left, err := os.ReadDir(w.path("out"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.Equal(t, "kept", left[0].Name())
}

func TestMissingWriteFolderInsideAnotherIsMade(t *testing.T) {
	dir := t.TempDir()
	box := New(dir, nil, []string{dir, "out"})
	t.Cleanup(func() { assert.NoError(t, box.Close()) })
	f, err := box.OpenWrite("out/report.csv", false)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.FileExists(t, filepath.Join(dir, "out", "report.csv"))
}

func TestTemporaryFilesNeedAFolder(t *testing.T) {
	box := New(t.TempDir(), nil, nil)
	_, err := box.TempName()
	assert.ErrorContains(t, err, "run with --allow-write=")
}

func TestChanging(t *testing.T) {
	w := newFolders(t)
	require.NoError(t, w.box.MkdirAll(w.path("out/a/b")))
	w.put(t, "out/a/x.txt", "x")
	require.NoError(t, w.box.Rename(w.path("out/a/x.txt"), w.path("out/a/b/y.txt")))
	list, err := w.box.ReadDir(w.path("out/a/b"))
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "y.txt", list[0].Name())
	require.NoError(t, w.box.Remove(w.path("out/a/b/y.txt")))

	w.link(t, w.path("outside/secret.txt"), "out/link")
	require.NoError(t, w.box.Remove(w.path("out/link")), "removes the link")
	assert.FileExists(t, w.path("outside/secret.txt"))

	for name, err := range map[string]error{
		"remove outside":   w.box.Remove(w.path("outside/secret.txt")),
		"remove readable":  w.box.Remove("in.txt"),
		"make readable":    w.box.MkdirAll("new"),
		"rename from read": w.box.Rename("in.txt", w.path("out/in.txt")),
		"rename to read":   w.box.Rename(w.path("out/a"), "in2.txt"),
	} {
		assert.ErrorIs(t, err, fs.ErrPermission, name)
	}
	assert.Error(t, w.box.Remove(w.path("out")), "the allowed folder itself stays")
	assert.Error(t, w.box.Remove(w.path("out/a")), "not empty")
}

func TestLinkSwappedAfterTheCheckLeadsNowhere(t *testing.T) {
	w := newFolders(t)
	at, err := w.box.locate("reading", "in.txt", true)
	require.NoError(t, err)
	require.NoError(t, os.Remove(w.path("work/in.txt")))
	w.link(t, w.path("outside/secret.txt"), "work/in.txt")
	_, err = at.root.Open(at.rel)
	require.Error(t, err)
	assert.False(t, errors.Is(err, fs.ErrNotExist))
}
