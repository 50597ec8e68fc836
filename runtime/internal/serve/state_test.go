package serve

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// back sets a schedule's next tick back, as if nobody had planned it for so
// long.
func (w *fixture) back(name string, d time.Duration) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), `UPDATE phscript_schedule SET next_at = next_at - ? WHERE name = ?`, d.Microseconds(), name)
	require.NoError(w.t, err)
}

// planOne plans a schedule alone, as a process that read it does.
func (w *fixture) planOne(e Entry, now time.Time) (int, error) {
	return w.schedules.planSome(w.t.Context(), []plan{w.schedules.planFor(e, now)}, now)
}

// statuses lists the state and cause of a schedule's runs, the oldest first.
func (w *fixture) statuses(name string) []string {
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
func (w *fixture) due(name string, ago time.Duration, cause history.Cause) int64 {
	w.t.Helper()
	e, err := w.schedules.one(w.t.Context(), w.schedules.db, name)
	require.NoError(w.t, err)
	at := time.Now().Add(-ago)
	r := &history.Run{Schedule: name, Tick: at, Due: at, Cause: cause}
	require.NoError(w.t, w.db.InTx(w.t.Context(), func(tx *store.Tx) error {
		_, err := w.schedules.Enqueue(w.t.Context(), tx, e.Definition, r)
		return err
	}))
	return r.ID
}

// begin makes a run a worker's own.
func (w *fixture) begin(id int64) {
	w.t.Helper()
	claimed, err := w.history.Claim(w.t.Context(), w.db, id, "somebody:1")
	require.NoError(w.t, err)
	require.True(w.t, claimed)
}

// state is a run's state in words.
func (w *fixture) state(id int64) string {
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

func definitions(w *fixture) (list []definition) {
	entries, err := w.schedules.List(w.t.Context())
	require.NoError(w.t, err)
	for _, e := range entries {
		list = append(list, e.Definition)
	}
	return list
}

func (w *fixture) ticksOf(name string) (ticks []time.Time) {
	w.t.Helper()
	runs, err := w.history.List(w.t.Context(), history.Filter{Schedule: name, Statuses: []history.Status{history.Queued}})
	require.NoError(w.t, err)
	for _, r := range runs {
		ticks = append(ticks, r.Tick)
	}
	return ticks
}
