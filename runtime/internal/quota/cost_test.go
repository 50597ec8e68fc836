//go:build unix

package quota

import (
	"context"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// BenchmarkCalls prints how much CPU the store takes for 1,000 calls that wait for the
// quota, with as many bookings as a minute of the real one has.
func BenchmarkCalls(b *testing.B) {
	db, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	var group sync.WaitGroup
	calls := make(chan struct{})
	for _, run := range []string{"run 101", "run 102", "run 103", "run 104"} {
		limiter := planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Parallel: -1, Window: New(Options{
			Open: func(context.Context) (*store.DB, error) { return db, nil },
			URL:  "https://api.planhat.com", Token: "secret", Limit: planhat.DefaultCallsPerMinute, Length: 400 * time.Millisecond,
			Run: run, Script: "scripts/import.lua",
		})})
		for range 4 {
			group.Go(func() {
				for range calls {
					release, err := limiter.Acquire(b.Context())
					if err != nil {
						b.Error(err)
						return
					}
					release()
				}
			})
		}
	}
	for range planhat.DefaultCallsPerMinute {
		calls <- struct{}{}
	}
	before := cpu(b)
	for b.Loop() {
		calls <- struct{}{}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Second)*1000/float64(b.N), "cpu-s/1000-calls")
	close(calls)
	group.Wait()
}

func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
