package planhat

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watcher notes how far operations are.
type watcher struct {
	Tally
	mu    sync.Mutex
	notes []string
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

func (w *watcher) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.notes, "; ")
}

func (w *watcher) Begun(work Work) WorkObserver {
	w.note("%s.%s of %d, limited %v", work.Model, work.Operation, work.Rows, work.Limiter != nil)
	return (*watched)(w)
}

func (w *watcher) Waiting(wait Wait) func() {
	w.note("%s %s", wait.Reason, wait.For.Round(time.Second/10))
	return func() { w.note("over") }
}

type watched watcher

func (w *watched) Progress(p BulkProgress) {
	(*watcher)(w).note("%d/%d in %d/%d", p.Rows, p.TotalRows, p.Chunks, p.TotalChunks)
}

func (w *watched) Ended() { (*watcher)(w).note("ended") }

// told makes a client that a watcher watches, with so many calls a minute, in simulated time.
func told(t *testing.T, perMinute int, answer func(n int) *http.Response) (*Client, *watcher) {
	t.Helper()
	n, w := 0, &watcher{}
	c, err := New(Config{
		APIToken: apiToken, TenantToken: tenantToken, Observer: w, Retry: RetryPolicy{Jitter: -1},
		Limiter: NewLimiter(LimiterConfig{CallsPerMinute: perMinute}), HTTPClient: scripted(answer).client(&n),
	})
	require.NoError(t, err)
	return c, w
}

func TestProgressOfABulkCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := told(t, -1, func(n int) *http.Response {
			return plain(200, fmt.Sprintf(`{"created":%d,"updated":0,"createdErrors":[],"updatedErrors":[]}`, 3-n))
		})
		rows := []Record{Record(`{"name":"A","externalId":"a"}`), Record(`{"name":"B","externalId":"b"}`), Record(`{"name":"C","externalId":"c"}`)}
		_, _ = c.Company.BulkUpsert(t.Context(), rows, BulkOptions{ChunkRows: 2})
		assert.Equal(t, "company.bulk_upsert of 3, limited true; 2/3 in 1/2; 3/3 in 2/2; ended", w.all())
	})
}

func TestProgressOfLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := `[{"_id":"65920080b97f4a7a33001381"},{"_id":"65920080b97f4a7a33001382"}]`
		c, w := told(t, -1, func(int) *http.Response { return plain(200, page) })
		_, err := c.Company.GetList(t.Context(), ListOptions{Limit: 2})
		require.NoError(t, err)
		assert.Equal(t, "company.get_list of 2, limited true; 2/0 in 1/0; ended", w.all())

		w.notes = nil
		for _, err := range c.Company.Each(t.Context(), ListOptions{Limit: 2}) {
			require.NoError(t, err)
			break // who stops reading has ended the list as well
		}
		assert.Equal(t, "company.get_list of 2, limited true; 2/0 in 1/0; ended", w.all())

		c, w = told(t, -1, func(int) *http.Response { return plain(403, `{"message":"no"}`) })
		_, err = c.Company.GetList(t.Context(), ListOptions{})
		require.Error(t, err)
		assert.Equal(t, "company.get_list of 0, limited true; 0/0 in 1/0; ended", w.all())
	})
}

func TestWaitsAreToldWhileTheyLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := told(t, 2, func(n int) *http.Response {
			if n == 4 {
				return plain(503, "")
			}
			return plain(200, `{"_id":"1"}`)
		})
		for range 4 {
			_, err := c.Company.GetByID(t.Context(), "1")
			require.NoError(t, err)
		}
		// Calls are 60 seconds apart; the fourth fails, and is repeated when the quota has room.
		assert.Regexp(t, `^quota 1m0.2s; over; quota (59|1m).*s; over$`, w.all())
	})
	synctest.Test(t, func(t *testing.T) {
		c, w := told(t, -1, func(n int) *http.Response {
			if n == 1 {
				return plain(429, "", "Retry-After", "7")
			}
			return plain(200, `{"_id":"1"}`)
		})
		_, err := c.Company.GetByID(t.Context(), "1")
		require.NoError(t, err)
		assert.Regexp(t, `^pause 7(\.\d)?s; over$`, w.all())
	})
}

// When calls can start is what the window itself then does.
func TestUseForeseesStarts(t *testing.T) {
	for _, calls := range []int{1, 5, 6, 12, 50} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLimiter(LimiterConfig{CallsPerMinute: 5})
			start := func() {
				release, err := l.Acquire(t.Context())
				require.NoError(t, err)
				release()
			}
			for range 3 {
				start()
				time.Sleep(4 * time.Second)
			}
			use, err := l.Use(t.Context(), calls)
			require.NoError(t, err)
			assert.Equal(t, 5, use.Limit)
			assert.Equal(t, 3, use.Own)
			assert.Zero(t, use.Others)
			began := time.Now()
			for range calls {
				start()
			}
			assert.InDelta(t, time.Since(began).Seconds(), use.After.Seconds(), 0.5, "%d calls", calls)
		})
	}
	use, err := NewLimiter(LimiterConfig{CallsPerMinute: -1}).Use(t.Context(), 1000)
	require.NoError(t, err)
	assert.Zero(t, use.After)
}
