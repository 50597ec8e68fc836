//go:build unix

package repl_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/repl"
)

// TestHistoryPipe: nobody writes to it, and the prompt does not wait for that.
func TestHistoryPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "history")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	h, err := repl.OpenHistory(pipe, nil)
	require.ErrorContains(t, err, "is a pipe or a device")
	_, err = h.Write("x = 1")
	require.NoError(t, err)
}

// TestHistoryNowhere: the device of the whole system stays as it is.
func TestHistoryNowhere(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	h, err := repl.OpenHistory(os.DevNull, nil)
	require.NoError(t, err)
	_, err = h.Write("x = 1")
	require.NoError(t, err)
	after, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.Equal(t, before.Mode(), after.Mode())
}
