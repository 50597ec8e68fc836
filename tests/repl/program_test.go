//go:build unix

// Package repl_test talks to the prompt through a pseudo-terminal.
package repl_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/terminal"
)

// built is the folder of the program, for TestMain to remove.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // a folder in the system's temporary one
	}
	os.Exit(code)
}

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "phscript-repl-")
	if err != nil {
		return "", err
	}
	built = dir
	binary := filepath.Join(dir, "phscript")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/phscript").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building phscript: %w\n%s", err, out)
	}
	return binary, nil
})

// start starts phscript with arguments in a terminal of 100 by 30.
func start(t *testing.T, s terminal.Setting, args ...string) *terminal.Terminal {
	t.Helper()
	binary, err := program()
	require.NoError(t, err)
	s.Program = binary
	return terminal.Start(t, s, args...)
}
