package planhat

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outageOf answers with 503 for a while, and as created afterwards.
func outageOf(d time.Duration) http.RoundTripper {
	began := time.Now()
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp := plain(200, `{"created":0,"updated":10}`)
		if time.Since(began) < d {
			resp = plain(503, "down for maintenance")
		}
		resp.Request = r
		return resp, nil
	})
}

func TestAnImportOutlastsAnOutage(t *testing.T) {
	for _, tt := range []struct {
		away    time.Duration
		updated int
	}{{10 * time.Minute, 50}, {30 * time.Minute, 0}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			c, err := New(Config{APIToken: apiToken, HTTPClient: &http.Client{Transport: outageOf(tt.away)}})
			require.NoError(t, err)
			result, err := c.Company.BulkUpsert(t.Context(), companies(50), BulkOptions{ChunkRows: 10})
			assert.Equal(t, tt.updated, result.Updated)
			assert.Equal(t, tt.updated == 50, err == nil)
			assert.Less(t, time.Since(began), 16*time.Minute, "later requests don't wait as long again")
			assert.Len(t, result.Errors, 50-tt.updated)
		})
	}
}

func TestRetryForHoldsForSomeCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c, err := New(Config{APIToken: apiToken, HTTPClient: &http.Client{Transport: outageOf(time.Hour)}})
		require.NoError(t, err)
		_, err = c.Company.BulkUpsert(WithRetryFor(t.Context(), time.Minute), companies(1), BulkOptions{})
		require.Error(t, err)
		assert.LessOrEqual(t, time.Since(began), time.Minute)
		time.Sleep(10 * time.Minute)
		began = time.Now()
		_, err = c.Company.BulkUpsert(t.Context(), companies(1), BulkOptions{})
		require.Error(t, err)
		assert.Greater(t, time.Since(began), 10*time.Minute, "an outage of long ago says nothing about this one")
	})
}

func TestAHostThatNeverAnsweredIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := roundTrip(func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED })
		c, err := New(Config{APIToken: apiToken, HTTPClient: &http.Client{Transport: refused}})
		require.NoError(t, err)
		_, err = c.Company.GetByID(t.Context(), "1")
		assert.Equal(t, fewAttempts, in(t, err).Attempts)
	})
}

// The second of two requests fails for as long as the first one is repeated; it
// is sent once more at the end.
func TestRequestsThatFailedAreSentOnceMore(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n <= 5 {
			answerWith(w, 503, "")
			return
		}
		rows, _ := splitArray[Record]([]byte(q.body))
		answerWith(w, 200, fmt.Sprintf(`{"created":0,"nonupdates":%d}`, len(rows)))
	})
	tally := &Tally{}
	c := newClient(t, s, func(cfg *Config) { cfg.Observer = tally })
	result, err := c.Company.BulkUpsert(t.Context(), companies(4), BulkOptions{ChunkRows: 2})
	require.NoError(t, err)
	assert.Equal(t, []int{7, 5}, []int{tally.Snapshot().Calls, tally.Snapshot().Retries}, "7 calls for 2 requests")
	assert.Equal(t, []int{2, 2}, []int{result.Unchanged, result.UncertainOutcome}, "a lost answer leaves open what was stored")
	keyless := []Record{Record(`{"name":"a"}`), Record(`{"name":"b"}`)}
	s = newServer(t, always(503, ""))
	_, err = newClient(t, s).Company.BulkUpsert(t.Context(), keyless, BulkOptions{})
	assert.Error(t, err)
	assert.Len(t, s.requests(), 1, "what has no key is never repeated")
}
