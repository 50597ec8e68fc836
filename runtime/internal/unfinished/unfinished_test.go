package unfinished

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// A file in use is left alone until it has its name. Only one that nobody uses any more
// is removed.
func TestClear(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	for _, foreign := range []string{".phscript-rows.csv", ".a.csv.ABCDEFGH.tmp", "phscript-x.tmp"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, foreign), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".phscript-folder.tmp"), 0o700))
	before := names(t, dir)
	f, err := Create(root, ".", os.O_WRONLY, 0o600)
	require.NoError(t, err)
	Clear(root, ".")
	ClearFolder(dir)
	assert.Len(t, names(t, dir), len(before)+1, "it is in use")
	require.NoError(t, f.Close())
	Clear(root, ".")
	require.NoError(t, root.Rename(f.Temporary, "done.txt"), "it is about to get its name")
	require.NoError(t, f.Release())
	require.NoError(t, os.Remove(filepath.Join(dir, "done.txt")))

	require.NoError(t, os.Mkdir(filepath.Join(dir, "below"), 0o700))
	for _, folder := range []string{".", "below"} {
		left, err := Create(root, folder, os.O_WRONLY, 0o400)
		require.NoError(t, err)
		require.NoError(t, errors.Join(left.Close(), left.Release())) // as the end of a process does
	}
	ClearFolder(dir)
	assert.Empty(t, names(t, filepath.Join(dir, "below")))
	require.NoError(t, os.Remove(filepath.Join(dir, "below")))
	assert.Equal(t, before, names(t, dir))
	ClearFolder(filepath.Join(dir, "missing"))
}

func TestReplace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	text := func(s string) func(*os.File) error {
		return func(f *os.File) error { _, err := f.WriteString(s); return err }
	}
	require.NoError(t, Replace(name, 0o600, text("one")))
	require.NoError(t, Replace(name, 0o600, text("two")))
	full := errors.New("full")
	require.ErrorIs(t, Replace(name, 0o600, func(*os.File) error { return full }), full)
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "two", string(got))
	assert.Equal(t, []string{"a.txt"}, names(t, filepath.Dir(name)))
}
