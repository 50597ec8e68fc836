package recording

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Files that would never end, or take all memory, are refused at once.
func TestPipesAndHugeFiles(t *testing.T) {
	dir := t.TempDir()
	fifo, zero, large, long := filepath.Join(dir, "fifo"), filepath.Join(dir, "zero"), filepath.Join(dir, "large"), filepath.Join(dir, "long")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	require.NoError(t, os.Symlink("/dev/zero", zero))
	for file, size := range map[string]int64{large: largest + 1, long: longestLine + 100} { // with holes
		require.NoError(t, os.WriteFile(file, []byte(Begins+"1}\n"), 0o600))
		require.NoError(t, os.Truncate(file, size))
	}
	for file, want := range map[string]string{
		fifo: "is a pipe or a device, not a file", zero: "is a pipe or a device, not a file",
		large: "it is larger than 512 MiB", long: "line 2 is longer than 256 MiB",
	} {
		_, err := Read(file)
		assert.ErrorContains(t, err, want, file)
	}
}
