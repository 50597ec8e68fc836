package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

// onBoth runs a test on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, location string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "state.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, postgres.Start(t).URL())
	})
}

// fixture is a store with one service on it, whose runs are functions.
type fixture struct {
	t         *testing.T
	db        *store.DB
	schedules *Schedules
	history   *history.History
	engine    Engine
	dir       string
	// silence is the silence after which services give up each other's runs.
	silence time.Duration
}

func newFixture(t *testing.T, location string) *fixture {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	engine, err := NewEngine(t.Context(), db, log)
	require.NoError(t, err)
	return &fixture{t: t, db: db, engine: engine, schedules: NewSchedules(db, engine), history: history.New(db), dir: t.TempDir(), silence: lostAfter}
}

// define makes a definition, and its script.
func (w *fixture) define(s config.Schedule) schedule.Definition {
	w.t.Helper()
	if s.Script == "" {
		s.Script = s.Name + ".lua"
	}
	require.NoError(w.t, os.WriteFile(filepath.Join(w.dir, s.Script), nil, 0o644))
	d, err := schedule.New(s, "test")
	require.NoError(w.t, err)
	return d
}

// lostAfter is what that silence is unless a test says otherwise.
const lostAfter = 6 * time.Second

// serve starts a service; it stops with the test, or when stop is called.
func (w *fixture) serve(name string, launch Launch, definitions ...schedule.Definition) (stop func()) {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.t.Output(), nil))
	engine, err := NewEngine(w.t.Context(), w.db, log)
	require.NoError(w.t, err)
	var written []config.Schedule
	for _, d := range definitions {
		written = append(written, d.Schedule)
	}
	loader := &Loader{Dir: w.dir, File: filepath.Join(w.dir, config.FileName), Read: func() (config.Config, error) { return config.Config{Schedules: written}, nil }}
	loaded, err := loader.Load()
	require.NoError(w.t, err)
	s := New(Options{
		DB: w.db, Engine: engine, Loader: loader, Name: name, Workers: 4, Grace: 2 * time.Second, Launch: launch,
		LostAfter: w.silence, Notifier: &Notifier{Getenv: os.LookupEnv, Pause: time.Millisecond}, Log: log,
	}, loaded)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { assert.NoError(w.t, s.Run(ctx)) })
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
	})
	w.t.Cleanup(stop)
	return stop
}

// await waits until runs of a schedule satisfy a condition, and returns them,
// the oldest first.
func (w *fixture) await(f history.Filter, enough func(runs []*history.Run) bool) []*history.Run {
	w.t.Helper()
	var runs []*history.Run
	if !patience.Until(20*time.Millisecond, func() bool {
		list, err := w.history.List(w.t.Context(), f)
		require.NoError(w.t, err)
		runs = nil
		for _, r := range list {
			runs = append([]*history.Run{r}, runs...)
		}
		return enough(runs)
	}) {
		for _, r := range runs {
			w.t.Logf("run %d %s %s %s %q", r.ID, r.Schedule, r.Tick, r.Status, r.Reason)
		}
		w.t.FailNow()
	}
	return runs
}

func over(n int) func(runs []*history.Run) bool {
	return func(runs []*history.Run) bool {
		done := 0
		for _, r := range runs {
			if r.Status.Over() {
				done++
			}
		}
		return done >= n
	}
}

func succeed(_ context.Context, _ *Loaded, _ *history.Run, _ schedule.Definition, out Output) history.End {
	out.Line(history.Line{Level: "info", Message: "done"})
	code := 0
	return history.End{Status: history.Succeeded, ExitCode: &code}
}

// TestTicksRunOnce: two services on one store make each tick's run once.
func TestTicksRunOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "often", Cron: "*/2 * * * * *", Overlap: "queue"})
		var mu sync.Mutex
		seen := map[time.Time]int{}
		launch := func(ctx context.Context, from *Loaded, r *history.Run, d schedule.Definition, out Output) history.End {
			mu.Lock()
			seen[r.Tick]++
			mu.Unlock()
			return succeed(ctx, from, r, d, out)
		}
		stopA, stopB := w.serve("a", launch, d), w.serve("b", launch, d)
		runs := w.await(history.Filter{Schedule: "often"}, over(5))
		stopA()
		stopB()
		var done []*history.Run
		for _, r := range runs {
			if r.Status.Over() {
				done = append(done, r)
				assert.Equal(t, history.Succeeded, r.Status)
				assert.Equal(t, 1, seen[r.Tick], "%v", r.Tick)
				lines, err := w.history.Log(t.Context(), r.ID, 0, 0)
				require.NoError(t, err)
				if assert.Len(t, lines, 1) {
					assert.Equal(t, "done", lines[0].Message)
				}
			}
		}
		for i := 1; i < len(done); i++ {
			assert.Equal(t, 2*time.Second, done[i].Tick.Sub(done[i-1].Tick), fmt.Sprint(i))
		}
	})
}
