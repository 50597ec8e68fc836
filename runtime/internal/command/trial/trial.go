// Package trial lets tests run a command in this process, in a temporary folder
// with its own store.
package trial

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// Now is the time of every trial.
var Now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// Trial is a folder, and the environment of the commands that run in it.
type Trial struct {
	*testing.T
	Env *environment.Env
	// Variables are the environment variables, and Signals is what interrupts a
	// command.
	Variables map[string]string
	Signals   chan os.Signal
	out, err  stream
}

// stream keeps what a command writes, from several goroutines as a file does.
type stream struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(p)
}

// take returns what was written since the last call.
func (s *stream) take() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

// New makes a trial in a folder with the given files.
func New(t *testing.T, files map[string]string) *Trial {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	r := &Trial{T: t, Variables: map[string]string{"XDG_STATE_HOME": filepath.Join(dir, "state")}, Signals: make(chan os.Signal, 2)}
	rules := trust.Current(func(string) (string, bool) { return "", false })
	r.Env = &environment.Env{
		Version: "v1.2.3", Stdin: strings.NewReader(""), Stdout: &r.out, Stderr: &r.err, Dir: dir,
		Now: func() time.Time { return Now }, User: func() string { return "kim" }, Processors: 2, ReadFile: sourcefile.Wait, Trust: rules,
		Getenv:     func(name string) (string, bool) { v, ok := r.Variables[name]; return v, ok },
		Interrupts: func() (<-chan os.Signal, func()) { return r.Signals, func() {} },
		Exit:       func(code int) { t.Errorf("the process ended with exit code %d", code) },
	}
	r.Env.ReadConfig = func(name string) ([]byte, error) { return r.Env.Trust.ReadFile(name) }
	return r
}

// Run runs a command with arguments and returns what it printed.
func (r *Trial) Run(command func(*environment.Env) *cobra.Command, args ...string) (stdout, stderr string, err error) {
	r.out.take()
	r.err.take()
	cmd := command(r.Env)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	r.Env.Args = append([]string{cmd.Name()}, args...)
	cmd.SetArgs(args)
	err = cmd.Execute()
	return r.out.take(), r.err.take(), err
}

// Store works on the store of the trial.
func (r *Trial) Store(location string, do func(ctx context.Context, s *serve.Schedules, db *store.DB)) {
	r.Helper()
	db, err := store.Open(r.Context(), filepath.Join(r.Env.Dir, location))
	require.NoError(r, err)
	engine, err := serve.NewEngine(r.Context(), db, slog.New(slog.DiscardHandler))
	require.NoError(r, err)
	do(r.Context(), serve.NewSchedules(db, engine), db)
	require.NoError(r, db.Close())
}

// DefaultStore is where commands find the store without a flag.
const DefaultStore = "state/phscript/state.db"

// Schedules puts schedules into the store of the trial.
func (r *Trial) Schedules(list ...config.Schedule) {
	r.Helper()
	var definitions []schedule.Definition
	for _, one := range list {
		d, err := schedule.New(one, "phscript.toml")
		require.NoError(r, err)
		definitions = append(definitions, d)
	}
	r.Store(DefaultStore, func(ctx context.Context, s *serve.Schedules, _ *store.DB) {
		require.NoError(r, s.Sync(ctx, definitions))
	})
}
