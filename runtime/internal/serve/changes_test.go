package serve

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

func TestPausingCallsOffWhatIsQueued(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "often", Every: "20s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		n, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		require.Positive(t, n)
		require.NoError(t, w.schedules.Pause(t.Context(), "often", Ask{}))
		for _, status := range w.statuses("often") {
			assert.Equal(t, "cancelled schedule", status)
		}
		before := len(w.statuses("often"))
		w.back("often", 2*time.Minute)
		_, err = w.schedules.Plan(t.Context())
		require.NoError(t, err)
		after := w.statuses("often")
		require.Greater(t, len(after), before)
		slices.Sort(after)
		want := append(slices.Repeat([]string{"cancelled schedule"}, before), slices.Repeat([]string{"skipped schedule"}, len(after)-before)...)
		assert.Equal(t, want, after, "ticks of a pause are recorded")
		require.NoError(t, w.schedules.Resume(t.Context(), "often", Ask{}))
		e, err := w.schedules.one(t.Context(), w.schedules.db, "often")
		require.NoError(t, err)
		assert.False(t, e.Paused)
		assert.ErrorIs(t, w.schedules.Pause(t.Context(), "nobody", Ask{}), ErrNoSchedule)
	})
}

// TestResumingWhatIsNotPaused: ticks that were missed stay so, and are made up
// for, where somebody resumes a schedule that was not paused; pausing one twice
// is pausing it once.
func TestResumingWhatIsNotPaused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		hourly := fmt.Sprintf("%d * * * *", (time.Now().UTC().Minute()+30)%60)
		d := w.define(config.Schedule{Name: "hourly", Cron: hourly, TimeZone: "UTC", CatchUp: "all"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		w.back("hourly", 3*time.Hour)
		require.NoError(t, w.schedules.Resume(t.Context(), "hourly", Ask{}))
		_, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"queued catch_up", "queued catch_up", "queued catch_up"}, w.statuses("hourly"))
		require.NoError(t, w.schedules.Pause(t.Context(), "hourly", Ask{}))
		assert.Equal(t, []string{"cancelled catch_up", "cancelled catch_up", "cancelled catch_up"}, w.statuses("hourly"))
		require.NoError(t, w.schedules.Pause(t.Context(), "hourly", Ask{}))
		e, err := w.schedules.one(t.Context(), w.schedules.db, "hourly")
		require.NoError(t, err)
		assert.True(t, e.Paused)
		require.NoError(t, w.schedules.Sync(t.Context(), nil))
		require.ErrorIs(t, w.schedules.Resume(t.Context(), "hourly", Ask{}), ErrNoSchedule)
	})
}

func TestChangesAreSynced(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	a, b := w.define(config.Schedule{Name: "a", Every: "30s"}), w.define(config.Schedule{Name: "b", Every: "30s"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a, b}))
	_, err := w.schedules.Plan(t.Context())
	require.NoError(t, err)
	queued := len(w.statuses("a"))
	// The same time with other settings keeps what is planned.
	a2 := w.define(config.Schedule{Name: "a", Every: "30s", Retries: 2})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a2}))
	assert.Len(t, w.statuses("a"), queued)
	assert.NotContains(t, w.statuses("a"), "cancelled schedule")
	assert.NotContains(t, w.statuses("b"), "queued schedule", "a schedule that is gone runs no more")
	_, err = w.schedules.one(t.Context(), w.schedules.db, "b")
	require.ErrorIs(t, err, ErrNoSchedule)
	// Another time plans anew.
	a3 := w.define(config.Schedule{Name: "a", Every: "1h", Retries: 2})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a3, b}))
	assert.NotContains(t, w.statuses("a"), "queued schedule")
	e, err := w.schedules.one(t.Context(), w.schedules.db, "a")
	require.NoError(t, err)
	assert.Equal(t, 2, e.Retries)
	assert.Zero(t, e.Next.Minute())
}

// TestAScheduleThatComesBackBeginsAnew: one that was taken out and added again
// neither keeps its pause, nor fails already.
func TestAScheduleThatComesBackBeginsAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "a", Every: "1h"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		require.NoError(t, w.schedules.Pause(t.Context(), "a", Ask{}))
		_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET failing = 1`)
		require.NoError(t, err)
		get := func() Entry {
			e, err := w.schedules.one(t.Context(), w.schedules.db, "a")
			require.NoError(t, err)
			return e
		}
		// A change leaves both as they are.
		changed := w.define(config.Schedule{Name: "a", Every: "5m"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{changed}))
		assert.True(t, get().Paused)
		assert.True(t, get().Failing)
		require.NoError(t, w.schedules.Sync(t.Context(), nil))
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{changed}))
		assert.False(t, get().Paused)
		assert.False(t, get().Failing)
	})
}

// TestChangesReachWhatIsQueued: what was planned ahead, and what is to be tried
// again, is made with the settings that hold at its time.
func TestChangesReachWhatIsQueued(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "a", Script: "old.lua", Every: "20s", Retries: 1, OnFailure: []config.Action{{Webhook: "https://example.com/secret"}}})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		_, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		handedOver, byHand, over := w.due("a", time.Minute, history.ByTick), w.runNow("a"), w.due("a", time.Minute/2, history.ByTick)
		kept := []int64{byHand, over}
		require.NoError(t, w.history.SetJob(t.Context(), w.db, handedOver, 1))
		_, err = w.history.Finish(t.Context(), w.db, over, history.End{Status: history.Succeeded}, history.Queued)
		require.NoError(t, err)
		// No store may turn the number into the next float64.
		params, err := config.ParamsOf(map[string]any{"region": "us", "id": int64(9007199254740993)})
		require.NoError(t, err)
		changed := w.define(config.Schedule{Name: "a", Script: "new.lua", Every: "20s", Retries: 1, Params: params, OnFailure: d.OnFailure})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{changed}))
		runs, err := w.history.List(t.Context(), history.Filter{Schedule: "a"})
		require.NoError(t, err)
		require.Greater(t, len(runs), len(kept))
		for _, r := range runs {
			want := changed
			if slices.Contains(kept, r.ID) {
				want = d
			}
			assert.Equal(t, want.Script, r.Script)
			assert.Equal(t, want.Script, r.Definition.Script)
			assert.Equal(t, want.Params, r.Definition.Params)
			assert.Empty(t, r.Definition.OnFailure, "the address of a webhook is often a secret")
		}
		// What had begun before the change fails.
		fail := func(id int64) *history.Run {
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			settings, err := schedule.Settings(r.Definition, "")
			require.NoError(t, err)
			require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
				return w.schedules.after(t.Context(), tx, r, settings, history.End{Status: history.Failed}, entryState{}, false)
			}))
			runs, err := w.history.List(t.Context(), history.Filter{Schedule: "a"})
			require.NoError(t, err)
			for _, again := range runs {
				if again.RetryOf == id {
					return again
				}
			}
			return nil
		}
		again := fail(handedOver)
		require.NotNil(t, again)
		assert.Equal(t, "new.lua", again.Script)
		assert.Equal(t, changed.Params, again.Definition.Params)
		never := w.define(config.Schedule{Name: "a", Script: "new.lua", Every: "20s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{never}))
		assert.Nil(t, fail(byHand), "it is not to be tried again any more")
	})
}

// TestChangesLoseNoTick: what was planned ahead is planned again after a change,
// a pause or an absence from the configuration; ticks that had come are recorded.
func TestChangesLoseNoTick(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "often", Every: "20s"})
		plan := func() {
			_, err := w.schedules.Plan(t.Context())
			require.NoError(t, err)
		}
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		plan()
		ahead := w.ticksOf("often")
		require.NotEmpty(t, ahead)
		kept := func(after string) {
			t.Helper()
			plan()
			now := w.ticksOf("often")
			for _, tick := range ahead {
				if time.Until(tick) > 5*time.Second {
					assert.Contains(t, now, tick, after)
				}
			}
		}
		require.NoError(t, w.schedules.Pause(t.Context(), "often", Ask{}))
		assert.Empty(t, w.ticksOf("often"))
		require.NoError(t, w.schedules.Resume(t.Context(), "often", Ask{}))
		kept("a pause")
		require.NoError(t, w.schedules.Sync(t.Context(), nil))
		assert.Empty(t, w.ticksOf("often"))
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		kept("an absence")
		changed := w.define(config.Schedule{Name: "often", Every: "20s", Jitter: "1s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{changed}))
		kept("a change")
		// Nobody was there for a while, and then the time was changed.
		w.back("often", time.Hour)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		missed, err := w.history.List(t.Context(), history.Filter{Schedule: "often", Statuses: []history.Status{history.Missed}})
		require.NoError(t, err)
		assert.InDelta(t, 174, len(missed), 4, "three a minute, but for those of the last two minutes")
	})
}

// TestSwitchesWaitForClaims: a run that is being claimed gets the settings and the scripts
// of one configuration.
func TestSwitchesWaitForClaims(t *testing.T) {
	t.Parallel()
	w := newFixture(t, filepath.Join(t.TempDir(), "state.db"))
	old, changed := &Loaded{Dir: "old"}, &Loaded{Dir: "new", Definitions: []definition{w.define(config.Schedule{Name: "often", Every: "20s"})}}
	s := New(Options{DB: w.db, Loader: &Loader{Dir: w.dir}, Log: slog.New(slog.DiscardHandler)}, old)
	from, release := s.pin()
	assert.Same(t, old, from)
	used := make(chan error)
	go func() { used <- s.use(t.Context(), changed) }()
	select {
	case err := <-used:
		t.Fatal("the configuration changes during a claim", err)
	case <-time.After(100 * time.Millisecond):
	}
	names, err := w.schedules.names(t.Context(), w.db)
	require.NoError(t, err)
	assert.Empty(t, names)
	release()
	require.NoError(t, <-used)
	from, release = s.pin()
	release()
	assert.Same(t, changed, from)
}

// A run that ended because somebody must decide about rows is not tried again, and people
// are told at once.
func TestUndecidedRowsAreNotRetried(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "a", Script: "a.lua", Every: "20s", Retries: 2})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		retries := func(end history.End) (n int) {
			r, err := w.history.Run(t.Context(), w.due("a", time.Minute, history.ByTick))
			require.NoError(t, err)
			require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
				return w.schedules.after(t.Context(), tx, r, d, end, entryState{}, false)
			}))
			runs, err := w.history.List(t.Context(), history.Filter{Schedule: "a"})
			require.NoError(t, err)
			for _, again := range runs {
				if again.RetryOf == r.ID {
					n++
				}
			}
			return n
		}
		assert.Equal(t, 0, retries(history.End{Status: history.Failed, InDoubt: true}))
		e, err := w.schedules.one(t.Context(), w.db, "a")
		require.NoError(t, err)
		assert.True(t, e.Failing)
	})
}
