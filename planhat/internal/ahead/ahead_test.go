package ahead

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reads counts the requests of a queue whose pages are their offsets and take a
// second.
func reads(n *atomic.Int64) *Queue[int] {
	return &Queue[int]{
		Pages: Most, Bytes: Bytes,
		Read: func(ctx context.Context, s Span) (int, error) {
			n.Add(1)
			select {
			case <-time.After(time.Second):
				return s.Offset, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		},
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		name string
		q    Queue[int]
		want int
	}{
		{"at first", Queue[int]{window: 1, took: time.Second}, 1},
		{"a caller that does nothing", Queue[int]{window: 8, took: time.Second}, 8},
		{"a caller as fast as the server", Queue[int]{window: 8, took: time.Second, used: time.Second}, 2},
		{"a faster one", Queue[int]{window: 8, took: time.Second, used: 300 * time.Millisecond}, 4},
		{"a slower one", Queue[int]{window: 8, took: time.Second, used: 2 * time.Second}, 1},
		{"pages that come at once", Queue[int]{window: 8, took: Worthwhile - 1}, 1},
		{"large pages", Queue[int]{window: 8, took: time.Second, largest: 10 << 20}, 4},
		{"huge pages", Queue[int]{window: 8, took: time.Second, largest: 100 << 20}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			tt.q.Pages, tt.q.Bytes, tt.q.left, tt.q.returned = Most, Bytes, Most, time.Now()
			assert.Equal(t, tt.want, tt.q.Depth(), tt.name)
		})
	}
}

func TestTheQuotaBoundsThePages(t *testing.T) {
	for spare, want := range map[int]int{0: 1, 1: 2, 3: 4, 100: 8} {
		q := Queue[int]{Pages: Most, Bytes: Bytes, Eager: true, Spare: func(context.Context) int { return spare }}
		for range 5 {
			q.Accept(t.Context(), 1, true)
		}
		assert.Equal(t, want, q.Depth(), "%d calls to spare", spare)
	}
}

func TestPagesAreTakenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		q := reads(&n)
		began := time.Now()
		q.Request(t.Context(), []Span{{0, 5}, {5, 5}, {10, 5}})
		q.Request(t.Context(), []Span{{0, 5}, {5, 5}})
		for _, at := range []int{0, 5, 10} {
			page, err := q.Take(t.Context(), Span{at, 5})
			require.NoError(t, err)
			assert.Equal(t, at, page)
		}
		assert.Equal(t, time.Second, time.Since(began))
		assert.EqualValues(t, 3, n.Load())
	})
}

// A page that is not asked for next is dropped with those after it.
func TestPagesThatNobodyWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		q := reads(&n)
		began := time.Now()
		q.Request(t.Context(), []Span{{0, 5}, {5, 5}, {10, 5}})
		q.Request(t.Context(), []Span{{0, 5}, {4, 5}})
		page, err := q.Take(t.Context(), Span{0, 5})
		require.NoError(t, err)
		assert.Zero(t, page)
		page, err = q.Take(t.Context(), Span{7, 5})
		require.NoError(t, err)
		assert.Equal(t, 7, page)
		assert.Equal(t, 2*time.Second, time.Since(began))
		assert.EqualValues(t, 5, n.Load())
		assert.Empty(t, q.pages)
	})
}

// What was requested under a context that has ended is read again, under the one that
// asks for it.
func TestContextsOfOtherCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		q := reads(&n)
		ctx, cancel := context.WithCancel(t.Context())
		q.Request(ctx, []Span{{0, 5}, {5, 5}})
		cancel()
		page, err := q.Take(t.Context(), Span{0, 5})
		require.NoError(t, err)
		assert.Zero(t, page)
		assert.EqualValues(t, 3, n.Load())
		_, err = q.Take(ctx, Span{5, 5})
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestErrorsComeInTheirTurn(t *testing.T) {
	broken := errors.New("broken")
	q := &Queue[int]{Read: func(_ context.Context, s Span) (int, error) {
		if s.Offset > 0 {
			return 0, broken
		}
		return 0, nil
	}}
	q.Request(t.Context(), []Span{{0, 5}, {5, 5}})
	_, err := q.Take(t.Context(), Span{0, 5})
	require.NoError(t, err)
	_, err = q.Take(t.Context(), Span{5, 5})
	assert.ErrorIs(t, err, broken)
}
