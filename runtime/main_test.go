package runtime

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench runs scripts in a temporary folder and keeps what they print.
type bench struct {
	dir    string
	opts   Options
	stdout bytes.Buffer
	stderr bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	b := &bench{dir: dir}
	b.opts = Options{WorkDir: dir, Stdout: &b.stdout, Stderr: &b.stderr}
	return b
}

// run runs a script that lies in the bench's folder as main.lua.
func (b *bench) run(t *testing.T, source string, args ...string) (*Result, error) {
	t.Helper()
	return b.runContext(t, t.Context(), source, args...)
}

func (b *bench) runContext(t *testing.T, ctx context.Context, source string, args ...string) (*Result, error) {
	t.Helper()
	rt, err := New(b.opts)
	require.NoError(t, err)
	program, err := rt.Compile(ctx, Script{Name: "main.lua", Path: filepath.Join(b.dir, "main.lua"), Source: []byte(source)})
	if err != nil {
		return &Result{}, err
	}
	result, err := program.Run(ctx, RunOptions{Args: args})
	require.NotNil(t, result)
	return result, err
}

// fails runs a script that must fail with a *ScriptError.
func (b *bench) fails(t *testing.T, source string) *ScriptError {
	t.Helper()
	_, err := b.run(t, source)
	var failed *ScriptError
	require.ErrorAs(t, err, &failed)
	return failed
}

// report renders an error without color.
func report(t *testing.T, err *ScriptError) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, err.Render(&out, false))
	assert.NotContains(t, out.String(), "0x", "no address is shown")
	return out.String()
}
