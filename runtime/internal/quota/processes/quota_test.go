package processes

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
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
		t.Logf("%.1f %% of the quota was used", 100*share(times, length))
	})
}

// TestNoPartIsLeftUnused: what 16 users of short runs book among them starts as soon as
// it is stored, or in the very moment in which an earlier start leaves the window. So all
// of the quota is used for as long as somebody asks, by the store's own books.
func TestNoPartIsLeftUnused(t *testing.T) {
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		keepBooks(t, db)
		taken, longest := takeMany(t, shortRuns(db, length))
		var starts []int64
		for _, b := range allBooked(t, db) {
			if !taken[b.id] {
				continue // it came too late, and was given back
			}
			i := len(starts)
			starts = append(starts, b.at)
			// A start lies no further ahead than the store is slow.
			assert.True(t, b.at-b.asked <= (longest+longest/4).Microseconds() || i >= limit && b.at == starts[i-limit]+length.Microseconds(),
				"call %d starts %d µs after it was asked for, and no other one left the window then; a booking took %s at most", i, b.at-b.asked, longest)
		}
		assert.Len(t, starts, 16*(3*limit/16))
		assert.Empty(t, strays(t, db, taken), "what came too late is given back")
		assert.LessOrEqual(t, crowd(starts, length.Microseconds()), limit)
	})
}

// TestLongRunsLeaveLittleUnused: four of them book 97 % of the quota, and leave some of
// it at any time. The window is so long that bookings are never what takes time.
func TestLongRunsLeaveLittleUnused(t *testing.T) {
	const length = time.Minute
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		keepBooks(t, db)
		var runs [4]*quota.Window
		for i := range runs {
			runs[i] = windowOn(func(context.Context) (*store.DB, error) { return db, nil }, fmt.Sprintf("worker%d", i), length, nil)
		}
		var calls atomic.Int64
		taken, _ := takeMany(t, func() *quota.Window { return runs[calls.Add(1)%4] })
		var all, starts []int64
		for _, b := range allBooked(t, db) {
			all = append(all, b.at)
			if taken[b.id] {
				starts = append(starts, b.at)
			}
		}
		assert.GreaterOrEqual(t, share(all, length), 0.97)
		assert.Less(t, crowd(starts, length.Microseconds()), limit)
		assert.Empty(t, strays(t, db, taken), "what came too late is given back")
	})
}

// takeMany books three windows' calls with 16 users, and returns which bookings they got
// and how long one took at most.
func takeMany(t *testing.T, window func() *quota.Window) (taken map[int64]bool, longest time.Duration) {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	taken = map[int64]bool{}
	for range 16 {
		group.Go(func() {
			for range 3 * limit / 16 {
				w := window()
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
	return taken, longest
}

// held are the starts in the store: for each its time, number, run and flags.
func held(t *testing.T, db *store.DB) (starts [][]int64) {
	t.Helper()
	var bookedAt, last int64
	var text string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT booked_at, last_start, starts FROM phscript_quota`).Scan(&bookedAt, &last, &text))
	require.NoError(t, json.Unmarshal([]byte(text), &starts))
	for _, s := range starts {
		s[0], s[1] = s[0]+bookedAt, s[1]+last
	}
	return starts
}

// strays lists the starts in the store that nobody has taken.
func strays(t *testing.T, db *store.DB, taken map[int64]bool) (list []int64) {
	t.Helper()
	for _, s := range held(t, db) {
		if !taken[s[1]] {
			list = append(list, s[1])
		}
	}
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
			_, err = tx.ExecContext(t.Context(), "LOCK TABLE phscript_quota IN ACCESS EXCLUSIVE MODE")
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
		asked := time.Now()
		require.NoError(t, w.Block(t.Context(), 3*time.Second))
		blocked := time.Now()
		require.NoError(t, w.Block(t.Context(), time.Second), "a shorter block ends no longer one")
		state, err := w.State(t.Context())
		require.NoError(t, err)
		assert.Greater(t, state.Blocked, 1500*time.Millisecond)
		c.await(t, limit+limit/2)
		for _, at := range c.finish(t) {
			start := time.UnixMicro(at)
			assert.False(t, start.Sub(blocked) > 200*time.Millisecond && start.Sub(asked) < 2900*time.Millisecond, "a call started %v after the block", start.Sub(blocked))
		}
	})
}

// TestAClockThatIsSetBack: bookings of a time that has not come yet are moved,
// so that nobody waits longer than a window, and none of them is forgotten. No booking
// leaves the window while the test books, however slow the machine is.
func TestAClockThatIsSetBack(t *testing.T) {
	const length = time.Minute
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		window := shortRuns(db, length)
		for range limit / 2 {
			_, err := window().Take(t.Context())
			require.NoError(t, err)
		}
		shift(t, db, time.Hour)
		state, err := window().State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, limit/2, state.Used)
		for range limit / 2 {
			b, err := window().Take(t.Context())
			require.NoError(t, err)
			assert.LessOrEqual(t, b.Wait, length)
		}
		b, err := window().Take(t.Context())
		require.NoError(t, err)
		assert.Greater(t, b.Wait, time.Duration(0))
		assert.LessOrEqual(t, b.Wait, length)
	})
}

// shift moves all that is booked in time.
func shift(t *testing.T, db *store.DB, by time.Duration) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), `UPDATE phscript_quota SET booked_at = booked_at + ?`, by.Microseconds())
	require.NoError(t, err)
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
		shift(t, db, -2*time.Hour)
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
