package serve

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// back sets a schedule's next tick back, as if nobody had planned it for so
// long.
func (w *world) back(name string, d time.Duration) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), w.db.Bind(`UPDATE phscript_schedule SET next_at = next_at - ? WHERE name = ?`), d.Microseconds(), name)
	require.NoError(w.t, err)
}

// statuses lists the state and cause of a schedule's runs, the oldest first.
func (w *world) statuses(name string) []string {
	w.t.Helper()
	runs, err := w.history.List(w.t.Context(), history.Filter{Schedule: name})
	require.NoError(w.t, err)
	var list []string
	for _, r := range runs {
		list = append([]string{string(r.Status) + " " + string(r.Cause)}, list...)
	}
	return list
}

// due queues a run of a schedule that has been due for so long.
func (w *world) due(name string, ago time.Duration, cause history.Cause) int64 {
	w.t.Helper()
	e, err := w.schedules.Get(w.t.Context(), name)
	require.NoError(w.t, err)
	at := time.Now().Add(-ago)
	r := &history.Run{Schedule: name, Tick: at, Due: at, Cause: cause}
	require.NoError(w.t, w.db.InTx(w.t.Context(), func(tx *sql.Tx) error {
		_, err := w.schedules.Enqueue(w.t.Context(), tx, e.Definition, r)
		return err
	}))
	return r.ID
}

// begin makes a run a worker's own.
func (w *world) begin(id int64) {
	w.t.Helper()
	claimed, err := w.history.Claim(w.t.Context(), w.db, id, "somebody:1")
	require.NoError(w.t, err)
	require.True(w.t, claimed)
}

// state is a run's state in words.
func (w *world) state(id int64) string {
	w.t.Helper()
	r, err := w.history.Run(w.t.Context(), id)
	require.NoError(w.t, err)
	switch {
	case r.Status == history.Queued && r.Job != 0:
		return "handed over"
	case r.Status == history.Running && r.CancelWanted:
		return "to end"
	}
	return string(r.Status)
}

func TestMissedTicksLeaveRecords(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		// Half an hour lies between this minute and the ticks.
		hourly := fmt.Sprintf("%d * * * *", (time.Now().UTC().Minute()+30)%60)
		for _, tt := range []struct {
			catchUp string
			want    []string
		}{
			{"skip", []string{"missed schedule", "missed schedule", "missed schedule"}},
			{"once", []string{"missed schedule", "missed schedule", "queued catch_up"}},
			{"all", []string{"queued catch_up", "queued catch_up", "queued catch_up"}},
		} {
			d := w.define(config.Schedule{Name: "hourly-" + tt.catchUp, Cron: hourly, TimeZone: "UTC", CatchUp: tt.catchUp})
			require.NoError(t, w.schedules.Sync(t.Context(), append(definitions(w), d)))
			w.back(d.Name, 3*time.Hour)
			_, err := w.schedules.Plan(t.Context())
			require.NoError(t, err)
			got := w.statuses(d.Name)
			assert.Equal(t, tt.want, got, tt.catchUp)
			// Planning again changes nothing.
			_, err = w.schedules.Plan(t.Context())
			require.NoError(t, err)
			assert.Equal(t, got, w.statuses(d.Name))
		}
	})
}

func definitions(w *world) (list []definition) {
	entries, err := w.schedules.List(w.t.Context())
	require.NoError(w.t, err)
	for _, e := range entries {
		list = append(list, e.Definition)
	}
	return list
}

// TestALongTimeIsSummedUp: of a month without a worker, in a pause or not, the
// last ticks have records of their own, and the first one stands for the others.
func TestALongTimeIsSummedUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		for _, tt := range []struct {
			name, every string
			paused      bool
			want        string
		}{
			{"absent", "1m", false, "missed schedule: no worker was there; the ticks from this one to that of "},
			{"paused", "1m", true, "skipped schedule: the schedule is paused; the ticks from this one to that of "},
			// Many of the ticks that are listed were not missed.
			{"each-second", "1s", false, "missed schedule: no worker was there; the ticks from this one to that of "},
		} {
			d := w.define(config.Schedule{Name: tt.name, Every: tt.every, CatchUp: "all", Overlap: "queue"})
			require.NoError(t, w.schedules.Sync(t.Context(), append(definitions(w), d)))
			if tt.paused {
				require.NoError(t, w.schedules.Pause(t.Context(), tt.name))
			}
			w.back(tt.name, 30*24*time.Hour)
			_, err := w.schedules.Plan(t.Context())
			require.NoError(t, err)
			runs, err := w.history.List(t.Context(), history.Filter{Schedule: tt.name})
			require.NoError(t, err)
			assert.Greater(t, len(runs), mostMissed)
			assert.Less(t, len(runs), 2*mostMissed+10)
			first := runs[len(runs)-1]
			assert.Contains(t, fmt.Sprintf("%s %s: %s", first.Status, first.Cause, first.Reason), tt.want)
			assert.NotContains(t, runs[len(runs)-2].Reason, "from this one", "its record is its own")
			assert.NotContains(t, w.statuses(tt.name), "queued catch_up", "too many to make up for")
		}
	})
}

// TestManyTicksAreNotCounted: of years of ticks, the first one and the last ones
// are found in no time, and they are those that counting finds.
func TestManyTicksAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir()+"/state.db")
	until := time.Date(2026, 3, 29, 3, 10, 0, 0, time.UTC) // just after the clocks changed
	for _, tt := range []struct {
		cron string
		long time.Duration
	}{
		{"* * * * *", 3 * 24 * time.Hour},
		{"* * 1-3 * * *", 4 * 24 * time.Hour},
		{"*/5 8-18 * * MON-FRI", 60 * 24 * time.Hour},
		{"0 2 * * *", 5 * 365 * 24 * time.Hour},
	} {
		d := w.define(config.Schedule{Name: "a", Cron: tt.cron, TimeZone: "Europe/Stockholm"})
		first := d.Timing.Next(until.Add(-tt.long))
		var want []time.Time
		at := first
		for ; !at.After(until); at = d.Timing.Next(at) {
			want = append(want, at)
		}
		require.Greater(t, len(want), 2*mostMissed)
		ticks, next := ticksUntil(d, first, until)
		assert.Equal(t, append([]time.Time{first}, want[len(want)-mostMissed:]...), ticks, tt.cron)
		assert.Equal(t, at, next, tt.cron)
	}
	for _, cron := range []string{"* * * * * *", "* * 8-18 * * *"} {
		d := w.define(config.Schedule{Name: "a", Cron: cron, TimeZone: "Europe/Stockholm"})
		began := time.Now()
		ticks, _ := ticksUntil(d, d.Timing.Next(until.AddDate(-10, 0, 0)), until)
		assert.Len(t, ticks, 1+mostMissed)
		assert.Less(t, time.Since(began), 10*time.Second, "a hundred million ticks lie between")
	}
}

// TestManyPlannersQueueOnce: planners at the same time queue each tick once.
func TestManyPlannersQueueOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "often", Every: "1s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		done := make(chan error)
		for range 6 {
			go func() {
				_, err := w.schedules.Plan(context.Background())
				done <- err
			}()
		}
		for range 6 {
			require.NoError(t, <-done)
		}
		runs, err := w.history.List(t.Context(), history.Filter{Schedule: "often"})
		require.NoError(t, err)
		seen := map[time.Time]bool{}
		for _, r := range runs {
			assert.False(t, seen[r.Tick], "%v", r.Tick)
			seen[r.Tick] = true
		}
		assert.Greater(t, len(runs), 50)
	})
}

// TestPlanningByWhatHolds: what was read before a change plans nothing, though
// the next tick is the same before and after.
func TestPlanningByWhatHolds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "a", Every: "20s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		before, err := w.schedules.Get(t.Context(), "a")
		require.NoError(t, err)
		at := before.Next.UTC()
		changes := []config.Schedule{
			{Name: "a", Every: "20s", Script: "new.lua"},
			{Name: "a", Cron: fmt.Sprintf("%d %d %d * * *", at.Second(), at.Minute(), at.Hour()), TimeZone: "UTC"},
		}
		for _, change := range changes {
			require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(change)}))
			// The ticks are planned late in the test where the machine is slow.
			_, err = w.db.ExecContext(t.Context(), w.db.Bind(`UPDATE phscript_schedule SET next_at = ?`), before.Next.UnixMicro())
			require.NoError(t, err)
			n, err := w.schedules.planOne(t.Context(), before, before.Next)
			require.NoError(t, err)
			assert.Zero(t, n)
			assert.Empty(t, w.statuses("a"))
		}
		now, err := w.schedules.Get(t.Context(), "a")
		require.NoError(t, err)
		n, err := w.schedules.planOne(t.Context(), now, now.Next)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

func TestPausingCallsOffWhatIsQueued(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "often", Every: "20s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		n, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		require.Positive(t, n)
		require.NoError(t, w.schedules.Pause(t.Context(), "often"))
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
		require.NoError(t, w.schedules.Resume(t.Context(), "often"))
		e, err := w.schedules.Get(t.Context(), "often")
		require.NoError(t, err)
		assert.False(t, e.Paused)
		assert.ErrorIs(t, w.schedules.Pause(t.Context(), "nobody"), ErrNoSchedule)
	})
}

// TestResumingWhatIsNotPaused: ticks that were missed stay so, and are made up
// for, where somebody resumes a schedule that was not paused; pausing one twice
// is pausing it once.
func TestResumingWhatIsNotPaused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		hourly := fmt.Sprintf("%d * * * *", (time.Now().UTC().Minute()+30)%60)
		d := w.define(config.Schedule{Name: "hourly", Cron: hourly, TimeZone: "UTC", CatchUp: "all"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		w.back("hourly", 3*time.Hour)
		require.NoError(t, w.schedules.Resume(t.Context(), "hourly"))
		_, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"queued catch_up", "queued catch_up", "queued catch_up"}, w.statuses("hourly"))
		require.NoError(t, w.schedules.Pause(t.Context(), "hourly"))
		assert.Equal(t, []string{"cancelled catch_up", "cancelled catch_up", "cancelled catch_up"}, w.statuses("hourly"))
		require.NoError(t, w.schedules.Pause(t.Context(), "hourly"))
		e, err := w.schedules.Get(t.Context(), "hourly")
		require.NoError(t, err)
		assert.True(t, e.Paused)
		require.NoError(t, w.schedules.Sync(t.Context(), nil))
		require.ErrorIs(t, w.schedules.Resume(t.Context(), "hourly"), ErrNoSchedule)
	})
}

func TestChangesAreSynced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir()+"/state.db")
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
	_, err = w.schedules.Get(t.Context(), "b")
	require.ErrorIs(t, err, ErrNoSchedule)
	// Another time plans anew.
	a3 := w.define(config.Schedule{Name: "a", Every: "1h", Retries: 2})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a3, b}))
	assert.NotContains(t, w.statuses("a"), "queued schedule")
	e, err := w.schedules.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, 2, e.Retries)
	assert.Zero(t, e.Next.Minute())
}

// TestAScheduleThatComesBackBeginsAnew: one that was taken out and added again
// neither keeps its pause, nor fails already.
func TestAScheduleThatComesBackBeginsAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "a", Every: "1h"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		require.NoError(t, w.schedules.Pause(t.Context(), "a"))
		_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET failing = 1`)
		require.NoError(t, err)
		get := func() Entry {
			e, err := w.schedules.Get(t.Context(), "a")
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
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "a", Script: "old.lua", Every: "20s", Retries: 1, OnFailure: []config.Action{{Webhook: "https://example.com/secret"}}})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		_, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		handedOver, byHand, over := w.due("a", time.Minute, history.ByTick), w.runNow("a"), w.due("a", time.Minute/2, history.ByTick)
		kept := []int64{handedOver, byHand, over}
		require.NoError(t, w.history.SetJob(t.Context(), w.db, handedOver, 1))
		_, err = w.history.Finish(t.Context(), w.db, over, history.End{Status: history.Succeeded}, history.Queued)
		require.NoError(t, err)
		changed := w.define(config.Schedule{Name: "a", Script: "new.lua", Every: "20s", Retries: 1, Params: map[string]any{"region": "us"}, OnFailure: d.OnFailure})
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
			require.NoError(t, w.db.InTx(t.Context(), func(tx *sql.Tx) error {
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

func TestJitterIsTheSameForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir()+"/state.db")
	d := w.define(config.Schedule{Name: "a", Every: "1h", Jitter: "5m"})
	tick := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	first := jitter(d, tick)
	assert.Equal(t, first, jitter(d, tick))
	assert.NotEqual(t, first, jitter(d, tick.Add(time.Hour)))
	assert.Less(t, first, 5*time.Minute)
}

// ticksOf returns the ticks of a schedule that are queued.
func (w *world) ticksOf(name string) (ticks []time.Time) {
	w.t.Helper()
	runs, err := w.history.List(w.t.Context(), history.Filter{Schedule: name, Statuses: []history.Status{history.Queued}})
	require.NoError(w.t, err)
	for _, r := range runs {
		ticks = append(ticks, r.Tick)
	}
	return ticks
}

// TestChangesLoseNoTick: what was planned ahead is planned again after a change,
// a pause or an absence from the configuration; ticks that had come are recorded.
func TestChangesLoseNoTick(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
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
		require.NoError(t, w.schedules.Pause(t.Context(), "often"))
		assert.Empty(t, w.ticksOf("often"))
		require.NoError(t, w.schedules.Resume(t.Context(), "often"))
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

// TestOverlapNeedsNoWorker: what is due while the run before it waits for a
// worker is left out, takes its place or waits, as it is while that one runs.
func TestOverlapNeedsNoWorker(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		var definitions []definition
		for name, overlap := range map[string]string{"skips": "skip", "queues": "queue", "cancels": "cancel_previous"} {
			definitions = append(definitions, w.define(config.Schedule{Name: name, Cron: "0 0 1 1 *", Overlap: overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		ids := map[string][]int64{}
		for _, d := range definitions {
			for range 4 {
				ids[d.Name] = append(ids[d.Name], w.runNow(d.Name))
			}
		}
		for range 3 {
			require.NoError(t, w.schedules.Dispatch(t.Context()))
		}
		states := func(name string) (list []string) {
			for _, id := range ids[name] {
				list = append(list, w.state(id))
			}
			return list
		}
		assert.Equal(t, []string{"handed over", "skipped", "skipped", "skipped"}, states("skips"))
		assert.Equal(t, []string{"handed over", "queued", "queued", "queued"}, states("queues"))
		assert.Equal(t, []string{"skipped", "skipped", "skipped", "handed over"}, states("cancels"))
		again := w.runNow("cancels")
		ids["cancels"] = append(ids["cancels"], again)
		for range 3 {
			require.NoError(t, w.schedules.Dispatch(t.Context()))
		}
		assert.Equal(t, []string{"skipped", "skipped", "skipped", "cancelled", "handed over"}, states("cancels"))
	})
}

// TestOverlapLooksPastWhatMakesUp: a retry, or a run that catches up, waits for
// the one that goes on; what is due after it is still left out, or takes the
// place of others.
func TestOverlapLooksPastWhatMakesUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		type dueAt struct {
			ago   time.Duration
			cause history.Cause
		}
		var definitions []definition
		tests := []struct {
			name, overlap string
			atWork        bool
			waiting       []dueAt
			// with is what becomes of the run at work and of those that wait, and
			// then once it has ended.
			with, then []string
		}{
			{
				"cancels", "cancel_previous", true,
				[]dueAt{{60, history.ByRetry}, {50, history.ByCatchUp}, {40, history.ByTick}, {30, history.ByRetry}, {20, history.ByTick}, {10, history.ByRetry}},
				[]string{"to end", "cancelled", "queued", "skipped", "cancelled", "queued", "queued"},
				[]string{"succeeded", "cancelled", "queued", "skipped", "cancelled", "handed over", "queued"},
			},
			{
				"cancels-nothing", "cancel_previous", false,
				[]dueAt{{60, history.ByRetry}, {50, history.ByCatchUp}, {40, history.ByTick}},
				[]string{"cancelled", "queued", "handed over"}, nil,
			},
			{
				"skips", "skip", true,
				[]dueAt{{60, history.ByRetry}, {50, history.ByTick}, {40, history.ByCatchUp}, {30, history.ByTick}},
				[]string{"running", "queued", "skipped", "queued", "skipped"},
				[]string{"succeeded", "handed over", "skipped", "queued", "skipped"},
			},
			{
				"queues", "queue", true,
				[]dueAt{{60, history.ByTick}, {50, history.ByRetry}, {40, history.ByTick}},
				[]string{"running", "queued", "queued", "queued"},
				[]string{"succeeded", "handed over", "queued", "queued"},
			},
			{
				"queues-behind", "queue", true,
				[]dueAt{{60, history.ByCatchUp}, {50, history.ByTick}, {40, history.ByRetry}},
				[]string{"running", "queued", "queued", "queued"},
				[]string{"succeeded", "handed over", "queued", "queued"},
			},
		}
		for _, tt := range tests {
			definitions = append(definitions, w.define(config.Schedule{Name: tt.name, Cron: "0 0 1 1 *", Overlap: tt.overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		for _, tt := range tests {
			var ids []int64
			if tt.atWork {
				ids = append(ids, w.due(tt.name, 2*time.Minute, history.ByTick))
				w.begin(ids[0])
			}
			for _, r := range tt.waiting {
				ids = append(ids, w.due(tt.name, r.ago*time.Second, r.cause))
			}
			states := func() (list []string) {
				var together sync.WaitGroup
				for range 4 {
					together.Go(func() { assert.NoError(t, w.schedules.Dispatch(t.Context())) })
				}
				together.Wait()
				for _, id := range ids {
					list = append(list, w.state(id))
				}
				return list
			}
			assert.Equal(t, tt.with, states(), tt.name)
			if tt.atWork {
				_, err := w.history.Finish(t.Context(), w.db, ids[0], history.End{Status: history.Succeeded}, history.Running)
				require.NoError(t, err)
				assert.Equal(t, tt.then, states(), tt.name)
			}
		}
	})
}

// TestARetryThatIsReplacedIsAFailure: a retry whose place the next run takes
// before it begins leaves the failure that it was to make up for.
func TestARetryThatIsReplacedIsAFailure(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		waits, handedOver := w.define(config.Schedule{Name: "waits", Cron: "0 0 1 1 *", Overlap: "cancel_previous"}), w.define(config.Schedule{Name: "handed-over", Cron: "0 0 1 1 *", Overlap: "cancel_previous"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{waits, handedOver}))
		for _, name := range []string{waits.Name, handedOver.Name} {
			failed := w.due(name, time.Hour, history.ByTick)
			_, err := w.history.Finish(t.Context(), w.db, failed, history.End{Status: history.Failed}, history.Queued)
			require.NoError(t, err)
			retry := w.due(name, 2*time.Minute, history.ByRetry)
			_, err = w.db.ExecContext(t.Context(), w.db.Bind(`UPDATE phscript_run SET retry_of = ? WHERE id = ?`), failed, retry)
			require.NoError(t, err)
			if name == handedOver.Name {
				require.NoError(t, w.schedules.Dispatch(t.Context()))
				require.Equal(t, "handed over", w.state(retry))
			}
			next := w.due(name, time.Minute, history.ByTick)
			for range 3 {
				require.NoError(t, w.schedules.Dispatch(t.Context()))
			}
			assert.Equal(t, "cancelled", w.state(retry))
			assert.Equal(t, "handed over", w.state(next))
			e, err := w.schedules.Get(t.Context(), name)
			require.NoError(t, err)
			assert.True(t, e.Failing, name)
		}
	})
}

// TestDispatchTogether: of several processes that find a run due at the same
// time, one hands it over, and the others do not take it for another one that is
// in its way.
func TestDispatchTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "once", Cron: "0 0 1 1 *"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		for range 20 {
			id := w.runNow("once")
			var together sync.WaitGroup
			for range 4 {
				together.Go(func() { assert.NoError(t, w.schedules.Dispatch(t.Context())) })
			}
			together.Wait()
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, history.Queued, r.Status, r.Reason)
			require.NotZero(t, r.Job)
			_, err = w.schedules.Cancel(t.Context(), id, "the next one comes")
			require.NoError(t, err)
		}
	})
}

// TestACrowdStarvesNobody: hundreds of waiting runs of one schedule keep no
// other one from being handed over.
func TestACrowdStarvesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir()+"/state.db")
	big, small := w.define(config.Schedule{Name: "big", Cron: "0 0 1 1 *", Overlap: "queue"}), w.define(config.Schedule{Name: "small", Cron: "0 0 1 1 *"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{big, small}))
	for range 3 * mostDispatched {
		w.runNow("big")
	}
	id := w.runNow("small")
	require.NoError(t, w.schedules.Dispatch(t.Context()))
	r, err := w.history.Run(t.Context(), id)
	require.NoError(t, err)
	assert.NotZero(t, r.Job)
}

// TestThoseThatWaitStarveNobody: however many schedules wait for a run of their
// own to end, others are handed over.
func TestThoseThatWaitStarveNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		free := w.define(config.Schedule{Name: "free", Cron: "0 0 1 1 *"})
		definitions := []definition{free}
		for i := range mostDispatched + 10 {
			overlap := []string{"queue", "cancel_previous"}[i%2]
			definitions = append(definitions, w.define(config.Schedule{Name: "waits-" + itoa(int64(i)), Script: "waits.lua", Cron: "0 0 1 1 *", Overlap: overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		for _, d := range definitions[1:] {
			w.begin(w.due(d.Name, time.Hour, history.ByTick))
			w.due(d.Name, time.Minute, history.ByTick)
		}
		id := w.due("free", time.Second, history.ByTick)
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		assert.Equal(t, "handed over", w.state(id))
	})
}
