package serve

import (
	"database/sql"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/history"
)

func TestLongSummariesAreBounded(t *testing.T) {
	row := map[string]string{"message": strings.Repeat("m", 1000)}
	rows := make([]any, 10_000)
	for i := range rows {
		rows[i] = row
	}
	text, err := json.Marshal(map[string]any{"calls": 7, "rejected": len(rows), "rejected_rows": rows})
	require.NoError(t, err)
	bounded := boundSummary(text)
	assert.LessOrEqual(t, len(bounded), longestSummary+100)
	var got struct {
		Calls   int   `json:"calls"`
		Rows    []any `json:"rejected_rows"`
		LeftOut int   `json:"rejected_rows_left_out"`
	}
	require.NoError(t, json.Unmarshal(bounded, &got))
	assert.Equal(t, 7, got.Calls)
	assert.Equal(t, len(rows), len(got.Rows)+got.LeftOut)
	assert.Greater(t, len(got.Rows), 3000)
	assert.Equal(t, `{"calls":1}`, string(boundSummary([]byte(`{"calls":1}`))))
	assert.Nil(t, boundSummary([]byte(strings.Repeat("x", longestSummary+1))))
}

// TestErrorsOutliveAFlood: plain output has a bound, and what went wrong is kept
// behind it.
func TestErrorsOutliveAFlood(t *testing.T) {
	w := &logWriter{}
	for range 100 {
		w.add(history.Line{Level: "print", Message: strings.Repeat("x", longestLine+10)})
	}
	for range mostLines {
		w.add(history.Line{Level: "print", Message: strings.Repeat("x", 1000)})
	}
	kept := len(w.waiting)
	assert.Positive(t, w.dropped)
	w.add(history.Line{Level: "error", Message: "at last"})
	require.Len(t, w.waiting, kept+1)
	total := 0
	for _, l := range w.waiting {
		total += len(l.Message)
	}
	assert.LessOrEqual(t, total, mostBytes+mostBytes/ownPart)
}

// TestRunsThatNobodyHoldsAreQueuedAnew: a run whose job went with its worker
// before it began is not forgotten.
func TestRunsThatNobodyHoldsAreQueuedAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newWorld(t, location)
		d := w.define(config.Schedule{Name: "a", Cron: "0 0 1 1 *"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		id := w.runNow("a")
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		r, err := w.history.Run(t.Context(), id)
		require.NoError(t, err)
		n, err := w.schedules.Requeue(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n, "it may be begun any moment")
		// The job is gone, and the run has waited.
		require.NoError(t, w.db.InTx(t.Context(), func(tx *sql.Tx) error { return w.engine.Dequeue(t.Context(), tx, r.Job) }))
		_, err = w.db.ExecContext(t.Context(), w.db.Bind(`UPDATE phscript_run SET due_at = due_at - ? WHERE id = ?`), (2 * requeueAfter).Microseconds(), id)
		require.NoError(t, err)
		n, err = w.schedules.Requeue(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		stop := w.serve("a", succeed, d)
		defer stop()
		w.awaitStatus(id, history.Succeeded)
	})
}

// TestOneBadScheduleLeavesTheOthersAlone: a definition that makes no sense here
// is reported, and the rest is planned.
func TestOneBadScheduleLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir()+"/state.db")
	a, b := w.define(config.Schedule{Name: "a", Every: "30s"}), w.define(config.Schedule{Name: "b", Every: "30s"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a, b}))
	_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET definition = '{"name":"a","script":"a.lua","cron":"0 2 * * *","time_zone":"Mars/Olympus"}' WHERE name = 'a'`)
	require.NoError(t, err)
	n, err := w.schedules.Plan(t.Context())
	require.ErrorContains(t, err, "there is no time zone 'Mars/Olympus'")
	assert.Positive(t, n)
	assert.NotEmpty(t, w.statuses("b"))
}

// TestTheEngineSaysAThingOnce: what it repeats while the store is away is said
// now and then.
func TestTheEngineSaysAThingOnce(t *testing.T) {
	var out strings.Builder
	log := quiet(slog.New(slog.NewTextHandler(&out, nil)))
	for range 10 {
		log.Error("fetching failed")
		log.Info("all is well")
	}
	log.With("a", 1).Error("another thing")
	assert.Equal(t, 2, strings.Count(out.String(), "\n"))
	s := &sayings{last: map[string]time.Time{}}
	now := time.Now()
	assert.True(t, s.news("x", now))
	assert.False(t, s.news("x", now.Add(sayAgain/2)))
	assert.True(t, s.news("x", now.Add(sayAgain)))
}
