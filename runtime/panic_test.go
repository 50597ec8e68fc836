package runtime

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

var errMine = errors.New("mine")

// failing is a module of an embedder whose functions fail in several ways.
func failing(t *testing.T) (*Runtime, *bytes.Buffer) {
	t.Helper()
	call := func(name string, fn func(a *bindings.Args) (int, error)) *bindings.Func {
		return &bindings.Func{Name: name, Call: fn}
	}
	var logs bytes.Buffer
	rt, err := New(Options{
		Logger: slog.New(slog.NewTextHandler(&logs, nil)),
		Modules: []*bindings.Module{{Name: "m", Funcs: []*bindings.Func{
			call("panics", func(*bindings.Args) (int, error) { panic(errMine) }),
			call("index", func(a *bindings.Args) (int, error) { return []int{}[a.Len()], nil }),
			call("fails", func(*bindings.Args) (int, error) { return 0, errMine }),
			call("misused", func(a *bindings.Args) (int, error) { return 0, a.Errorf("not so: %w", errMine) }),
			call("open", func(*bindings.Args) (int, error) { _, err := os.Open("/nonexistent"); return 0, err }),
			call("each", func(a *bindings.Args) (int, error) {
				return a.Push(a.Host.Function(a.L, func(*lua.LState) (int, error) { panic(errMine) }))
			}),
		}}},
		Values: map[string]any{"boom": func() { panic(errMine) }},
	})
	require.NoError(t, err)
	return rt, &logs
}

func TestAPanicOfTheHostEndsTheRun(t *testing.T) {
	for _, source := range []string{
		`m.panics()`,
		`local ok, e = pcall(m.panics) return ok, e`,
		`local ok, e = xpcall(m.panics, function() return 1 end) return ok, e`,
		`local ok, e = coroutine.resume(coroutine.create(m.panics)) return ok, e`,
		`coroutine.wrap(function() pcall(m.panics) print("on") end)()`,
		`pcall(boom)`,
		`pcall(function() for _ in m.each() do end end)`,
		`pcall(string.gsub, "a", "a", function() m.panics() end)`,
	} {
		t.Run(source, func(t *testing.T) {
			rt, logs := failing(t)
			r, err := rt.Run(t.Context(), Script{Name: "t.lua", Source: []byte(source)})
			assert.Empty(t, r.Values)
			require.ErrorIs(t, err, errMine)
			var failed *ScriptError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, 1, failed.Line)
			assert.Equal(t, "internal error: mine", failed.Message)
			var panicked *PanicError
			require.ErrorAs(t, err, &panicked)
			assert.Equal(t, errMine, panicked.Value)
			assert.Contains(t, string(panicked.Stack), "panic_test.go:")
			assert.Equal(t, 1, strings.Count(logs.String(), "a Go function panicked"), logs.String())
			assert.Contains(t, logs.String(), "panic_test.go:")
		})
	}
	rt, _ := failing(t)
	_, err := rt.Run(t.Context(), Script{Source: []byte(`m.index()`)})
	assert.ErrorContains(t, err, "index out of range")
}

func TestASessionGoesOnAfterAPanic(t *testing.T) {
	rt, _ := failing(t)
	s := rt.NewSession()
	defer func() { require.NoError(t, s.Close()) }()
	_, err := s.Eval(t.Context(), Script{Source: []byte(`x = 1 m.panics()`)})
	require.ErrorIs(t, err, errMine)
	e, err := s.Eval(t.Context(), Script{Source: []byte(`x`)})
	require.NoError(t, err)
	assert.Equal(t, []lua.LValue{lua.LNumber(1)}, e.Values)
}

func TestErrorsOfTheHostKeepTheirKind(t *testing.T) {
	for source, kind := range map[string]any{
		`m.fails()`:                           "error",
		`error(select(2, pcall(m.fails)), 0)`: "error",
		`coroutine.wrap(m.fails)()`:           "error",
		`local c = coroutine.wrap(function() local ok, e = pcall(m.fails) error(e) end) c()`: "error",
		`m.misused()`: nil,
	} {
		t.Run(source, func(t *testing.T) {
			rt, _ := failing(t)
			_, err := rt.Run(t.Context(), Script{Source: []byte(source)})
			require.ErrorIs(t, err, errMine)
			var failed *ScriptError
			require.ErrorAs(t, err, &failed)
			if fields, ok := failed.Value.(map[string]any); ok {
				assert.Equal(t, kind, fields["kind"])
			} else {
				assert.Nil(t, kind)
			}
		})
	}
	rt, _ := failing(t)
	r, err := rt.Run(t.Context(), Script{Source: []byte(`local ok, e = pcall(m.open) return e.kind`)})
	require.NoError(t, err)
	assert.Equal(t, []any{"io"}, r.Values)
}

func TestTheCauseOfACancellation(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errMine)
	_, err = rt.Run(ctx, Script{Name: "t", Source: []byte(`while true do end`)})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, errMine)
	assert.EqualError(t, err, "t: the run was interrupted: mine")
}
