// Package program builds phscript for the tests that talk to it as a process.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// folder is where the program lies, "" where no test has asked for it.
var folder string

var build = sync.OnceValues(func() (string, error) {
	var err error
	if folder, err = os.MkdirTemp("", "phscript-program-"); err != nil {
		return "", err
	}
	file := filepath.Join(folder, "phscript")
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", file, "github.com/phscript/phscript/cmd/phscript")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building phscript: %w\n%s", err, out)
	}
	return file, nil
})

// Path returns the program's file. The first call builds it, as "make build"
// does. A package whose tests call it runs them by Run.
func Path(t testing.TB) string {
	t.Helper()
	file, err := build()
	require.NoError(t, err)
	return file
}

// Run runs the tests of a package, for its TestMain, and removes the program
// that they had built. It returns the exit code.
func Run(m *testing.M) int {
	code := m.Run()
	if folder != "" {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}
