package processes

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// onBoth runs a test on a SQLite file and on PostgreSQL. The cluster is nil on
// the former.
func onBoth(t *testing.T, test func(t *testing.T, location string, cluster *postgres.Cluster)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, filepath.Join(t.TempDir(), "state", "state.db"), nil)
	})
	t.Run("postgres", func(t *testing.T) {
		cluster := postgres.Start(t)
		test(t, cluster.URL(), cluster)
	})
}

func open(t *testing.T, location string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// TestProcessesShareTheQuota: four processes with four goroutines each use the
// quota as fast as they may, and nothing beyond it.
func TestProcessesShareTheQuota(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		keepBooks(t, db)
		c := startCrew(t, location)
		c.await(t, 5*limit+1)
		c.finish(t)
		times := booked(t, db)
		assert.LessOrEqual(t, crowd(times, length.Microseconds()), limit)
		// How much of it is used is the machine's affair as well.
		t.Logf("%.1f %% of the quota was used", 100*share(times))
	})
}

// TestNoPartIsLeftUnused: what 16 users of four windows book among them starts as
// soon as it is stored, or in the very moment in which an earlier start leaves
// the window. So all of the quota is used for as long as somebody asks, by the
// store's own books.
func TestNoPartIsLeftUnused(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		keepBooks(t, db)
		var group sync.WaitGroup
		var mu sync.Mutex
		taken, longest := map[int64]bool{}, time.Duration(0)
		for i := range 16 {
			w := newWindow(fmt.Sprintf("worker%d", i%4), location, nil)
			group.Go(func() {
				for range 3 * limit / 16 {
					began := time.Now()
					b, err := w.Take(t.Context())
					assert.NoError(t, err)
					mu.Lock()
					taken[b.Slot], longest = true, max(longest, time.Since(began))
					mu.Unlock()
				}
			})
		}
		group.Wait()
		rows, err := db.QueryContext(t.Context(), `SELECT id, starts_at, booked_at FROM books ORDER BY starts_at, booked_at`)
		require.NoError(t, err)
		var starts []int64
		for rows.Next() {
			var id, at, asked int64
			require.NoError(t, rows.Scan(&id, &at, &asked))
			if !taken[id] {
				continue // it came too late, and was given back
			}
			i := len(starts)
			starts = append(starts, at)
			// A start lies no further ahead than the store is slow.
			assert.True(t, at-asked <= (longest+longest/4).Microseconds() || i >= limit && at == starts[i-limit]+length.Microseconds(),
				"call %d starts %d µs after it was asked for, and no other one left the window then; a booking took %s at most", i, at-asked, longest)
		}
		require.NoError(t, errors.Join(rows.Err(), rows.Close()))
		assert.Len(t, starts, 16*(3*limit/16))
		assert.Empty(t, strays(t, db, taken), "what came too late is given back")
		assert.LessOrEqual(t, crowd(starts, length.Microseconds()), limit)
	})
}

// strays lists the starts in the store that nobody has taken.
func strays(t *testing.T, db *store.DB, taken map[int64]bool) (list []int64) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT id FROM phscript_quota_start`)
	require.NoError(t, err)
	for rows.Next() {
		var id int64
		require.NoError(t, rows.Scan(&id))
		if !taken[id] {
			list = append(list, id)
		}
	}
	require.NoError(t, errors.Join(rows.Err(), rows.Close()))
	return list
}

// TestKilledProcessesLeaveNoTrace: what a process had booked when it was killed
// is lost for a window and no longer.
func TestKilledProcessesLeaveNoTrace(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		c := startCrew(t, location)
		c.await(t, limit+limit/2)
		c[0].kill()
		c[1].kill()
		rest := crew{c[2], c[3]}
		rest.await(t, rest.count()+3*limit)
		c.finish(t)
	})
}

// TestALockedStoreIsWaitedFor: somebody else holds the tables for longer than
// a window.
func TestALockedStoreIsWaitedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, cluster *postgres.Cluster) {
		db := open(t, location)
		c := startCrew(t, location)
		c.await(t, limit/2)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		if cluster != nil {
			_, err = tx.ExecContext(t.Context(), "LOCK TABLE phscript_quota, phscript_quota_start IN ACCESS EXCLUSIVE MODE")
			require.NoError(t, err)
		}
		time.Sleep(12 * time.Second)
		before := c.count()
		require.NoError(t, tx.Rollback())
		c.await(t, before+2*limit)
		c.finish(t)
		if cluster == nil {
			assert.Contains(t, c[0].stderr.String()+c[1].stderr.String()+c[2].stderr.String()+c[3].stderr.String(),
				"the store of the shared quota is back", "a wait beyond the database's own patience is reported")
		}
	})
}

// TestPostgresMayCrash: no call starts while it is gone, and all go on after.
func TestPostgresMayCrash(t *testing.T) {
	cluster := postgres.Start(t)
	c := startCrew(t, cluster.URL())
	c.await(t, limit/2)
	cluster.Stop()
	// Calls that were booked before may still start, for one window.
	time.Sleep(length)
	down := c.count()
	require.Never(t, func() bool { return c.count() > down }, length, 50*time.Millisecond)
	cluster.Start()
	c.await(t, down+2*limit)
	c.finish(t)
	for _, w := range c {
		assert.Contains(t, w.stderr.String(), "the store of the shared quota is unreachable; calls are waiting")
		assert.Contains(t, w.stderr.String(), "the store of the shared quota is back")
	}
}

// TestOneProcessBlocksAll: a 429 that one process got holds back the others.
func TestOneProcessBlocksAll(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		c := startCrew(t, location)
		c.await(t, 10)
		w := newWindow("blocker", location, nil)
		require.NoError(t, w.Block(t.Context(), 3*time.Second))
		blocked := time.Now()
		require.NoError(t, w.Block(t.Context(), time.Second), "a shorter block ends no longer one")
		state, err := w.State(t.Context())
		require.NoError(t, err)
		assert.Greater(t, state.Blocked, 1500*time.Millisecond)
		c.await(t, limit+limit/2)
		for _, at := range c.finish(t) {
			since := time.UnixMicro(at).Sub(blocked)
			assert.False(t, since > 200*time.Millisecond && since < 2900*time.Millisecond, "a call started %v after the block", since)
		}
	})
}

// TestAClockThatIsSetBack: bookings of a time that has not come yet are moved,
// so that nobody waits for it, and none of them is forgotten.
func TestAClockThatIsSetBack(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		w := newWindow("worker", location, nil)
		for range limit / 2 {
			_, err := w.Take(t.Context())
			require.NoError(t, err)
		}
		hour := time.Hour.Microseconds()
		_, err := db.ExecContext(t.Context(), `UPDATE phscript_quota_start SET starts_at = starts_at + ?, booked_at = booked_at + ?`, hour, hour)
		require.NoError(t, err)
		state, err := w.State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, limit/2, state.Used)
		for range limit / 2 {
			b, err := w.Take(t.Context())
			require.NoError(t, err)
			assert.LessOrEqual(t, b.Wait, length)
		}
		b, err := w.Take(t.Context())
		require.NoError(t, err)
		assert.Greater(t, b.Wait, time.Duration(0))
		assert.LessOrEqual(t, b.Wait, length)
	})
}

// TestTenantsThatCallNoMoreAreForgotten: not at once, and one that was held back
// later.
func TestTenantsThatCallNoMoreAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		w := newWindow("worker", location, nil)
		known := func() int {
			require.NoError(t, quota.Forget(t.Context(), db))
			reports, err := quota.Reports(t.Context(), db, length)
			require.NoError(t, err)
			return len(reports)
		}
		_, err := w.Take(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, known())
		_, err = db.ExecContext(t.Context(), `UPDATE phscript_quota_start SET starts_at = starts_at - ?, booked_at = booked_at - ?`, 2*time.Hour.Microseconds(), 2*time.Hour.Microseconds())
		require.NoError(t, err)
		assert.Zero(t, known())
		require.NoError(t, w.Block(t.Context(), time.Millisecond))
		assert.Equal(t, 1, known())
		_, err = w.Take(t.Context())
		require.NoError(t, err)
	})
}

// TestOpeningAtTheSameTime: the first processes on a machine make the tables
// together.
func TestOpeningAtTheSameTime(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				db, err := store.Open(t.Context(), location)
				if assert.NoError(t, err) {
					assert.NoError(t, db.Close())
				}
			})
		}
		group.Wait()
	})
}
