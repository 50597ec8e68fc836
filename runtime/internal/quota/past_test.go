package quota

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

func onBoth(t *testing.T, test func(t *testing.T, db *store.DB)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			test(t, db)
		})
	}
}

func calls(list []Past) (total int, scripts []ScriptCalls) {
	for _, p := range list {
		for _, m := range p.Steps {
			total += m.Calls
		}
		scripts = append(scripts, p.Scripts...)
	}
	return total, scripts
}

// TestPastCalls: each call is counted once, before and after it stops to count for the quota,
// and also when its tenant is forgotten; one that was given back is not.
func TestPastCalls(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		const length = 50 * time.Millisecond
		window := func(script string) *Window {
			return New(Options{
				Open: func(context.Context) (*store.DB, error) { return db, nil },
				URL:  "https://api.planhat.com", Token: "secret", Limit: 5, Length: length, Run: "here:1", Script: script,
			})
		}
		for i := range 23 {
			script := "a.lua"
			if i%4 == 0 {
				script = "b.lua"
			}
			b, err := window(script).Take(t.Context())
			require.NoError(t, err)
			time.Sleep(b.Wait) // until it has started
		}
		given, err := window("b.lua").Take(t.Context())
		require.NoError(t, err)
		require.NoError(t, window("b.lua").Return(t.Context(), given))
		check := func(of store.Source, hosts ...string) {
			t.Helper()
			list, err := Pasts(t.Context(), of, 24*time.Hour, time.Minute)
			require.NoError(t, err)
			total, scripts := calls(list)
			assert.Equal(t, 23, total)
			assert.Equal(t, []ScriptCalls{{"a.lua", 17}, {"b.lua", 6}}, scripts)
			require.Len(t, list, len(hosts))
			assert.Equal(t, hosts[0], list[0].Host)
		}
		r, err := db.Reader()
		require.NoError(t, err)
		check(r, "api.planhat.com")
		var kept int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT sum(calls) FROM phscript_quota_minute").Scan(&kept))
		assert.Greater(t, kept, 10, "those of the present window are not there yet")
		// The tenant makes no more calls.
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_quota SET booked_at = booked_at - ?`, (2*time.Hour).Microseconds()))
		require.NoError(t, Forget(t.Context(), db))
		check(r, "")
	})
}

// TestOldCallsAreForgotten after a day: by whoever books a call, and by the service.
func TestOldCallsAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		now := time.Now()
		add := func(ago time.Duration) {
			require.NoError(t, store.Exec(t.Context(), db, addPast, "t", now.Add(-ago).Unix()/60, "a.lua", "here:1", 3))
		}
		left := func() (n int) {
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM phscript_quota_minute").Scan(&n))
			return n
		}
		add(23 * time.Hour)
		add(23 * time.Hour)
		add(25 * time.Hour)
		require.Equal(t, 2, left())
		for _, since := range []time.Duration{time.Hour, 24 * time.Hour, 48 * time.Hour} {
			list, err := Pasts(t.Context(), db, since, 15*time.Minute)
			require.NoError(t, err)
			total, _ := calls(list)
			assert.Equal(t, map[time.Duration]int{time.Hour: 0, 24 * time.Hour: 6, 48 * time.Hour: 6}[since], total)
		}
		old := tenant{key: "t", now: now.UnixMicro(), last: 2 * prunedEvery, dropped: []start{{at: now.UnixMicro(), script: "a.lua", run: "here:1"}}}
		require.NoError(t, db.InTx(t.Context(), func(tx *store.Tx) error { return old.settle(t.Context(), tx) }))
		require.Equal(t, 2, left(), "the old one is gone, and there is one more")
		add(25 * time.Hour)
		require.NoError(t, Forget(t.Context(), db))
		assert.Equal(t, 2, left())
	})
}

// BenchmarkPasts is a day with five scripts in each minute, on SQLite.
func BenchmarkPasts(b *testing.B) {
	db, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	require.NoError(b, db.InTx(b.Context(), func(tx *store.Tx) error {
		for m := range 24 * 60 {
			for script := range 5 {
				if err := store.Exec(b.Context(), tx, addPast, "t", time.Now().Unix()/60-int64(m), fmt.Sprintf("script-%d.lua", script), "here:1", 30); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	r, err := db.Reader()
	require.NoError(b, err)
	for b.Loop() {
		_, err := Pasts(b.Context(), r, 24*time.Hour, 15*time.Minute)
		require.NoError(b, err)
	}
}
