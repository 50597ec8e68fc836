package host

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Processes that make the key at the same time use the same one.
func TestTokenKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keys := make([][]byte, 8)
	var wait sync.WaitGroup
	for i := range keys {
		wait.Go(func() {
			var err error
			keys[i], err = readTokenKey(dir)
			assert.NoError(t, err)
		})
	}
	wait.Wait()
	for _, key := range keys {
		assert.Equal(t, keys[0], key)
	}
	assert.Len(t, keys[0], keyLength)
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, list, 1, "nothing else is left")
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoError(t, os.Chmod(filepath.Join(dir, KeyFile), 0o644))
		_, err = readTokenKey(dir)
		require.ErrorContains(t, err, "other users")
		require.NoError(t, os.Chmod(filepath.Join(dir, KeyFile), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, KeyFile), []byte("short"), 0o600))
	_, err = readTokenKey(dir)
	require.ErrorContains(t, err, "is damaged")
	_, err = readTokenKey("")
	require.ErrorContains(t, err, "no home directory")
}
