package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMinuteWindow(t *testing.T) {
	now := noon
	clock := func() time.Time { return now }
	take := func(q *quota, n int) (admitted int) {
		for range n {
			if q.enter().admitted {
				admitted++
				q.leave()
			}
		}
		return admitted
	}
	sliding := newQuota(Options{CallsPerMinute: 3}, false)
	fixed := newQuota(Options{CallsPerMinute: 3}, true)
	sliding.now, fixed.now = clock, clock
	for _, step := range []struct {
		after          time.Duration
		calls          int
		sliding, fixed int
	}{
		{0, 2, 2, 2},
		{50 * time.Second, 2, 1, 1},
		{9 * time.Second, 1, 0, 0},
		{time.Second, 3, 2, 3}, // 60 s after the first two
		{49 * time.Second, 1, 0, 0},
		{time.Second, 2, 1, 0}, // 60 s after the third
	} {
		now = now.Add(step.after)
		assert.Equal(t, step.sliding, take(sliding, step.calls), "sliding at %s", now.Sub(noon))
		assert.Equal(t, step.fixed, take(fixed, step.calls), "fixed at %s", now.Sub(noon))
	}
	v := sliding.enter()
	assert.False(t, v.admitted)
	assert.Equal(t, 10*time.Second, v.wait)
	assert.Equal(t, 3, v.limit)
	assert.Equal(t, 0, v.remaining)
}

func TestSecondLimit(t *testing.T) {
	now := noon
	q := newQuota(Options{PerSecond: 2}, false)
	q.now = func() time.Time { return now }
	for _, admitted := range []bool{true, true, false} {
		assert.Equal(t, admitted, q.enter().admitted)
	}
	now = now.Add(time.Second)
	assert.True(t, q.enter().admitted)
}

func TestTooManyCalls(t *testing.T) {
	p := start(t, Options{CallsPerMinute: 2})
	assert.Equal(t, "1", p.do("GET", "/users", "").header.Get("X-Rate-Limit-Remaining"))
	r := p.do("GET", "/users", "")
	assert.Equal(t, "2", r.header.Get("X-Rate-Limit-Limit"))
	assert.Equal(t, "0", r.header.Get("X-Ratelimit-Remaining"))
	r = p.do("GET", "/users", "")
	assert.Equal(t, http.StatusTooManyRequests, r.status)
	wait, err := strconv.Atoi(r.header.Get("Retry-After"))
	require.NoError(t, err)
	assert.InDelta(t, 60, wait, 2)
	assert.Contains(t, r.body, "Too many calls")
	assert.Equal(t, 200, p.do("POST", "/dimensiondata/"+p.TenantToken(), "[]").status, "the analytics host has no quota")
	assert.Equal(t, 1, p.Count(Filter{Status: 429}))
	p.Reset()
	assert.Equal(t, 200, p.do("GET", "/users", "").status)
	assert.Equal(t, 1, p.Count(Filter{}))
}

func TestRateHeaderSwitches(t *testing.T) {
	p := start(t, Options{CallsPerMinute: 1, Switches: Switches{swRateHeaders: "new", swRetryAfter: "date", swRateReset: "epoch"}})
	p.do("GET", "/users", "")
	r := p.do("GET", "/users", "")
	assert.Empty(t, r.header.Get("X-Rate-Limit-Limit"))
	at, err := http.ParseTime(r.header.Get("Retry-After"))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(time.Minute), at, 3*time.Second)
	reset, err := strconv.ParseInt(r.header.Get("X-Ratelimit-Reset"), 10, 64)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(time.Minute), time.Unix(reset, 0), 3*time.Second)

	p = start(t, Options{CallsPerMinute: 1, Switches: Switches{swRateHeaders: "none", swRetryAfter: "none"}})
	p.do("GET", "/users", "")
	r = p.do("GET", "/users", "")
	assert.Equal(t, 429, r.status)
	assert.Empty(t, r.header.Get("Retry-After"))
	assert.Empty(t, r.header.Get("X-Ratelimit-Remaining"))
}

func TestParallelLimit(t *testing.T) {
	p := start(t, Options{Parallel: 2, Latency: 300 * time.Millisecond})
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 5 {
		wait.Go(func() {
			r, err := p.try("GET", "/users", "")
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			statuses[r.status]++
		})
	}
	wait.Wait()
	assert.Equal(t, map[int]int{200: 2, 429: 3}, statuses)
	assert.Equal(t, 200, p.do("GET", "/users", "").status, "slots are given back")
}
