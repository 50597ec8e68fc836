//go:build unix

package sandbox

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pipe without anyone at its other end would hold up the run for good.
func TestPipesAreRefused(t *testing.T) {
	w := newFolders(t)
	require.NoError(t, syscall.Mkfifo(w.path("work/pipe"), 0o644))
	require.NoError(t, syscall.Mkfifo(w.path("out/pipe"), 0o644))
	_, err := w.box.OpenRead("pipe")
	assert.ErrorContains(t, err, "is a pipe or a device, not a file")
	for _, appendTo := range []bool{false, true} {
		_, err = w.box.OpenWrite("../out/pipe", appendTo)
		assert.ErrorContains(t, err, "is a pipe or a device, not a file")
	}
}
