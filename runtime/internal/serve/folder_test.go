package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFoldersOfKilledServicesAreCleared(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp) // on Windows
	killed, err := newFolder()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(killed.path, "phscript.toml"), nil, 0o600))
	require.NoError(t, killed.lock.Close()) // as the system does for a process that is gone
	atWork, err := newFolder()
	require.NoError(t, err)
	older := func(name string, age time.Duration) string {
		path := filepath.Join(temp, name)
		require.NoError(t, os.Mkdir(path, 0o700))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(-age)))
		return path
	}
	unlocked, begun, another := older(folderPrefix+"1", time.Hour), older(folderPrefix+"2", 0), older("another-run-3", time.Hour)
	file := filepath.Join(temp, folderPrefix+"file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	require.NoError(t, ClearFolders())
	assert.NoDirExists(t, killed.path)
	assert.NoDirExists(t, unlocked)
	assert.DirExists(t, atWork.path)
	assert.DirExists(t, begun)
	assert.DirExists(t, another)
	assert.FileExists(t, file)

	require.NoError(t, atWork.remove())
	assert.NoDirExists(t, atWork.path)
}
