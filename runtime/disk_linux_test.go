package runtime

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A disk that fills while a script writes costs neither the old file nor the exit code,
// although scripts rarely look at what f:write returns.
func TestFullDisk(t *testing.T) {
	b := newBench(t)
	b.opts.WriteDirs = []string{b.dir}
	err := syscall.Mount("tmpfs", b.dir, "tmpfs", 0, "size=256k,mode=0700")
	if errors.Is(err, syscall.EPERM) {
		t.Skip("mounting a file system needs root")
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(b.dir, 0)) })
	const (
		open    = `local text, f = ("x"):rep(1000), io.open("good.csv", "w") `
		write   = `for i = 1, 1000 do f:write(text) end `
		handled = `assert(select(2, f:close()) == "No space left on device") `
	)
	for script, complete := range map[string]bool{
		open + write + `f:close()`:                  false,
		open + `f:setvbuf("no") ` + write + handled: false,
		open + write:                false,
		open + write + `os.exit(0)`: false,
		open + `io.output(f) for i = 1, 1000 do io.write(text) end io.close()`:            false,
		`io.output("good.csv") io.write(("x"):rep(300000)) io.close()`:                    false,
		`local f, text = io.open("good.csv", "w+"), ("x"):rep(1000) ` + write:             false,
		open + write + handled + `f = io.open("good.csv", "w") f:write("less") f:close()`: true,
		`local f = io.open("good.csv", "w") f:write("less") f:close()`:                    true,
		`pcall(fs.write, "good.csv", ("x"):rep(300000)) fs.write("good.csv", "less")`:     true,
	} {
		b.put(t, "good.csv", "good")
		_, err := b.run(t, script)
		text, readErr := os.ReadFile(filepath.Join(b.dir, "good.csv"))
		require.NoError(t, readErr)
		if complete {
			require.NoError(t, err, script)
			assert.Equal(t, "less", string(text), script)
			continue
		}
		assert.ErrorContains(t, err, "write good.csv: no space left on device; the file was not written, and an old one has not changed", script)
		assert.Equal(t, "good", string(text), script)
		left, err := os.ReadDir(b.dir)
		require.NoError(t, err)
		assert.Len(t, left, 1, script)
	}
	for _, mode := range []string{"a", "r+"} {
		b.put(t, "good.csv", "good")
		_, err := b.run(t, strings.Replace(open, `"w"`, `"`+mode+`"`, 1)+write+`f:close()`)
		assert.ErrorContains(t, err, "write good.csv: no space left on device; only part of the text is in the file", mode)
	}
}
