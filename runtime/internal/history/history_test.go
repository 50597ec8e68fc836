package history

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
	past "github.com/phscript/phscript/tests/history"
)

func newHistory(t *testing.T) (*History, *store.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return New(db), db
}

// ended adds a run that ended so long ago, with a log of so many bytes.
func ended(t *testing.T, h *History, db *store.DB, schedule string, ago time.Duration, log int) int64 {
	t.Helper()
	at := time.Now().Add(-ago)
	r := &Run{Schedule: schedule, Tick: at, Due: at, Cause: ByTick, Status: Queued}
	added, err := h.Add(t.Context(), db, r)
	require.NoError(t, err)
	require.True(t, added)
	require.NoError(t, h.Append(t.Context(), []Line{{Run: r.ID, Seq: 1, At: at, Level: "info", Message: strings.Repeat("x", log)}}))
	done, err := h.Finish(t.Context(), db, r.ID, End{Status: Succeeded}, Queued)
	require.NoError(t, err)
	require.True(t, done)
	_, err = db.ExecContext(t.Context(), `UPDATE phscript_run SET ended_at = ? WHERE id = ?`, at.UnixMicro(), r.ID)
	require.NoError(t, err)
	return r.ID
}

func count(t *testing.T, db *store.DB, table string) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// TestOldRunsGo: what is older than the bound goes with its log, but for the
// last run of a schedule and what is not over.
func TestOldRunsGo(t *testing.T) {
	h, db := newHistory(t)
	for i := range 450 {
		ended(t, h, db, "daily", time.Duration(500-i)*24*time.Hour, 10)
	}
	last := ended(t, h, db, "yearly", 400*24*time.Hour, 10)
	_, err := h.Add(t.Context(), db, &Run{Schedule: "daily", Due: time.Now(), Status: Queued})
	require.NoError(t, err)
	gone, err := h.Prune(t.Context(), time.Now().Add(-90*24*time.Hour), 0)
	require.NoError(t, err)
	assert.EqualValues(t, 411, gone)
	assert.Equal(t, 39+2, count(t, db, "phscript_run"))
	assert.Equal(t, 39+1, count(t, db, "phscript_run_log"))
	_, err = h.Run(t.Context(), last)
	assert.NoError(t, err)
}

// TestLongLogsGo: beyond the bound of bytes, the oldest runs go.
func TestLongLogsGo(t *testing.T) {
	h, db := newHistory(t)
	var ids []int64
	for i := range 20 {
		ids = append(ids, ended(t, h, db, "often", time.Duration(20-i)*time.Minute, 10_000))
	}
	gone, err := h.Prune(t.Context(), time.Now().Add(-24*time.Hour), 105_000)
	require.NoError(t, err)
	assert.InDelta(t, 10, gone, 1)
	_, err = h.Run(t.Context(), ids[0])
	require.ErrorIs(t, err, ErrNoRun)
	_, err = h.Run(t.Context(), ids[19])
	require.NoError(t, err)
	again, err := h.Prune(t.Context(), time.Now().Add(-24*time.Hour), 105_000)
	require.NoError(t, err)
	assert.Zero(t, again)
}

// TestLogsOfManyPiecesGo: a log that is longer than what one statement deletes.
func TestLogsOfManyPiecesGo(t *testing.T) {
	h, db := newHistory(t)
	old := ended(t, h, db, "often", 48*time.Hour, 10)
	ended(t, h, db, "often", time.Minute, 10)
	_, err := db.ExecContext(t.Context(), `INSERT INTO phscript_run_log (run, seq, at, level, message)
		WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 3 FROM n WHERE i < 10000) SELECT ?, i, 0, 'print', 'x' FROM n`, old)
	require.NoError(t, err)
	gone, err := h.Prune(t.Context(), time.Now().Add(-24*time.Hour), 0)
	require.NoError(t, err)
	assert.EqualValues(t, 1, gone)
	assert.Equal(t, 1, count(t, db, "phscript_run_log"))
}

func TestRunsAreFiltered(t *testing.T) {
	h, db := newHistory(t)
	for i := range 5 {
		ended(t, h, db, "a", time.Duration(i+1)*time.Hour, 1)
	}
	ended(t, h, db, "b", time.Hour, 1)
	_, err := h.Add(t.Context(), db, &Run{Schedule: "b", Due: time.Now().Add(time.Hour), Status: Queued})
	require.NoError(t, err)
	for _, tt := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, 7},
		{Filter{Due: true}, 6},
		{Filter{Schedule: "a"}, 5},
		{Filter{Schedule: "b", Due: true}, 1},
		{Filter{Statuses: []Status{Queued, Running}}, 1},
		{Filter{Since: time.Now().Add(-150 * time.Minute)}, 4},
		{Filter{Limit: 3}, 3},
	} {
		runs, err := h.List(t.Context(), tt.f)
		require.NoError(t, err)
		assert.Len(t, runs, tt.want, fmt.Sprintf("%+v", tt.f))
	}
}

// TestACrowdIsLeftOut: of the ticks that wait, so many are kept, the first ones.
func TestACrowdIsLeftOut(t *testing.T) {
	h, db := newHistory(t)
	for _, schedule := range []string{"a", "b"} {
		for i := range 5 {
			at := time.Now().Add(time.Duration(i-10) * time.Second)
			_, err := h.Add(t.Context(), db, &Run{Schedule: schedule, Tick: at, Due: at, Cause: ByTick, Status: Queued})
			require.NoError(t, err)
		}
	}
	_, err := h.Add(t.Context(), db, &Run{Schedule: "a", Due: time.Now(), Cause: ByHand, Status: Queued})
	require.NoError(t, err)
	names, err := h.Crowded(t.Context(), 3)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"a", "b"}, names)
	for _, name := range names {
		left, err := h.SkipCrowd(t.Context(), db, name, 3)
		require.NoError(t, err)
		assert.Len(t, left, 2)
		assert.Equal(t, Skipped, left[0].Status)
		assert.True(t, left[0].Tick.Before(left[1].Tick))
	}
	names, err = h.Crowded(t.Context(), 3)
	require.NoError(t, err)
	assert.Empty(t, names)
	counts, err := h.CountByStatus(t.Context(), Statuses...)
	require.NoError(t, err)
	assert.EqualValues(t, 4, counts[Skipped])
	runs, err := h.List(t.Context(), Filter{Schedule: "a"})
	require.NoError(t, err)
	var got []Status
	for _, r := range runs {
		got = append(got, r.Status)
	}
	assert.Equal(t, []Status{Queued, Skipped, Skipped, Queued, Queued, Queued}, got, "the newest first; a person's own wish is kept")
	assert.Equal(t, "3 runs of the same schedule were already waiting", runs[1].Reason)
}

// TestParts: a sum in parts is that of all, also if many runs have the same time.
func TestParts(t *testing.T) {
	h, db := newHistory(t)
	at := time.Now()
	for i := range 40 {
		_, err := h.Add(t.Context(), db, &Run{Due: at.Add(time.Duration(i/7) * time.Second), Status: Queued, Definition: config.Schedule{Name: "a"}})
		require.NoError(t, err)
	}
	for _, most := range []int{1, 3, 7, 39, 40, 1000} {
		n, err := h.addUp(t.Context(), most, `count(*)`, `due_at`, `status = ?`, Queued)
		require.NoError(t, err)
		assert.EqualValues(t, 40, n, most)
		n, err = h.addUp(t.Context(), most, `sum(id)`, `due_at`, `status = ?`, Queued)
		require.NoError(t, err)
		assert.EqualValues(t, 40*41/2, n, most)
	}
	n, err := h.addUp(t.Context(), 3, `sum(size)`, `ended_at`, `ended_at IS NOT NULL`)
	require.NoError(t, err)
	assert.Zero(t, n)
}

// TestActionsAreNotStored: the address of a webhook is often a secret.
func TestActionsAreNotStored(t *testing.T) {
	h, db := newHistory(t)
	r := &Run{Due: time.Now(), Status: Queued, Definition: config.Schedule{Name: "a", OnFailure: []config.Action{{Webhook: "https://example.com/secret"}}}}
	_, err := h.Add(t.Context(), db, r)
	require.NoError(t, err)
	got, err := h.Run(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, "a", got.Definition.Name)
	assert.Empty(t, got.Definition.OnFailure)
	assert.NotEmpty(t, r.Definition.OnFailure, "the caller keeps them")
}

// TestPruningLetsOthersIn: another process that uses the file waits only for a moment,
// again and again, while many runs are deleted.
func TestPruningLetsOthersIn(t *testing.T) {
	location := filepath.Join(t.TempDir(), "state.db")
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	past.Past(t, db.DB, 20, 4000)
	other, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	defer func() { assert.NoError(t, other.Close()) }()
	done := make(chan int64)
	go func() {
		gone, err := New(db).Prune(t.Context(), time.Now(), 0)
		assert.NoError(t, err)
		done <- gone
	}()
	for between := 0; ; {
		select {
		case gone := <-done:
			assert.EqualValues(t, 3980, gone)
			assert.Equal(t, 20, count(t, db, "phscript_run"))
			assert.Equal(t, 60, count(t, db, "phscript_run_log"))
			assert.Greater(t, between, 8)
			return
		default:
		}
		before := count(t, other, "phscript_run")
		require.NoError(t, other.InTx(t.Context(), func(tx *store.Tx) error {
			return store.Exec(t.Context(), tx, `UPDATE phscript_schedule SET failing = 0`)
		}))
		left := count(t, other, "phscript_run")
		assert.LessOrEqual(t, before-left, 1000, "runs that were deleted during one turn")
		if left > 20 && left < 4000 {
			between++
		}
	}
}

func TestWhy(t *testing.T) {
	assert.Equal(t, "no service was running", Why("no service was running", "error: x"))
	assert.Equal(t, "there is no script sync.lua", Why("", "error: there is no script sync.lua\nhint: look\n"), "the column says that it is an error")
	assert.Empty(t, Why("", ""))
}
