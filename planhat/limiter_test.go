package planhat

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startsOf makes calls from several goroutines and returns when each started.
func startsOf(t *testing.T, l *Limiter, calls, goroutines int, latency func(i int) time.Duration) []time.Duration {
	t.Helper()
	began := time.Now()
	var (
		mu     sync.Mutex
		starts []time.Duration
		group  sync.WaitGroup
	)
	next := make(chan int, calls)
	for i := range calls {
		next <- i
	}
	close(next)
	for range goroutines {
		group.Go(func() {
			for i := range next {
				release, err := l.Acquire(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				starts = append(starts, time.Since(began))
				mu.Unlock()
				time.Sleep(latency(i))
				release()
			}
		})
	}
	group.Wait()
	slices.Sort(starts)
	return starts
}

// most returns the largest number of starts in any half-open stretch of time.
func most(starts []time.Duration, length time.Duration) int {
	best := 0
	for first, last := 0, 0; last < len(starts); last++ {
		for starts[last]-starts[first] >= length {
			first++
		}
		best = max(best, last-first+1)
	}
	return best
}

func TestTheMinuteQuotaIsExactAndFullyUsed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		latency func(int) time.Duration
	}{
		{"quick calls", func(int) time.Duration { return time.Millisecond }},
		{"300 ms", func(int) time.Duration { return 300 * time.Millisecond }},
		{"uneven", func(i int) time.Duration { return time.Duration(i*37%500) * time.Millisecond }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				starts := startsOf(t, NewLimiter(LimiterConfig{}), 400, 4, tt.latency)
				require.Len(t, starts, 400)
				assert.LessOrEqual(t, most(starts, time.Minute), 200)
				assert.LessOrEqual(t, most(starts, time.Second), 150)
				// The second 200 start as soon as the first 200 leave the window.
				used := float64(time.Minute) / float64(starts[200]-starts[0])
				assert.Greater(t, used, 0.99)
				assert.Less(t, starts[150], 20*time.Second, "a script with 150 calls does not wait")
			})
		})
	}
}

func TestManyGoroutinesKeepAllLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := startsOf(t, NewLimiter(LimiterConfig{CallsPerMinute: 1000}), 3000, 200, func(int) time.Duration { return 10 * time.Millisecond })
		assert.LessOrEqual(t, most(starts, time.Minute), 1000)
		assert.LessOrEqual(t, most(starts, time.Second), 150)
		assert.Less(t, starts[2999], 2*(minuteWindow+windowMargin)+10*time.Second)
	})
}

// A window that doesn't space its starts, as one that is shared may be, leaves
// the pace to the limit per second.
func TestThePerSecondLimitAloneLetsEverybodyThrough(t *testing.T) {
	for _, parallel := range []int{50, -1} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLimiter(LimiterConfig{CallsPerMinute: -1, Parallel: parallel})
			starts := startsOf(t, l, 600, 600, func(int) time.Duration { return 10 * time.Millisecond })
			require.Len(t, starts, 600)
			assert.LessOrEqual(t, most(starts, time.Second), 150)
			assert.Less(t, starts[599]-starts[0], 5*time.Second)
		})
	}
}

func TestParallelLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: 3})
		var mu sync.Mutex
		running, top := 0, 0
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				release, err := l.Acquire(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				defer release()
				mu.Lock()
				running++
				top = max(top, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				mu.Unlock()
			})
		}
		group.Wait()
		assert.Equal(t, 3, top)
	})
}

func TestBlockHoldsEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterConfig{CallsPerMinute: 10})
		began := time.Now()
		_ = startsOf(t, l, 10, 1, func(int) time.Duration { return 0 })
		var group sync.WaitGroup
		group.Go(func() { // waits for the window, and then for the block as well
			release, err := l.Acquire(t.Context())
			if assert.NoError(t, err) {
				release()
				assert.GreaterOrEqual(t, time.Since(began), 90*time.Second)
			}
		})
		time.Sleep(30 * time.Second)
		require.NoError(t, l.Block(t.Context(), time.Minute))
		require.NoError(t, l.Block(t.Context(), time.Second), "a shorter block does not end a longer one")
		state, err := l.State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, time.Minute, state.Blocked)
		group.Wait()
	})
}

func TestBlockWithoutQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1})
		require.NoError(t, l.Block(t.Context(), 5*time.Second))
		began := time.Now()
		_, err := l.Acquire(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(began))
	})
}

func TestWaitingForQuotaEnds(t *testing.T) {
	boom := errors.New("enough")
	for _, tt := range []struct {
		name  string
		ctx   func(context.Context) (context.Context, func())
		want  error
		after time.Duration
	}{
		{"deadline", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return ctx, cancel
		}, context.DeadlineExceeded, 0},
		{"cause", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			timer := time.AfterFunc(time.Second, func() { cancel(boom) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		}, boom, time.Second},
		{"stop", func(ctx context.Context) (context.Context, func()) {
			stop := make(chan struct{})
			time.AfterFunc(time.Second, func() { close(stop) })
			return WithStopping(ctx, stop), func() {}
		}, errStopped, time.Second},
		{"stop and end", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			stop := make(chan struct{})
			time.AfterFunc(time.Second, func() { cancel(); close(stop) })
			return WithStopping(ctx, stop), cancel
		}, errStopped, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLimiter(LimiterConfig{CallsPerMinute: 1, Parallel: 1})
				release, err := l.Acquire(t.Context())
				require.NoError(t, err)
				release()
				ctx, end := tt.ctx(t.Context())
				defer end()
				began := time.Now()
				_, err = l.Acquire(ctx)
				assert.ErrorIs(t, err, tt.want)
				assert.Equal(t, tt.after, time.Since(began))
				// What it had booked is free again, and so is its parallel place.
				state, err := l.State(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, state.Used)
				release, err = l.Acquire(t.Context())
				require.NoError(t, err)
				release()
				assert.Equal(t, minuteWindow+windowMargin, time.Since(began))
			})
		})
	}
}

// lateWindow books starts that have passed by the time they are reached, as a
// machine that slept would.
type lateWindow struct {
	*memoryWindow
	returned, taken int
}

func (w *lateWindow) Take(ctx context.Context) (Booking, error) {
	w.taken++
	b, err := w.memoryWindow.Take(ctx)
	if w.taken == 1 {
		b.Wait = -time.Second
	}
	return b, err
}

func (w *lateWindow) Return(ctx context.Context, b Booking) error {
	w.returned++
	return w.memoryWindow.Return(ctx, b)
}

func TestLateStartersBookAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &lateWindow{memoryWindow: newMemoryWindow(5, time.Minute, 0)}
		l := NewLimiter(LimiterConfig{Window: w})
		release, err := l.Acquire(t.Context())
		require.NoError(t, err)
		release()
		assert.Equal(t, 2, w.taken)
		assert.Equal(t, 1, w.returned)
		state, err := l.State(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, state.Used)
		assert.Equal(t, 5, state.Limit)
	})
}

// slowWindow takes long to confirm a booking, once, as a store that is locked does.
type slowWindow struct {
	*lateWindow
	asked int
}

func (w *slowWindow) Confirm(ctx context.Context, b Booking) (Booking, error) {
	if w.asked++; w.asked == 1 {
		time.Sleep(time.Second)
	}
	return w.lateWindow.Confirm(ctx, b)
}

func TestAStartIsLateAfterALookAtASlowWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowWindow{lateWindow: &lateWindow{memoryWindow: newMemoryWindow(1, time.Minute, 0), taken: 1}}
		l := NewLimiter(LimiterConfig{Window: w})
		for range 2 {
			release, err := l.Acquire(t.Context())
			require.NoError(t, err)
			release()
		}
		assert.Equal(t, 1, w.returned)
		assert.Equal(t, 3, w.taken-1)
	})
}

type brokenWindow struct{ *memoryWindow }

func (brokenWindow) Take(context.Context) (Booking, error) {
	return Booking{}, errors.New("disk full")
}

func TestAQuotaStoreThatFails(t *testing.T) {
	s := newServer(t, always(200, `{}`))
	c := newClient(t, s, func(c *Config) {
		c.Limiter = NewLimiter(LimiterConfig{Window: brokenWindow{newMemoryWindow(1, time.Minute, 0)}})
	})
	_, err := c.Company.GetByID(t.Context(), "1")
	e := in(t, err)
	assert.Equal(t, KindConfig, e.Kind)
	assert.Contains(t, e.Message, "disk full")
	assert.Empty(t, s.requests())
}

// Calls that give up at any point must neither break the limit nor use it up.
func TestTheQuotaSurvivesCallersThatGiveUp(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			l := NewLimiter(LimiterConfig{CallsPerMinute: 20})
			began := time.Now()
			var (
				mu     sync.Mutex
				starts []time.Duration
				group  sync.WaitGroup
			)
			for range 300 {
				patience, work := time.Duration(random.IntN(400))*time.Second, time.Duration(random.IntN(2000))*time.Millisecond
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					release, err := l.Acquire(ctx)
					if err != nil {
						return
					}
					mu.Lock()
					starts = append(starts, time.Since(began))
					mu.Unlock()
					time.Sleep(work)
					release()
				})
				time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			}
			group.Wait()
			slices.Sort(starts)
			assert.LessOrEqual(t, most(starts, time.Minute), 20, "seed %d", seed)
			assert.Greater(t, len(starts), 100, "seed %d", seed)
			// Once all have gone, the whole quota is there again.
			time.Sleep(2 * time.Minute)
			for range 20 {
				release, err := l.Acquire(t.Context())
				require.NoError(t, err)
				release()
			}
			state, err := l.State(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 20, state.Used)
		})
	}
}
