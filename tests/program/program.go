// Package program builds phscript for the tests that talk to it as a process.
package program

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// folder is where the programs lie.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "phscript-program-") })

// built are the programs, by how far their clocks are off.
var (
	mu    sync.Mutex
	built = map[time.Duration]string{}
)

// Path returns the program's file. The first call builds it as "make build" does,
// but without the version that a clone's commit would give it, which tests and
// guides would show. A package whose tests call it runs them by Run.
func Path(t testing.TB) string {
	t.Helper()
	return WithClock(t, 0)
}

// WithClock returns a program that believes the time to be that much later than
// it is: its whole clock is off, as that of a machine can be. Programs that it
// starts from its own file are off as well.
func WithClock(t testing.TB, off time.Duration) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if file, ok := built[off]; ok {
		return file
	}
	dir, err := folder()
	require.NoError(t, err)
	file := filepath.Join(dir, off.String(), "phscript")
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-o", file}
	if off != 0 {
		args = append(args, "-overlay", overlay(t, dir), "-ldflags", "-X time.testOff="+off.String())
	}
	cmd := exec.Command("go", append(args, "github.com/phscript/phscript/cmd/phscript")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "building phscript: %s", out)
	built[off] = file
	return file
}

// overlay writes a version of Go's package time whose Now adds testOff, and
// returns the file that has the go command use it.
func overlay(t testing.TB, dir string) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	original := filepath.Join(strings.TrimSpace(string(out)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	require.NoError(t, err)
	const read = "\tsec, nsec, mono := runtimeNow()\n"
	require.Equal(t, 1, strings.Count(string(text), read), "time.Now is written in another way than this test knows")
	changed := strings.Replace(string(text), read, read+"\tsec += testSeconds\n", 1) + `
// testOff is how far the clock is off, which the linker sets.
var testOff string

var testSeconds = func() int64 {
	d, err := ParseDuration(testOff)
	if err != nil {
		panic(err)
	}
	return int64(d / Second)
}()
`
	file, list := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: file}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, replace, 0o600))
	return list
}

// Run runs the tests of a package, for its TestMain, and removes the programs
// that they had built. It returns the exit code.
func Run(m *testing.M) int {
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if len(built) > 0 {
		dir, err := folder()
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}
