package serve

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// served records a service that began long ago and was seen last so long ago.
func (w *fixture) served(name string, ago time.Duration, workers int) {
	w.t.Helper()
	now := time.Now()
	require.NoError(w.t, store.Exec(w.t.Context(), w.db, `INSERT INTO phscript_server (name, workers, started_at, seen_at) VALUES (?, ?, ?, ?)`,
		name, workers, now.Add(-24*time.Hour).UnixMicro(), now.Add(-ago).UnixMicro()))
}

// restarts records a service that begins now, and makes all runs that are due.
func (w *fixture) restarts(name string) {
	w.t.Helper()
	now := time.Now().UnixMicro()
	require.NoError(w.t, store.Exec(w.t.Context(), w.db, `INSERT INTO phscript_server (name, workers, started_at, seen_at) VALUES (?, 4, ?, ?)`, name, now, now))
	for range 100 {
		_, err := w.schedules.Plan(w.t.Context())
		require.NoError(w.t, err)
		require.NoError(w.t, w.schedules.Dispatch(w.t.Context()))
		runs, err := w.history.List(w.t.Context(), history.Filter{Due: true, Statuses: []history.Status{history.Queued}})
		require.NoError(w.t, err)
		if len(runs) == 0 {
			return
		}
		for _, r := range runs {
			if r.Job == 0 {
				continue
			}
			w.begin(r.ID)
			require.NoError(w.t, w.db.InTx(w.t.Context(), func(tx *store.Tx) error {
				return w.schedules.begun(w.t.Context(), tx, r.Schedule, r.Tick)
			}))
			_, err = w.history.Finish(w.t.Context(), w.db, r.ID, history.End{Status: history.Succeeded}, history.Running)
			require.NoError(w.t, err)
		}
	}
	w.t.Fatal("runs are waiting for ever")
}

// past lists the ends and causes of runs that were due before now, the oldest tick first.
func (w *fixture) past(name string, until time.Time) (list []string) {
	w.t.Helper()
	require.NoError(w.t, store.Each(w.t.Context(), w.db, func(row *sql.Rows) error {
		var status, cause string
		err := row.Scan(&status, &cause)
		list = append(list, status+" "+cause)
		return err
	}, `SELECT status, cause FROM phscript_run WHERE schedule = ? AND tick <= ? ORDER BY tick`, name, until.UnixMicro()))
	return list
}

// TestCatchingUpIsNeverSkipped: after a service was down, catch_up = "all" makes a
// run for each tick that nobody could start, whether it was queued ahead or not and
// whatever overlap says. "once" makes one, and only if it does, others say so.
func TestCatchingUpIsNeverSkipped(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		began := time.Now()
		var names []string
		var definitions []definition
		for _, catchUp := range []string{"all", "once", "skip"} {
			for _, overlap := range []string{"skip", "queue", "cancel_previous"} {
				name := catchUp + "-" + overlap
				names = append(names, name)
				definitions = append(definitions, w.define(config.Schedule{Name: name, Script: "a.lua", Every: "30s", CatchUp: catchUp, Overlap: overlap}))
			}
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		w.served("old", 5*time.Minute, 0)
		want := map[string]int{}
		for _, name := range names {
			e, err := w.schedules.one(t.Context(), w.db, name)
			require.NoError(t, err)
			// Two ticks were queued ahead, and eight were never planned.
			first := e.Next.Add(-300 * time.Second)
			for i := range 2 {
				tick := first.Add(time.Duration(i) * 30 * time.Second)
				require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
					_, err := w.schedules.Enqueue(t.Context(), tx, e.Definition, &history.Run{Schedule: name, Tick: tick, Due: tick, Cause: history.ByTick})
					return err
				}))
			}
			w.back(name, 240*time.Second)
			want[name] = int(began.Sub(first)/(30*time.Second)) + 1
		}
		w.restarts("new")
		for _, name := range names {
			got := w.past(name, began)
			require.Len(t, got, want[name], name)
			count := map[string]int{}
			for _, one := range got {
				count[one]++
			}
			switch name[:3] {
			case "all":
				assert.Equal(t, map[string]int{"succeeded catch_up": want[name]}, count, name)
			case "onc":
				assert.Equal(t, map[string]int{"missed schedule": want[name] - 1, "succeeded catch_up": 1}, count, name)
				assert.Equal(t, "succeeded catch_up", got[len(got)-1], "the last one catches up")
			default:
				assert.Zero(t, count["succeeded catch_up"], name)
				assert.Positive(t, count["missed schedule"], name)
			}
		}
	})
}

// TestAShortGap: of a schedule that is due each second, no tick of a gap of a few
// seconds is skipped, even if the service was killed and left a run behind.
func TestAShortGap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Cron: "0 0 1 1 *", CatchUp: "all"})}))
		w.served("killed", 10*time.Second, 4)
		left := w.due("a", 12*time.Second, history.ByTick)
		w.begin(left)
		var ids []int64
		for ago := 9 * time.Second; ago > 4*time.Second; ago -= time.Second {
			ids = append(ids, w.due("a", ago, history.ByTick))
		}
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		for _, id := range ids {
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, []any{history.Queued, history.ByCatchUp}, []any{r.Status, r.Cause})
		}
	})
}

// TestTheNextTickGoesBeforeCatchingUp: under cancel_previous, a tick takes the place
// of a run that catches up and waits for a worker, which then waits again.
func TestTheNextTickGoesBeforeCatchingUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Cron: "0 0 1 1 *", CatchUp: "all", Overlap: "cancel_previous"})}))
		w.served("here", 0, 4)
		waits := w.due("a", time.Minute, history.ByCatchUp)
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		require.Equal(t, "handed over", w.state(waits))
		tick := w.due("a", time.Second, history.ByTick)
		for range 2 {
			require.NoError(t, w.schedules.Dispatch(t.Context()))
		}
		assert.Equal(t, "queued", w.state(waits))
		assert.Equal(t, "handed over", w.state(tick))
	})
}

// TestOneNoticeForOneGap: after a service was down for some minutes, the last tick runs
// if it was due in the last two minutes. The others were missed, which is told once: no
// run was in their way.
func TestOneNoticeForOneGap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		for _, tt := range []struct {
			name, overlap string
			leaves        bool // a run, which has not been found to be lost yet
			handed        bool // a run, which no worker had begun
			last          string
		}{
			{"skips", "skip", false, false, "succeeded schedule"},
			{"leaves", "skip", true, false, "missed schedule"},
			{"hands", "skip", false, true, "missed schedule"},
			{"cancels", "cancel_previous", false, false, "succeeded schedule"},
		} {
			w := newFixture(t, location)
			began := time.Now()
			require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: tt.name, Script: "a.lua", Every: "20s", Overlap: tt.overlap, OnFailure: mail})}))
			w.served("before "+tt.name, 5*time.Minute, 4)
			if tt.leaves {
				w.begin(w.due(tt.name, 6*time.Minute, history.ByHand))
			}
			if tt.handed {
				w.due(tt.name, 5*time.Minute+time.Second, history.ByTick)
				require.NoError(t, w.schedules.Dispatch(t.Context()))
			}
			// Three ticks were queued ahead, and others were never planned.
			e := w.entry(tt.name)
			for i := range 3 {
				tick := e.Next.Add(time.Duration(i-14) * 20 * time.Second)
				require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
					_, err := w.schedules.Enqueue(t.Context(), tx, e.Definition, &history.Run{Schedule: tt.name, Tick: tick, Due: tick, Cause: history.ByTick})
					return err
				}))
			}
			w.back(tt.name, 11*20*time.Second)
			require.NoError(t, w.schedules.Dispatch(t.Context()), "it may come before planning")
			w.restarts("after " + tt.name)
			events := w.told()
			require.Len(t, events, 1, tt)
			assert.Equal(t, []any{Missed, history.Missed, noWorker}, []any{events[0].Kind, events[0].Status, events[0].Reason})
			runs, err := w.history.List(t.Context(), history.Filter{Schedule: tt.name, Due: true, Statuses: []history.Status{history.Missed, history.Skipped}})
			require.NoError(t, err)
			// A tick that fell due meanwhile may have met the run of the last one.
			runs = slices.DeleteFunc(runs, func(r *history.Run) bool { return r.Tick.After(began) })
			require.Greater(t, len(runs), 10)
			for _, r := range runs {
				assert.Equal(t, "missed "+noWorker, string(r.Status)+" "+r.Reason)
			}
			got := w.past(tt.name, began)
			assert.Equal(t, tt.last, got[len(got)-1], tt)
		}
	})
}

// TestNoRunWasInTheWayOfAFullDisk: the ticks of an outage say that the store could not be
// written, and not that a run was in progress which started after it.
func TestNoRunWasInTheWayOfAFullDisk(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Cron: "0 0 1 1 *"})}))
		w.served("here", 0, 4)
		now := time.Now()
		require.NoError(t, store.Exec(t.Context(), w.db, `INSERT INTO phscript_outage (server, from_at, until_at, reason) VALUES ('here', ?, ?, 'the disk was full')`,
			now.Add(-time.Minute).UnixMicro(), now.UnixMicro()))
		var ids []int64
		for _, ago := range []time.Duration{40, 30, 20, 10} {
			ids = append(ids, w.due("a", ago*time.Second, history.ByTick))
		}
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		for _, id := range ids[:3] {
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, history.Missed, r.Status)
			assert.Regexp(t, `^the store could not be written from .* UTC: the disk was full$`, r.Reason)
		}
		assert.Equal(t, "handed over", w.state(ids[3]))
		// A service that was only busy does not claim that the run was in progress before.
		busy := w.due("a", 5*time.Minute, history.ByTick)
		w.begin(ids[3])
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		r, err := w.history.Run(t.Context(), busy)
		require.NoError(t, err)
		assert.Equal(t, "run "+itoa(ids[3])+" of the same schedule had started by the time the service looked at this tick", r.Reason)
	})
}
