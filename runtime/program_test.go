package runtime

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgramRunsManyTimes(t *testing.T) {
	rt, err := New(Options{WorkDir: t.TempDir()})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Name: "count.lua", Source: []byte("count = (count or 0) + 1\nreturn count, ..., params.n")})
	require.NoError(t, err)
	for i := range 3 {
		r, err := program.Run(t.Context(), RunOptions{Args: []string{"a"}, Params: fmt.Appendf(nil, `{"n":%d}`, i)})
		require.NoError(t, err)
		assert.Equal(t, []any{1.0, "a", float64(i)}, r.Values)
	}
}

func TestCompileReportsTheLine(t *testing.T) {
	rt, err := New(Options{WorkDir: t.TempDir()})
	require.NoError(t, err)
	_, err = rt.Compile(t.Context(), Script{Name: "a.lua", Source: []byte("x = 1\nif x then")})
	var failed *ScriptError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, []any{"a.lua", 2}, []any{failed.Script, failed.Line})
}

func TestCompilingEndsWithTheContext(t *testing.T) {
	source := []byte(strings.Repeat("x = x + 1\n", 50_000))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errMine)
	rt, err := New(Options{})
	require.NoError(t, err)
	_, err = rt.Compile(ctx, Script{Source: source})
	require.ErrorIs(t, err, errMine)

	rt, err = New(Options{Timeout: time.Nanosecond})
	require.NoError(t, err)
	_, err = rt.Compile(t.Context(), Script{Source: source})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "time", limit.What)
}

func TestProgramSeesChangedModules(t *testing.T) {
	dir := t.TempDir()
	rt, err := New(Options{WorkDir: dir})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`return require("rules").minimum, loadfile("rules.lua")().minimum`)})
	require.NoError(t, err)
	for _, minimum := range []float64{1, 1, 2} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rules.lua"), fmt.Appendf(nil, "return { minimum = %v }", minimum), 0o600))
		r, err := program.Run(t.Context(), RunOptions{})
		require.NoError(t, err)
		assert.Equal(t, []any{minimum, minimum}, r.Values)
	}
}

// longScript returns a script of 34 KB that does little when it runs.
func longScript() []byte {
	var b strings.Builder
	b.WriteString("local rules = {}\n")
	for i := 0; b.Len() < 34_000; i++ {
		fmt.Fprintf(&b, "function rules.grade%d(n)\n  if n > %d and n %% 2 == 0 then return \"grade \" .. n end\n  return n * %d\nend\n", i, i, i)
	}
	b.WriteString("return rules.grade7(9)\n")
	return []byte(b.String())
}

// BenchmarkScript runs a script of 34 KB, compiled once and compiled each time.
func BenchmarkScript(b *testing.B) {
	rt, err := New(Options{WorkDir: b.TempDir()})
	require.NoError(b, err)
	script := Script{Name: "long.lua", Source: longScript()}
	b.Run("compiled each time", func(b *testing.B) {
		for b.Loop() {
			_, err := rt.Run(b.Context(), script)
			require.NoError(b, err)
		}
	})
	b.Run("program", func(b *testing.B) {
		program, err := rt.Compile(b.Context(), script)
		require.NoError(b, err)
		for b.Loop() {
			_, err := program.Run(b.Context(), RunOptions{})
			require.NoError(b, err)
		}
	})
}
