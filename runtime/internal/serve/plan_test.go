package serve

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
)

func TestMissedTicksLeaveRecords(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
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

// TestALongTimeIsSummedUp: of a month without a worker, in a pause or not, the
// last ticks have records of their own, and the first one stands for the others.
func TestALongTimeIsSummedUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		for _, tt := range []struct {
			name, every string
			paused      bool
			want        string
		}{
			{"absent", "1m", false, "missed schedule: no service was running; the ticks from this one to "},
			{"paused", "1m", true, "skipped schedule: the schedule is paused; the ticks from this one to "},
			// Many of the ticks that are listed were not missed.
			{"each-second", "1s", false, "missed schedule: no service was running; the ticks from this one to "},
		} {
			d := w.define(config.Schedule{Name: tt.name, Every: tt.every, CatchUp: "all", Overlap: "queue"})
			require.NoError(t, w.schedules.Sync(t.Context(), append(definitions(w), d)))
			if tt.paused {
				require.NoError(t, w.schedules.Pause(t.Context(), tt.name, Ask{}))
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
	w := newFixture(t, t.TempDir()+"/state.db")
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
		w := newFixture(t, location)
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
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "a", Every: "20s"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		before, err := w.schedules.one(t.Context(), w.schedules.db, "a")
		require.NoError(t, err)
		at := before.Next.UTC()
		changes := []config.Schedule{
			{Name: "a", Every: "20s", Script: "new.lua"},
			{Name: "a", Cron: fmt.Sprintf("%d %d %d * * *", at.Second(), at.Minute(), at.Hour()), TimeZone: "UTC"},
		}
		for _, change := range changes {
			require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(change)}))
			// The ticks are planned late in the test where the machine is slow.
			_, err = w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET next_at = ?`, before.Next.UnixMicro())
			require.NoError(t, err)
			n, err := w.planOne(before, before.Next)
			require.NoError(t, err)
			assert.Zero(t, n)
			assert.Empty(t, w.statuses("a"))
		}
		now, err := w.schedules.one(t.Context(), w.schedules.db, "a")
		require.NoError(t, err)
		n, err := w.planOne(now, now.Next)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

// TestHowFarAheadIsPlanned: half of how late a tick may be; in a pause, which may
// end before the tick, not at all.
func TestHowFarAheadIsPlanned(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	w.schedules.LateAfter = 2 * time.Minute
	for name, ahead := range map[string]time.Duration{"works": time.Minute, "paused": 0} {
		require.NoError(t, w.schedules.Sync(t.Context(), append(definitions(w), w.define(config.Schedule{Name: name, Cron: "0 0 1 1 *"}))))
		if ahead == 0 {
			require.NoError(t, w.schedules.Pause(t.Context(), name, Ask{}))
		}
		e, err := w.schedules.one(t.Context(), w.schedules.db, name)
		require.NoError(t, err)
		for _, early := range []time.Duration{time.Second, 0} {
			assert.Empty(t, w.statuses(name))
			_, err = w.planOne(e, e.Next.Add(-ahead-early))
			require.NoError(t, err)
		}
		assert.Equal(t, map[string][]string{"works": {"queued schedule"}, "paused": {"skipped schedule"}}[name], w.statuses(name))
	}
}

func TestJitterIsTheSameForAll(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	d := w.define(config.Schedule{Name: "a", Every: "1h", Jitter: "5m"})
	tick := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	first := jitter(d, tick)
	assert.Equal(t, first, jitter(d, tick))
	assert.NotEqual(t, first, jitter(d, tick.Add(time.Hour)))
	assert.Less(t, first, 5*time.Minute)
}

// TestPlanningTogether: many schedules take few transactions, and one that cannot be
// planned does not affect the others.
func TestPlanningTogether(t *testing.T) {
	t.Parallel()
	location := t.TempDir() + "/state.db"
	w := newFixture(t, location)
	var all []definition
	for i := range 2*plannedAtOnce + 1 {
		all = append(all, w.define(config.Schedule{Name: fmt.Sprintf("job-%d", i), Script: "job.lua", Cron: "0 0 1 1 *"}))
	}
	require.NoError(t, w.schedules.Sync(t.Context(), all))
	_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET next_at = ?`, time.Now().Add(10*time.Second).UnixMicro())
	require.NoError(t, err)
	_, err = w.db.ExecContext(t.Context(), `CREATE TRIGGER refuses BEFORE INSERT ON phscript_run WHEN NEW.schedule = 'job-7' BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	require.NoError(t, err)
	seen := w.noteStatements(location)
	n, err := w.schedules.Plan(t.Context())
	require.ErrorContains(t, err, "schedule 'job-7': ")
	require.ErrorContains(t, err, "no room")
	assert.Equal(t, 2*plannedAtOnce, n)
	assert.LessOrEqual(t, seen.transactions, 3+plannedAtOnce, "the ones beside it are planned alone")
	for name, want := range map[string]int{"job-7": 0, "job-8": 1, fmt.Sprintf("job-%d", 2*plannedAtOnce): 1} {
		assert.Len(t, w.statuses(name), want, name)
	}
	_, err = w.db.ExecContext(t.Context(), `DROP TRIGGER refuses`)
	require.NoError(t, err)
	seen.transactions = 0
	n, err = w.schedules.Plan(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, 1, seen.transactions)
}
