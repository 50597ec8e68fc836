package planhat

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockedBuffer is a log that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.String(), text)
}

func TestLongWaitsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(lockedBuffer)
		n := 0
		c, err := New(Config{
			APIToken: apiToken, Logger: slog.New(slog.NewTextHandler(log, nil)), Retry: RetryPolicy{Jitter: -1},
			Limiter: NewLimiter(LimiterConfig{CallsPerMinute: 5}),
			HTTPClient: scripted(func(n int) *http.Response {
				if n == 11 {
					return plain(429, "", "Retry-After", "200")
				}
				return plain(200, `{"_id":"1"}`)
			}).client(&n),
		})
		require.NoError(t, err)
		get := func(calls int) {
			var group sync.WaitGroup
			for range calls {
				group.Go(func() {
					_, err := c.Company.GetByID(t.Context(), "1")
					assert.NoError(t, err)
				})
			}
			group.Wait()
		}
		get(5)
		assert.Zero(t, log.count("waiting"))
		get(5)
		assert.Equal(t, 1, log.count("waiting for the quota"), "one line for five calls: %s", log)
		assert.Equal(t, 1, log.count("the calls of this minute are used up"))
		time.Sleep(2 * time.Minute)
		get(1)
		assert.Equal(t, 4, log.count("Planhat asked for a pause (429)"), "at once, and then each minute of 200 s: %s", log)
	})
}

// waits adds up what a client waited for.
type waits struct {
	Tally
	mu  sync.Mutex
	all map[WaitReason]time.Duration
}

func (w *waits) Waited(reason WaitReason, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[reason] += d
}

// TestWaitsAreCounted: what for and how long, also if the call is then not made. A
// quiet client says so once.
func TestWaitsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, seen := new(lockedBuffer), &waits{all: map[WaitReason]time.Duration{}}
		n := 0
		c, err := New(Config{
			APIToken: apiToken, Logger: slog.New(slog.NewTextHandler(log, nil)), Observer: seen, Quiet: true,
			Retry:   RetryPolicy{Jitter: -1, InitialInterval: 2 * time.Second},
			Limiter: NewLimiter(LimiterConfig{CallsPerMinute: 1}),
			HTTPClient: scripted(func(n int) *http.Response {
				switch n {
				case 2:
					return plain(429, "", "Retry-After", "200")
				case 4:
					return plain(503, "")
				}
				return plain(200, `{"_id":"1"}`)
			}).client(&n),
		})
		require.NoError(t, err)
		for range 4 {
			_, err := c.Company.GetByID(t.Context(), "1")
			require.NoError(t, err)
		}
		for reason, want := range map[WaitReason]time.Duration{WaitQuota: 4 * time.Minute, WaitPause: 200 * time.Second, WaitRetry: 2 * time.Second} {
			assert.InDelta(t, want, seen.all[reason], float64(3*time.Second), reason)
		}
		assert.Equal(t, 1, log.count("waiting for the quota"), log)
		assert.Equal(t, 2, log.count("request failed, retrying"), log)
		stop := make(chan struct{})
		time.AfterFunc(20*time.Second, func() { close(stop) })
		before := seen.all[WaitQuota]
		_, err = c.Company.GetByID(WithStopping(t.Context(), stop), "1")
		assert.Equal(t, KindCancelled, in(t, err).Kind)
		assert.Equal(t, 20*time.Second, seen.all[WaitQuota]-before)
	})
}
