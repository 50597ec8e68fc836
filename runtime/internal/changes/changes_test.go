package changes

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// each runs a test on both kinds of store.
func each(t *testing.T, test func(t *testing.T, db *store.DB, j *Journal)) {
	t.Helper()
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			test(t, db, New(func(context.Context) (*store.DB, error) { return db, nil }, slog.New(slog.DiscardHandler)))
		})
	}
}

var sample = Change{
	Step: 2, Row: 3, Client: 1, Model: "company", Operation: "update", Action: "update", Line: 7, ID: "5f0000000000000000000001",
	KeyName: "externalId", KeyValue: "a-1", Name: "Acme", Before: []byte(`{"name":"Old"}`), After: []byte(`{"name":"New"}`),
}

func begin(t *testing.T, j *Journal, s Set) (*Writer, bool) {
	t.Helper()
	w, resumed, err := j.Begin(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { w.Close(t.Context()) })
	return w, resumed
}

func TestChangesAreKept(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, j *Journal) {
		w, resumed := begin(t, j, Set{Plan: "p1", Kind: ByApply, Script: "a.lua", Tenants: []Tenant{{Client: 1, Host: "h", User: "u"}}})
		assert.False(t, resumed)
		created := Change{Step: 3, Row: 1, Client: 1, Model: "company", Operation: "create", Action: "create", Placeholder: "00000000abcdef0100000001"}
		rows := []Change{sample, created}
		require.NoError(t, w.Add(t.Context(), rows))
		assert.Equal(t, []int64{1, 2}, []int64{rows[0].Seq, rows[1].Seq})
		rows[0].State = Done
		rows[1].State, rows[1].ID, rows[1].Message = Rejected, "", "no"
		require.NoError(t, w.Settle(t.Context(), rows))
		require.NoError(t, w.Add(t.Context(), []Change{sample}))

		list, err := Page(t.Context(), db, w.Set().ID, 0, 2)
		require.NoError(t, err)
		require.Len(t, list, 2)
		assert.WithinDuration(t, time.Now(), list[0].At, time.Minute)
		list[0].At, list[1].At = time.Time{}, time.Time{}
		assert.Equal(t, rows, list)
		rest, err := Page(t.Context(), db, w.Set().ID, 2, 2)
		require.NoError(t, err)
		require.Len(t, rest, 1)
		assert.Equal(t, Intended, rest[0].State)
		counts, err := Counts(t.Context(), db, w.Set().ID)
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Done: 1, Rejected: 1, Intended: 1}, counts)

		require.NoError(t, w.Link(t.Context(), 42))
		require.NoError(t, w.End(t.Context(), "why"))
		s, err := OfRun(t.Context(), db, 42)
		require.NoError(t, err)
		assert.Equal(t, "p1", s.Plan)
		assert.Equal(t, "why", s.Reason)
		assert.Equal(t, []Tenant{{Client: 1, Host: "h", User: "u"}}, s.Tenants)
		assert.Positive(t, s.Size)
		assert.False(t, s.Ended.IsZero())
		none, err := OfPlan(t.Context(), db, "p2")
		require.NoError(t, err)
		assert.Nil(t, none)
	})
}

// TestOneWriterAtATime: a plan has one set, and only one process works on it.
func TestOneWriterAtATime(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, j *Journal) {
		first, _ := begin(t, j, Set{Plan: "p", Kind: ByApply})
		require.NoError(t, first.Add(t.Context(), []Change{sample}))
		_, _, err := j.Begin(t.Context(), Set{Plan: "p", Kind: ByApply})
		var held *HeldError
		require.ErrorAs(t, err, &held)
		assert.Positive(t, held.Process)
		other, resumed := begin(t, j, Set{Plan: "q", Kind: ByApply})
		assert.False(t, resumed)
		assert.NotEqual(t, first.Set().ID, other.Set().ID)

		first.Close(t.Context())
		second, resumed := begin(t, j, Set{Plan: "p", Kind: ByApply})
		assert.True(t, resumed)
		assert.Equal(t, first.Set().ID, second.Set().ID)
		rows := []Change{sample}
		require.NoError(t, second.Add(t.Context(), rows))
		assert.Equal(t, int64(2), rows[0].Seq)

		// A process that is silent for long loses its lease, and can't write any more.
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_change_set SET used_at = used_at - ?`, (2*Lease).Microseconds()))
		third, resumed := begin(t, j, Set{Plan: "p", Kind: ByApply})
		assert.True(t, resumed)
		require.ErrorIs(t, second.Add(t.Context(), []Change{sample}), ErrLost)
		require.ErrorIs(t, second.Settle(t.Context(), rows), ErrLost)
		require.ErrorIs(t, second.End(t.Context(), ""), ErrLost)
		require.NoError(t, third.Settle(t.Context(), rows))

		// One that ended on this machine loses it at once, one of another machine does not.
		third.Close(t.Context())
		host, _, _ := strings.Cut(third.holder, " ")
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_change_set SET holder = ? WHERE plan = 'p'`, host+" 999999999 x"))
		fourth, _ := begin(t, j, Set{Plan: "p", Kind: ByApply})
		fourth.Close(t.Context())
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_change_set SET holder = 'elsewhere 1 x' WHERE plan = 'p'`))
		_, _, err = j.Begin(t.Context(), Set{Plan: "p", Kind: ByApply})
		require.ErrorAs(t, err, &held)
		assert.Zero(t, held.Process)
	})
}

func TestForgetting(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, j *Journal) {
		var ids []int64
		for _, plan := range []string{"stale", "old", "open", "new"} {
			w, _ := begin(t, j, Set{Plan: plan, Kind: ByApply})
			require.NoError(t, w.Add(t.Context(), []Change{sample, sample}))
			if plan != "open" {
				require.NoError(t, w.End(t.Context(), ""))
			}
			w.Close(t.Context())
			ids = append(ids, w.Set().ID)
		}
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_change_set SET used_at = used_at - ? WHERE plan = 'stale'`, (Kept+time.Hour).Microseconds()))
		newest, err := Get(t.Context(), db, ids[3])
		require.NoError(t, err)
		require.NoError(t, Prune(t.Context(), db, newest.Size))
		left := map[string]int{}
		list, err := List(t.Context(), db, 0, 10)
		require.NoError(t, err)
		for _, s := range list {
			rows, err := Page(t.Context(), db, s.ID, 0, 10)
			require.NoError(t, err)
			assert.Equal(t, len(rows) == 0, s.Forgotten, s.Plan)
			left[s.Plan] = len(rows)
		}
		assert.Equal(t, map[string]int{"old": 0, "open": 2, "new": 2}, left)

		n, err := ForgetRecord(t.Context(), db, sample.ID)
		require.NoError(t, err)
		assert.Equal(t, int64(4), n)
		rows, err := Page(t.Context(), db, ids[3], 0, 1)
		require.NoError(t, err)
		assert.Nil(t, rows[0].Before)
		assert.Nil(t, rows[0].After)
		assert.Empty(t, rows[0].Name+rows[0].KeyValue)
	})
}

func TestAnUnusedSetCanBeDiscarded(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB, j *Journal) {
		empty, _ := begin(t, j, Set{Plan: "a", Kind: ByApply})
		require.NoError(t, empty.Discard(t.Context()))
		used, _ := begin(t, j, Set{Plan: "b", Kind: ByApply})
		require.NoError(t, used.Add(t.Context(), []Change{sample}))
		require.NoError(t, used.Discard(t.Context()))
		list, err := List(t.Context(), db, 0, 10)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, "b", list[0].Plan)
	})
}
