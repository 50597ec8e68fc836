package serve

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nobody is a user who may read what is theirs, and no more.
const nobody = 65534

// asNobody lets the rest of a test use files as another user, who owns those of
// the test's folder, where it would be one who may read everything.
func asNobody(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	require.NoError(t, filepath.WalkDir(filepath.Dir(dir), func(path string, _ fs.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Chown(path, nobody, nobody)
	}))
	runtime.LockOSThread()
	require.NoError(t, syscall.Setfsuid(nobody))
	t.Cleanup(func() {
		assert.NoError(t, syscall.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}

// TestUnreadableFolders are left out with a warning, and found once they can be
// read.
func TestUnreadableFolders(t *testing.T) {
	dir := tree(t, map[string]string{"phscript.toml": "", "a.lua": headed, "private/b.lua": headed})
	private := filepath.Join(dir, "private")
	require.NoError(t, os.Chmod(private, 0))
	asNobody(t, dir)
	l := loaderFor(dir)
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua"}, scriptNames(loaded))
	doubts := Doubts(loaded, os.LookupEnv)
	require.Len(t, doubts, 1)
	assert.Contains(t, doubts[0], "permission denied for the folder private")
	require.NoError(t, os.Chmod(private, 0o755))
	assert.NotEqual(t, l.print, l.Fingerprint())
	loaded, err = l.Load()
	require.NoError(t, err)
	assert.Len(t, loaded.Definitions, 2)
	assert.Empty(t, Doubts(loaded, os.LookupEnv))
}
