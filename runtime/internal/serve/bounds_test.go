package serve

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

func TestLongSummariesAreBounded(t *testing.T) {
	row := map[string]any{"message": strings.Repeat("m", 1000), "data": map[string]any{"name": "a \"b\\", "list": []int{1, 2}}}
	rows := make([]any, 10_000)
	for i := range rows {
		rows[i] = row
	}
	text, err := json.MarshalIndent(map[string]any{
		"calls": 7, "rejected": len(rows), "rejected_rows": rows, "reasons": []any{}, "warnings": []string{"w"}, "seconds": 1.5, "script": "a }],: b",
		"planned_writes": rows, "models": map[string]any{"x": strings.Repeat("m", fieldsShare)},
	}, "", "  ")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "summary.json")
	require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
	bounded := readSummary(file)
	assert.LessOrEqual(t, len(bounded), LongestSummary+100)
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(bounded, &got))
	for name, want := range map[string]string{"calls": "7", "rejected": "10000", "reasons": "[]", "warnings": `["w"]`, "seconds": "1.5", "script": `"a }],: b"`} {
		assert.JSONEq(t, want, string(got[name]), name)
	}
	assert.NotContains(t, got, "models")
	assert.NotContains(t, got, "planned_writes")
	var kept []any
	var leftOut int
	require.NoError(t, json.Unmarshal(got["rejected_rows"], &kept))
	require.NoError(t, json.Unmarshal(got["rejected_rows_left_out"], &leftOut))
	assert.Equal(t, len(rows), len(kept)+leftOut)
	assert.Greater(t, len(kept), 2500)
	first, err := json.Marshal(row)
	require.NoError(t, err)
	last, err := json.Marshal(kept[len(kept)-1])
	require.NoError(t, err)
	assert.JSONEq(t, string(first), string(last))

	for short, want := range map[string]string{" {\"calls\": 1}\n": "{\"calls\": 1}", "{": "", "": "", strings.Repeat("x", LongestSummary+1): "", string(text[:len(text)-1]): "", string(text[:len(text)/2]): ""} {
		require.NoError(t, os.WriteFile(file, []byte(short), 0o600))
		assert.Equal(t, want, string(readSummary(file)))
	}
	assert.Nil(t, readSummary(file+".missing"))
}

// TestLongSummariesAreNeverHeld: the memory for one does not grow with it.
func TestLongSummariesAreNeverHeld(t *testing.T) {
	row := `{"model":"company","message":"` + strings.Repeat("m", 400) + `"}`
	const n = 250_000
	from := func() io.Reader {
		parts := []io.Reader{strings.NewReader(`{"calls":7,"rejected_rows":[` + row)}
		for range n - 1 {
			parts = append(parts, strings.NewReader(","), strings.NewReader(row))
		}
		return io.MultiReader(append(parts, strings.NewReader(`],"warnings":[]}`))...)
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	bounded, err := boundSummary(from)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(bounded), LongestSummary+100)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(60<<20), "of %d MiB", n*len(row)>>20)
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
		w := newFixture(t, location)
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
		require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error { return w.engine.Cancel(t.Context(), tx, r.Job) }))
		_, err = w.db.ExecContext(t.Context(), `UPDATE phscript_run SET due_at = due_at - ? WHERE id = ?`, (2 * requeueAfter).Microseconds(), id)
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
	w := newFixture(t, t.TempDir()+"/state.db")
	a, b := w.define(config.Schedule{Name: "a", Every: "30s"}), w.define(config.Schedule{Name: "b", Every: "30s"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{a, b}))
	_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_schedule SET definition = '{"name":"a","script":"a.lua","cron":"0 2 * * *","time_zone":"Mars/Olympus"}' WHERE name = 'a'`)
	require.NoError(t, err)
	n, err := w.schedules.Plan(t.Context())
	require.ErrorContains(t, err, "unknown time zone 'Mars/Olympus'")
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
	log.Warn("jobexecutor.JobExecutor: job cancelled remotely") // as somebody wanted
	log.With("a", 1).Error("another thing")
	assert.Equal(t, 2, strings.Count(out.String(), "\n"))
	for _, tt := range []struct {
		after time.Duration
		lines int
	}{{0, 3}, {sayAgain / 2, 3}, {sayAgain, 4}} {
		require.NoError(t, log.Handler().Handle(t.Context(), slog.NewRecord(time.Unix(0, 0).Add(tt.after), slog.LevelWarn, "x", 0)))
		assert.Equal(t, tt.lines, strings.Count(out.String(), "\n"), tt.after.String())
	}
}
