package test_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// startTests runs "phscript test" in a folder beside the test. It returns what is
// printed, what stops it, and its exit code.
func startTests(t *testing.T, dir string, args ...string) (out *bufio.Scanner, signals chan os.Signal, code chan int) {
	t.Helper()
	read, write := io.Pipe()
	signals, code = make(chan os.Signal, 2), make(chan int, 1)
	env := &environment.Env{
		Args: append([]string{"test"}, args...), Stdout: write, Stderr: io.Discard, Dir: dir, Now: time.Now, Processors: 2,
		Getenv:   func(string) (string, bool) { return "", false },
		ReadFile: os.ReadFile, ReadConfig: os.ReadFile,
		Interrupts: func() (<-chan os.Signal, func()) { return signals, func() {} },
		Exit:       func(int) {},
	}
	go func() {
		got := command.Execute(env)
		_ = write.Close()
		code <- got
	}()
	return bufio.NewScanner(read), signals, code
}

// until reads lines up to one that matches.
func until(t *testing.T, out *bufio.Scanner, pattern string) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	for out.Scan() {
		t.Log(out.Text())
		if want.MatchString(out.Text()) {
			return
		}
	}
	require.Fail(t, "the output ended", "without %s", pattern)
}

func TestTestsAreWatched(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	put("a_test.lua", `it("runs", function() expect(run_script("s.lua").ok).to_be(true) end)`)
	put("b_test.lua", `it("is left alone", function() end)`)
	put("s.lua", `print(1)`)
	out, signals, code := startTests(t, dir, "--watch")
	until(t, out, `^2 passed in`)
	until(t, out, `^ran all tests; waiting for changes \(Ctrl-C to stop\)$`)
	put("s.lua", `error("broken")`)
	until(t, out, `^✗ a_test.lua  1 failed`)
	until(t, out, `s.lua:1: broken$`)
	until(t, out, `^ran the tests that the change affects; waiting`)
	put("s.lua", `print(2)`)
	until(t, out, `^✓ a_test.lua`)
	until(t, out, `^1 passed in`)
	signals <- os.Interrupt
	for out.Scan() {
		assert.NotContains(t, out.Text(), "failed")
	}
	assert.Equal(t, fault.ExitInterrupted, <-code)
}

func TestTestsAreInterrupted(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a_test.lua"), []byte(`it("a", function() end)`), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b_test.lua"), []byte(`it("b", function() while true do end end)`), 0o644))
	out, signals, code := startTests(t, dir, "--parallel", "1")
	until(t, out, `^✓ a_test.lua`)
	signals <- os.Interrupt
	until(t, out, `^1 passed in .*, interrupted$`)
	assert.Equal(t, fault.ExitInterrupted, <-code)
}
