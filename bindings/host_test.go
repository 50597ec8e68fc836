package bindings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// testHost is a host over a folder of the test. Fields may be set before use.
type testHost struct {
	Host
	t   testing.TB
	dir string

	readOnly bool
	client   *planhat.Client
	// newClient makes further clients.
	newClient func(ClientOptions) (*planhat.Client, error)

	lines    []string
	warnings []string
	// open counts the files that are open now, aborted those given up.
	open, aborted int
}

// newTestHost returns a host whose files lie in a fresh folder, whose clock
// stands at 2024-01-15 10:30 UTC and whose zone is Stockholm.
func newTestHost(t testing.TB) *testHost {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	require.NoError(t, err)
	h := &testHost{t: t, dir: t.TempDir()}
	h.Host = Host{
		Files: h, Env: testEnv{}, Log: h, Clients: h, Checkpoint: &savedCheckpoint{},
		Clock: fixedClock{time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC).In(zone)},
		// The runtime's own call keeps locals apart as well.
		Call: func(L *lua.LState, fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
			top := L.GetTop()
			defer L.SetTop(top)
			err := L.CallByParam(lua.P{Fn: fn, NRet: lua.MultRet, Protect: true}, args...)
			var results []lua.LValue
			for i := top + 1; err == nil && i <= L.GetTop(); i++ {
				results = append(results, L.Get(i))
			}
			return results, err
		},
	}
	return h
}

// fixedClock is a clock that stands still.
type fixedClock struct{ time.Time }

func (c fixedClock) Now() time.Time { return c.Time }

// testEnv holds the declared variables; an empty one is declared and not set.
type testEnv map[string]string

func (e testEnv) Lookup(name string) (string, bool, error) {
	value, declared := e[name]
	if !declared {
		return "", false, fmt.Errorf("the variable %s was not declared: run with --allow-env=%s", name, name)
	}
	return value, value != "", nil
}

func (e testEnv) Names() []string { return slices.Sorted(maps.Keys(e)) }

func (h *testHost) path(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

// file writes a file for the script to read.
func (h *testHost) file(name, text string) {
	h.t.Helper()
	require.NoError(h.t, os.WriteFile(h.path(name), []byte(text), 0o600))
}

// text returns what a file holds.
func (h *testHost) text(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(h.path(name))
	require.NoError(h.t, err)
	return string(b)
}

type testReader struct {
	*os.File
	h *testHost
}

func (r *testReader) Close() error {
	r.h.open--
	return r.File.Close()
}

func (h *testHost) OpenRead(name string) (io.ReadCloser, error) {
	f, err := os.Open(h.path(name))
	if err != nil {
		return nil, err
	}
	h.open++
	return &testReader{f, h}, nil
}

// refusal is how a host refuses, as Files asks.
type refusal string

func (r refusal) Error() string     { return string(r) }
func (r refusal) ErrorKind() string { return "permission" }

// testWriter publishes a file when it is closed, as the contract asks.
type testWriter struct {
	*os.File
	h  *testHost
	to string
}

func (w *testWriter) Close() error {
	w.h.open--
	if err := w.File.Close(); err != nil || w.to == "" {
		return err
	}
	return os.Rename(w.Name(), w.to)
}

func (w *testWriter) Abort() error {
	w.h.open--
	w.h.aborted++
	if w.to == "" {
		return w.File.Close()
	}
	return errors.Join(w.File.Close(), os.Remove(w.Name()))
}

func (h *testHost) mayWrite(name string) error {
	if h.readOnly {
		return refusal("writing " + name + " is not allowed: run with --allow-write=.")
	}
	return nil
}

func (h *testHost) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	if err := h.mayWrite(name); err != nil {
		return nil, err
	}
	if appendTo {
		f, err := os.OpenFile(h.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		h.open++
		return &testWriter{f, h, ""}, nil
	}
	f, err := os.CreateTemp(h.dir, ".half-*")
	if err != nil {
		return nil, err
	}
	h.open++
	return &testWriter{f, h, h.path(name)}, nil
}

func (h *testHost) Stat(name string) (fs.FileInfo, error)      { return os.Stat(h.path(name)) }
func (h *testHost) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(h.path(name)) }

func (h *testHost) MkdirAll(name string) error {
	return errors.Join(h.mayWrite(name), os.MkdirAll(h.path(name), 0o700))
}

func (h *testHost) Remove(name string) error {
	if err := h.mayWrite(name); err != nil {
		return err
	}
	return os.Remove(h.path(name))
}

func (h *testHost) Rename(from, to string) error {
	if err := h.mayWrite(to); err != nil {
		return err
	}
	return os.Rename(h.path(from), h.path(to))
}

func (h *testHost) Write(_ context.Context, level slog.Level, message string, fields []slog.Attr) {
	var b strings.Builder
	b.WriteString(level.String() + " " + message)
	for _, f := range fields {
		fmt.Fprintf(&b, " %s=%v", f.Key, f.Value)
	}
	h.lines = append(h.lines, b.String())
}

func (h *testHost) WarnOnce(_ context.Context, key, message string) {
	h.warnings = append(h.warnings, key+": "+message)
}

// savedCheckpoint is a CheckpointStore in memory.
type savedCheckpoint struct{ text []byte }

func (s *savedCheckpoint) Load(context.Context) ([]byte, error) { return s.text, nil }

func (s *savedCheckpoint) Save(_ context.Context, text []byte) error {
	s.text = text
	return nil
}

func (s *savedCheckpoint) Clear(context.Context) error {
	s.text = nil
	return nil
}

func (h *testHost) Default(context.Context) (*planhat.Client, error) {
	if h.client == nil {
		return nil, errors.New("the test host has no client")
	}
	return h.client, nil
}

func (h *testHost) New(_ context.Context, o ClientOptions) (*planhat.Client, error) {
	return h.newClient(o)
}

// newState returns a state with the modules as globals.
func newState(t testing.TB, h *testHost, modules ...*Module) *lua.LState {
	t.Helper()
	L := lua.NewState()
	t.Cleanup(L.Close)
	for _, m := range modules {
		L.SetGlobal(m.Name, Open(L, &h.Host, m))
	}
	return L
}

// run runs Lua code and returns the values it returns, each as tostring does.
func run(t *testing.T, L *lua.LState, code string) ([]string, error) {
	t.Helper()
	fn, err := L.Load(strings.NewReader(code), "test.lua")
	require.NoError(t, err)
	top := L.GetTop()
	if err := L.CallByParam(lua.P{Fn: fn, NRet: lua.MultRet, Protect: true}); err != nil {
		return nil, err
	}
	var out []string
	for i := top + 1; i <= L.GetTop(); i++ {
		out = append(out, L.ToStringMeta(L.Get(i)).String())
	}
	L.SetTop(top)
	return out, nil
}

// raised runs Lua code that must fail, and returns the error's text and, for
// an error object, the object.
func raised(t *testing.T, L *lua.LState, code string) (string, *lua.LTable) {
	t.Helper()
	_, err := run(t, L, code)
	var raised *lua.ApiError
	require.ErrorAs(t, err, &raised, "the code must raise: %s", code)
	t.Log(raised.Object)
	if obj, ok := raised.Object.(*lua.LTable); ok {
		return errorLine(obj), obj
	}
	return lua.LVAsString(raised.Object), nil
}

// luaCase is Lua code with the values that it must return.
type luaCase struct {
	name, code string
	want       []string
}

func runCases(t *testing.T, L *lua.LState, cases []luaCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := run(t, L, c.code)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// errorCase is Lua code with parts of the error that it must raise.
type errorCase struct {
	name, code string
	want       []string
}

func runErrors(t *testing.T, L *lua.LState, cases []errorCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, _ := raised(t, L, c.code)
			for _, part := range c.want {
				require.Contains(t, text, part)
			}
		})
	}
}
