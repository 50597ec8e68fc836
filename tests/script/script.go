// Package script runs Lua scripts for tests of modules, in the runtime that users have.
package script

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// Bench runs scripts in a temporary folder, in which they can write.
type Bench struct {
	// Dir is the folder. Options can be changed before each run.
	Dir     string
	Options runtime.Options

	// Out is what the latest run printed, and Log what it logged.
	Out, Log bytes.Buffer
}

// New returns a bench.
func New(t *testing.T) *Bench {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	b := &Bench{Dir: dir}
	b.Options = runtime.Options{WorkDir: dir, WriteDirs: []string{dir}, Stdout: &b.Out, Stderr: &b.Log}
	return b
}

// Run runs a script and returns its error.
func (b *Bench) Run(t *testing.T, source string) error {
	t.Helper()
	return b.RunContext(t.Context(), t, source)
}

// RunContext is Run with a context.
func (b *Bench) RunContext(ctx context.Context, t *testing.T, source string) error {
	t.Helper()
	b.Out.Reset()
	b.Log.Reset()
	rt, err := runtime.New(b.Options)
	require.NoError(t, err)
	program, err := rt.Compile(ctx, runtime.Script{Name: "main.lua", Path: filepath.Join(b.Dir, "main.lua"), Source: []byte(source)})
	if err != nil {
		return err
	}
	_, err = program.Run(ctx, runtime.RunOptions{})
	return err
}

// Prints runs a script that must not fail, and returns what it printed.
func (b *Bench) Prints(t *testing.T, source string) string {
	t.Helper()
	require.NoError(t, b.Run(t, source), source)
	return b.Out.String()
}
