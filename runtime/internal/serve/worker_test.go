package serve

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
)

type definition = schedule.Definition

// hold is a launch that goes on until it is released or stopped.
func hold(release <-chan struct{}) Launch {
	return func(ctx context.Context, from *Loaded, r *history.Run, d definition, out Output) history.End {
		select {
		case <-release:
			return succeed(ctx, from, r, d, out)
		case <-ctx.Done():
			return history.End{Status: history.Cancelled}
		}
	}
}

// runNow queues a run of a schedule by hand.
func (w *fixture) runNow(name string) int64 {
	w.t.Helper()
	var e Entry
	patience.Await(w.t, 10*time.Millisecond, func() bool {
		var err error
		e, err = w.schedules.one(w.t.Context(), w.schedules.db, name)
		return err == nil
	}, "there never is a schedule %s", name)
	id, err := w.schedules.RunNow(w.t.Context(), e.Name, Ask{})
	require.NoError(w.t, err)
	return id
}

func (w *fixture) awaitStatus(id int64, status history.Status) *history.Run {
	w.t.Helper()
	var r *history.Run
	patience.Await(w.t, 20*time.Millisecond, func() bool {
		var err error
		r, err = w.history.Run(w.t.Context(), id)
		require.NoError(w.t, err)
		return r.Status == status
	}, "run %d never was %s", id, status)
	return r
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		release := make(chan struct{})
		stop := w.serve("a", hold(release),
			w.define(config.Schedule{Name: "skips", Cron: "0 0 1 1 *"}),
			w.define(config.Schedule{Name: "queues", Cron: "0 0 1 1 *", Overlap: "queue"}),
			w.define(config.Schedule{Name: "cancels", Cron: "0 0 1 1 *", Overlap: "cancel_previous"}))
		defer stop()
		first := map[string]int64{}
		for _, name := range []string{"skips", "queues", "cancels"} {
			first[name] = w.runNow(name)
			w.awaitStatus(first[name], history.Running)
		}
		skipped := w.awaitStatus(w.runNow("skips"), history.Skipped)
		assert.Contains(t, skipped.Reason, "was still running")
		queued := w.runNow("queues")
		replacing := w.runNow("cancels")
		cancelled := w.awaitStatus(first["cancels"], history.Cancelled)
		assert.Equal(t, "the next run of its schedule was due", cancelled.Reason)
		w.awaitStatus(replacing, history.Running)
		w.awaitStatus(queued, history.Queued)
		close(release)
		w.awaitStatus(first["queues"], history.Succeeded)
		w.awaitStatus(queued, history.Succeeded)
	})
}

// TestQueuedRunsKeepTheirOrder: runs that wait for each other are made one at a
// time, in the order in which they were due, by however many workers.
func TestQueuedRunsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "queues", Cron: "0 0 1 1 *", Overlap: "queue"})
		var mu sync.Mutex
		var order []int64
		atWork := 0
		launch := func(ctx context.Context, from *Loaded, r *history.Run, d definition, out Output) history.End {
			mu.Lock()
			order = append(order, r.ID)
			atWork++
			assert.Equal(t, 1, atWork)
			mu.Unlock()
			defer func() {
				mu.Lock()
				atWork--
				mu.Unlock()
			}()
			return succeed(ctx, from, r, d, out)
		}
		stop := w.serve("a", launch, d)
		defer stop()
		var ids []int64
		for range 8 {
			ids = append(ids, w.runNow("queues"))
		}
		for _, id := range ids {
			w.awaitStatus(id, history.Succeeded)
		}
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, ids, order)
	})
}

// TestCancellingIsHeardAtOnce: the worker of a run does not wait for its next
// look at the store.
func TestCancellingIsHeardAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		w.silence = 24 * time.Hour // it looks ten times as often
		stop := w.serve("a", hold(nil), w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *"}))
		defer stop()
		id := w.runNow("long")
		w.awaitStatus(id, history.Running)
		began := time.Now()
		_, err := w.schedules.Cancel(t.Context(), id, Ask{})
		require.NoError(t, err)
		r := w.awaitStatus(id, history.Cancelled)
		assert.Equal(t, "cancelled by hand", r.Reason)
		t.Logf("heard after %v", time.Since(began))
	})
}

func TestCancelAndRetryByHand(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	stop := w.serve("a", hold(nil), w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *"}))
	defer stop()
	id := w.runNow("long")
	w.awaitStatus(id, history.Running)
	was, err := w.schedules.Cancel(t.Context(), id, Ask{})
	require.NoError(t, err)
	assert.Equal(t, history.Running, was)
	assert.Equal(t, "cancelled by hand", w.awaitStatus(id, history.Cancelled).Reason)
	again, err := w.schedules.Retry(t.Context(), id, "", Ask{})
	require.NoError(t, err)
	r := w.awaitStatus(again, history.Running)
	assert.Equal(t, id, r.RetryOf)
	assert.Equal(t, 2, r.Attempt)
	_, err = w.schedules.Retry(t.Context(), again, "", Ask{})
	require.ErrorContains(t, err, "you can repeat it once it has ended")
	_, err = w.schedules.Cancel(t.Context(), 999, Ask{Why: ""})
	require.ErrorIs(t, err, history.ErrNoRun)
}

// TestRetriesAndNotifications: a run is tried again as often as its schedule
// says; people hear once that it fails, and once that it works again.
func TestRetriesAndNotifications(t *testing.T) {
	secret := "webhook-secret"
	type delivery struct {
		event     Event
		body      []byte
		signature string
	}
	deliveries := make(chan delivery, 10)
	var refused atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if refused.CompareAndSwap(false, true) {
			rw.WriteHeader(http.StatusBadGateway) // and is asked again
			return
		}
		body, _ := io.ReadAll(r.Body)
		d := delivery{body: body, signature: r.Header.Get(SignatureHeader)}
		_ = json.Unmarshal(body, &d.event)
		deliveries <- d
	}))
	defer hook.Close()
	t.Setenv("HOOK_SECRET", secret)
	w := newFixture(t, t.TempDir()+"/state.db")
	var works atomic.Bool
	launch := func(ctx context.Context, from *Loaded, r *history.Run, d definition, out Output) history.End {
		if works.Load() {
			return succeed(ctx, from, r, d, out)
		}
		code := 1
		return history.End{Status: history.Failed, ExitCode: &code, Error: "it broke"}
	}
	actions := []config.Action{{Webhook: hook.URL + "/secret-path", SecretEnv: "HOOK_SECRET"}}
	stop := w.serve("a", launch, w.define(config.Schedule{Name: "flaky", Cron: "0 0 1 1 *", Retries: 1, OnFailure: actions, OnRecovery: actions}))
	id := w.runNow("flaky")
	w.awaitStatus(id, history.Failed)
	runs := w.await(history.Filter{Schedule: "flaky"}, func(runs []*history.Run) bool { return len(runs) == 2 })
	retry := runs[1]
	assert.Equal(t, history.ByRetry, retry.Cause)
	assert.Equal(t, id, retry.RetryOf)
	assert.WithinDuration(t, time.Now().Add(firstPause), retry.Due, 10*time.Second)
	// Nobody wants to wait for it. That it is called off is the failure.
	_, err := w.schedules.Cancel(t.Context(), retry.ID, Ask{Why: "not needed"})
	require.NoError(t, err)
	last, err := w.schedules.Retry(t.Context(), retry.ID, "", Ask{})
	require.NoError(t, err)
	w.awaitStatus(last, history.Failed)
	got := <-deliveries
	assert.Equal(t, Failure, got.event.Kind)
	assert.Equal(t, "it broke", got.event.Error)
	assert.Equal(t, id, got.event.Run)
	var at int64
	for i := 2; i < len(got.signature) && got.signature[i] != ','; i++ {
		at = at*10 + int64(got.signature[i]-'0')
	}
	assert.Equal(t, sign(secret, time.Unix(at, 0), got.body), got.signature)
	// It goes on failing: no news.
	again, err := w.schedules.Retry(t.Context(), last, "", Ask{})
	require.NoError(t, err)
	w.awaitStatus(again, history.Failed)
	works.Store(true)
	for range 2 {
		w.awaitStatus(w.runNow("flaky"), history.Succeeded)
	}
	assert.Equal(t, Recovery, (<-deliveries).event.Kind)
	stop()
	assert.Empty(t, deliveries)
}

// TestACancelledRetryIsAFailure: a retry that is ended, by a person or by the
// next run of its schedule, leaves the failure that it was to make up for.
func TestACancelledRetryIsAFailure(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		events := make(chan Event, 10)
		hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var e Event
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&e))
			events <- e
		}))
		defer hook.Close()
		launch := func(ctx context.Context, from *Loaded, r *history.Run, d definition, out Output) history.End {
			if r.Cause == history.ByRetry || !r.Definition.Params.IsZero() {
				return hold(nil)(ctx, from, r, d, out)
			}
			return history.End{Status: history.Failed, Error: "it broke"}
		}
		actions := []config.Action{{Webhook: hook.URL}}
		stop := w.serve("a", launch,
			w.define(config.Schedule{Name: "by-hand", Cron: "0 0 1 1 *", Retries: 1, OnFailure: actions}),
			w.define(config.Schedule{Name: "by-next", Cron: "0 0 1 1 *", Retries: 1, OnFailure: actions, Overlap: "cancel_previous"}))
		defer stop()
		for _, name := range []string{"by-hand", "by-next"} {
			id := w.runNow(name)
			w.awaitStatus(id, history.Failed)
			// Nobody waits for half a minute.
			_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_run SET due_at = ? WHERE retry_of = ?`, time.Now().Add(-time.Minute).UnixMicro(), id)
			require.NoError(t, err)
			runs := w.await(history.Filter{Schedule: name, Statuses: []history.Status{history.Running}}, func(runs []*history.Run) bool { return len(runs) == 1 })
			assert.Empty(t, events, "it is being tried again")
			if name == "by-hand" {
				_, err = w.schedules.Cancel(t.Context(), runs[0].ID, Ask{})
				require.NoError(t, err)
			} else {
				next, err := w.schedules.RunNow(t.Context(), name, Ask{Params: map[string]json.RawMessage{"hold": json.RawMessage("true")}})
				require.NoError(t, err)
				w.awaitStatus(next, history.Running)
			}
			w.awaitStatus(runs[0].ID, history.Cancelled)
			got := <-events
			assert.Equal(t, Failure, got.Kind)
			assert.Equal(t, id, got.Run)
			assert.Equal(t, "it broke", got.Error)
			e, err := w.schedules.one(t.Context(), w.schedules.db, name)
			require.NoError(t, err)
			assert.True(t, e.Failing)
		}
	})
}

// TestLostRuns: a run whose worker says nothing is marked, and repeated where
// its schedule allows that; its late worker does not overwrite that.
func TestLostRuns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *", Retries: 1})
		release := make(chan struct{})
		stop := w.serve("a", hold(release), d)
		defer stop()
		id := w.runNow("long")
		w.awaitStatus(id, history.Running)
		// As a worker on a machine that is gone would leave it.
		_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_run SET worker = 'gone:1', seen_at = seen_at - ? WHERE id = ?`, (2 * lostAfter).Microseconds(), id)
		require.NoError(t, err)
		r := w.awaitStatus(id, history.Lost)
		assert.Contains(t, r.Reason, "gone:1")
		runs := w.await(history.Filter{Schedule: "long"}, func(runs []*history.Run) bool { return len(runs) == 2 })
		assert.Equal(t, history.ByRetry, runs[1].Cause)
		close(release)
		// The first worker finds that the run is not its own any more.
		require.Never(t, func() bool {
			r, err := w.history.Run(t.Context(), id)
			return err != nil || r.Status != history.Lost
		}, lostAfter/5, 100*time.Millisecond)
	})
}

// TestALockedFileLosesNobody: a file that is locked can be read, but no worker can
// tell that it is alive; after that, all of them get their time again.
func TestALockedFileLosesNobody(t *testing.T) {
	t.Parallel()
	location := t.TempDir() + "/state.db"
	w := newFixture(t, location)
	d := w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
	id := w.runNow("long")
	claimed, err := w.history.Claim(t.Context(), w.db, id, "alive:1")
	require.NoError(t, err)
	require.True(t, claimed)
	_, err = w.db.ExecContext(t.Context(), `UPDATE phscript_run SET seen_at = seen_at - ? WHERE id = ?`, (2 * lostAfter).Microseconds(), id)
	require.NoError(t, err)
	watcher := &Worker{
		db: w.db, schedules: w.schedules, history: w.history, lostAfter: lostAfter, meters: newMeters(),
		log: slog.New(slog.DiscardHandler), watching: time.Now().Add(-time.Hour),
	}
	other, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	lock, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.ErrorContains(t, watcher.Lost(t.Context()), "database is locked")
	require.NoError(t, lock.Rollback())
	require.NoError(t, other.Close())
	require.NoError(t, watcher.Lost(t.Context()))
	w.awaitStatus(id, history.Running)
	// The machine slept: a worker does not give its own run up.
	watcher.watching = time.Now().Add(-time.Hour)
	watcher.stops.Store(id, context.CancelCauseFunc(func(error) {}))
	require.NoError(t, watcher.Lost(t.Context()))
	w.awaitStatus(id, history.Running)
	watcher.stops.Delete(id)
	require.NoError(t, watcher.Lost(t.Context()))
	w.awaitStatus(id, history.Lost)
}

// TestShutdownHandsOver: a service that stops lets a run end, and gives one that
// does not to another worker where it may be repeated.
func TestShutdownHandsOver(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	d := w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *", Retries: 1})
	once := w.define(config.Schedule{Name: "once", Cron: "0 0 1 1 *"})
	stop := w.serve("a", hold(nil), d, once)
	id, single := w.runNow("long"), w.runNow("once")
	w.awaitStatus(id, history.Running)
	w.awaitStatus(single, history.Running)
	stop()
	assert.Equal(t, "the worker was stopped", w.awaitStatus(id, history.Cancelled).Reason)
	w.awaitStatus(single, history.Cancelled)
	runs := w.await(history.Filter{Schedule: "long"}, func(runs []*history.Run) bool { return len(runs) == 2 })
	assert.Len(t, w.statuses("once"), 1, "a run that may not be repeated is not")
	stop = w.serve("b", succeed, d, once)
	defer stop()
	w.awaitStatus(runs[1].ID, history.Succeeded)
}
