//go:build unix

package sourcefile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("a.lua"), []byte("print(1)"), 0o600))
	require.NoError(t, os.WriteFile(at("large.lua"), []byte("-- x"), 0o600))
	require.NoError(t, os.Truncate(at("large.lua"), 1<<40))
	require.NoError(t, syscall.Mkfifo(at("pipe.lua"), 0o600))

	text, err := Read(at("a.lua"))
	require.NoError(t, err)
	assert.Equal(t, "print(1)", string(text))
	text, err = Read(os.DevNull)
	require.NoError(t, err)
	assert.Empty(t, text)
	text, err = Head(at("large.lua"), 4)
	require.NoError(t, err)
	assert.Equal(t, "-- x", string(text))

	for _, read := range []func(string) ([]byte, error){Read, Wait} {
		_, err = read(at("large.lua"))
		assert.ErrorContains(t, err, "large.lua: is larger than 16 MiB")
		_, err = read(dir)
		assert.ErrorContains(t, err, "is a directory")
		_, err = read(at("missing"))
		assert.ErrorIs(t, err, os.ErrNotExist)
	}
	_, err = Read(at("pipe.lua"))
	assert.ErrorContains(t, err, "pipe.lua: is a pipe or a device, not a file")
	_, err = Head(at("pipe.lua"), 1)
	assert.ErrorContains(t, err, "is a pipe")
	_, err = Read("/dev/zero")
	assert.ErrorContains(t, err, "is a pipe or a device")
}
