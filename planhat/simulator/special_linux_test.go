package simulator_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// Fixtures that are pipes or devices are refused, without waiting for them.
func TestFixturesThatAreNoFiles(t *testing.T) {
	for name, put := range map[string]func(file string) error{
		"a pipe":   func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"a device": func(file string) error { return os.Symlink("/dev/zero", file) },
	} {
		dir := t.TempDir()
		require.NoError(t, put(filepath.Join(dir, "company.csv")), name)
		_, err := simulator.Start(simulator.Options{FixturesDir: dir})
		assert.ErrorContains(t, err, "company.csv is a pipe or a device, not a file", name)
	}
}
