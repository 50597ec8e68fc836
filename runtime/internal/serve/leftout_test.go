package serve

import (
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// told returns the events of the notifications that are waiting, and removes them.
func (w *fixture) told() (events []Event) {
	w.t.Helper()
	require.NoError(w.t, store.Each(w.t.Context(), w.db, func(row *sql.Rows) error {
		var text string
		err := row.Scan(&text)
		var e Event
		require.NoError(w.t, json.Unmarshal([]byte(text), &e))
		events = append(events, e)
		return err
	}, `SELECT event FROM phscript_notice ORDER BY id`))
	require.NoError(w.t, store.Exec(w.t.Context(), w.db, `DELETE FROM phscript_notice`))
	return events
}

func (w *fixture) entry(name string) Entry {
	w.t.Helper()
	e, err := w.schedules.one(w.t.Context(), w.db, name)
	require.NoError(w.t, err)
	return e
}

var mail = []config.Action{{Command: []string{"mail"}}}

// TestMissedIsToldOnce: people are told of a tick that was missed, once until the next
// run, and not if another run catches up.
func TestMissedIsToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		var logged []string
		w.schedules.leftOut = func(runs []*history.Run) {
			logged = append(logged, runs[0].Schedule+" "+string(runs[0].Status))
		}
		for _, tt := range []struct {
			schedule config.Schedule
			want     int
		}{
			{config.Schedule{Name: "told", OnMissed: mail}, 1},
			{config.Schedule{Name: "by-default", OnFailure: mail}, 1},
			{config.Schedule{Name: "not-wanted", OnFailure: mail, OnMissed: []config.Action{}}, 0},
			{config.Schedule{Name: "caught-up", OnMissed: mail, CatchUp: "once"}, 0},
			{config.Schedule{Name: "nobody"}, 0},
		} {
			name := tt.schedule.Name
			tt.schedule.Every = "1h"
			logged = nil
			require.NoError(t, w.schedules.Sync(t.Context(), append(definitions(w), w.define(tt.schedule))))
			for i := range 2 {
				w.back(name, time.Duration(3+3*i)*time.Hour)
				_, err := w.schedules.Plan(t.Context())
				require.NoError(t, err)
			}
			events := w.told()
			require.Len(t, events, tt.want, name)
			assert.Equal(t, []string{name + " missed"}, logged[:1], "and the log says so")
			e := w.entry(name)
			assert.Positive(t, e.Missed, name)
			if name == "caught-up" {
				assert.Equal(t, IdleNone, e.Idle)
				continue
			}
			assert.Equal(t, IdleMissed, e.Idle)
			if tt.want > 0 {
				assert.Equal(t, Missed, events[0].Kind)
				assert.Equal(t, history.Missed, events[0].Status)
				assert.Equal(t, noWorker, events[0].Reason)
				assert.GreaterOrEqual(t, events[0].Idle, int64(2))
				assert.Positive(t, events[0].Run)
			}
		}
		// After a run, the next one that is missed is told again.
		require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error { return w.schedules.begun(t.Context(), tx, "told", time.Time{}) }))
		assert.Zero(t, w.entry("told").InARow)
		w.back("told", 9*time.Hour)
		_, err := w.schedules.Plan(t.Context())
		require.NoError(t, err)
		assert.Len(t, w.told(), 1)
	})
}

// TestSkipsInARowAreTold: at the third one, and once for a schedule whose runs always
// take longer than its interval.
func TestSkipsInARowAreTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *", OnMissed: mail})}))
		w.served("here", 0, 4)
		ago := 50 * time.Second
		next := func() int64 {
			ago -= time.Second
			id := w.due("long", ago, history.ByTick)
			require.NoError(t, w.schedules.Dispatch(t.Context()))
			return id
		}
		var told []int64
		for range 3 { // one run, and four ticks that it leaves out
			id := next()
			require.Equal(t, "handed over", w.state(id))
			w.begin(id)
			require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error { return w.schedules.begun(t.Context(), tx, "long", time.Time{}) }))
			for range 4 {
				require.Equal(t, "skipped", w.state(next()))
				for _, e := range w.told() {
					assert.Equal(t, history.Skipped, e.Status)
					told = append(told, e.Idle)
				}
			}
			_, err := w.history.Finish(t.Context(), w.db, id, history.End{Status: history.Succeeded}, history.Running)
			require.NoError(t, err)
		}
		assert.Equal(t, []int64{3}, told)
		assert.EqualValues(t, 12, w.entry("long").Skipped)
		// Two runs in a row end it.
		for range 2 {
			require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error { return w.schedules.begun(t.Context(), tx, "long", time.Time{}) }))
		}
		assert.Equal(t, IdleNone, w.entry("long").Idle)
	})
}

// TestALongPauseIsTold: at the first tick after a day, once; not if it ends before.
func TestALongPauseIsTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Every: "1h", OnMissed: mail})}))
		require.NoError(t, w.schedules.Pause(t.Context(), "a", Ask{}))
		assert.WithinDuration(t, time.Now(), w.entry("a").PausedSince, time.Minute)
		for i, tt := range []struct {
			paused time.Duration
			want   int
		}{{time.Hour, 0}, {23 * time.Hour, 0}, {25 * time.Hour, 1}, {26 * time.Hour, 0}} {
			require.NoError(t, store.Exec(t.Context(), w.db, `UPDATE phscript_schedule SET paused_at = ?`, time.Now().Add(-tt.paused).UnixMicro()))
			w.back("a", time.Duration(3+3*i)*time.Hour)
			_, err := w.schedules.Plan(t.Context())
			require.NoError(t, err)
			events := w.told()
			require.Len(t, events, tt.want, tt.paused)
			if tt.want > 0 {
				assert.Equal(t, history.Skipped, events[0].Status)
				assert.Regexp(t, `^the schedule has been paused since \d{4}-\d\d-\d\d \d\d:\d\d UTC$`, events[0].Reason)
			}
		}
		require.NoError(t, w.schedules.Resume(t.Context(), "a", Ask{}))
		e := w.entry("a")
		assert.Zero(t, e.PausedSince)
		assert.Zero(t, e.InARow)
		assert.Equal(t, IdleNone, e.Idle)
	})
}
