package processes

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// TestAJobGoesBeforeImports: calls of imports wait for a window, and those of a job with
// five calls start in a small part of one.
func TestAJobGoesBeforeImports(t *testing.T) {
	const length = 6 * time.Second
	onBoth(t, func(t *testing.T, location string, _ *postgres.Cluster) {
		db := open(t, location)
		limiter := func(name string) *planhat.Limiter {
			w := windowOn(func(context.Context) (*store.DB, error) { return db, nil }, name, length, nil)
			return planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Parallel: -1, Window: w})
		}
		var mu sync.Mutex
		var starts []int64
		call := func(ctx context.Context, l *planhat.Limiter) error {
			release, err := l.Acquire(ctx)
			if err == nil {
				mu.Lock()
				starts = append(starts, time.Now().UnixMicro())
				mu.Unlock()
				release()
			}
			return err
		}
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 4 {
			l := limiter(fmt.Sprintf("import %d", i))
			for range 25 {
				group.Go(func() {
					var err error
					for err == nil {
						err = call(ctx, l)
					}
				})
			}
		}
		time.Sleep(length + length/2)
		state, err := limiter("job").State(t.Context())
		require.NoError(t, err)
		assert.Greater(t, state.Used, limit, "calls are waiting")
		job, began := limiter("job"), time.Now()
		for range 5 {
			require.NoError(t, call(t.Context(), job))
		}
		assert.Less(t, time.Since(began), length/2)
		t.Logf("five calls took %s", time.Since(began))
		time.Sleep(length / 2)
		stop()
		group.Wait()
		assert.LessOrEqual(t, crowd(starts, (length-margin).Microseconds()), limit)
	})
}
