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
