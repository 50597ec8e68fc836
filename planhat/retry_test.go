package planhat

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is an Observer that keeps everything.
type recorder struct {
	mu       sync.Mutex
	attempts []Attempt
	outcomes []Outcome
}

func (r *recorder) Attempt(a Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts = append(r.attempts, a)
}

func (r *recorder) Outcome(o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, o)
}

func TestReadsAreRepeated(t *testing.T) {
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"_id":`)
	}
	for _, tt := range []struct {
		name   string
		fail   func(http.ResponseWriter)
		reason string
	}{
		{"502", func(w http.ResponseWriter) { answerWith(w, 502, "") }, "502 Bad Gateway"},
		{"500", func(w http.ResponseWriter) { answerWith(w, 500, `{"error":"x"}`) }, "500"},
		{"reset", cut, "the connection"},
		{"truncated", half, "closed before the response was complete"},
		{"truncated without a length", func(w http.ResponseWriter) { answerWith(w, 200, `{"_id":"1","na`) }, "the response is incomplete"},
		{"HTML", func(w http.ResponseWriter) {
			answerWith(w, 200, "<!DOCTYPE html><html><title>Wait</title></html>")
		}, `an HTML page titled "Wait"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
				if n < 3 {
					tt.fail(w)
					return
				}
				answerWith(w, 200, `{"_id":"1"}`)
			})
			o := new(recorder)
			got, err := newClient(t, s, func(c *Config) { c.Observer = o }).Company.GetByID(t.Context(), "1")
			require.NoError(t, err)
			assert.Equal(t, `{"_id":"1"}`, string(got))
			require.Len(t, o.attempts, 3)
			assert.Contains(t, o.attempts[0].RetryReason, tt.reason)
			assert.Error(t, o.attempts[0].Err)
			assert.Empty(t, o.attempts[2].RetryReason)
			assert.Equal(t, 3, o.attempts[2].Number)
			assert.Equal(t, []Outcome{{Model: "company", Operation: "get_by_id", Read: 1}}, o.outcomes)
		})
	}
}

func TestFailuresThatStay(t *testing.T) {
	for _, tt := range []struct {
		status   int
		body     string
		kind     Kind
		attempts int
		message  string
	}{
		{400, `{"message":"name is missing"}`, KindValidation, 1, "name is missing"},
		{400, `{"errors":[{"detail":"bad  date"}]}`, KindValidation, 1, "bad date"},
		{401, `Unauthorized`, KindAuth, 1, "Unauthorized"},
		{403, ``, KindPermission, 1, "Planhat answered 403 Forbidden"},
		{404, `{}`, KindNotFound, 1, `there is no company with the id "1"`},
		{404, `{"message":"Company \"1\" was not found. An _id has 24 digits."}`, KindNotFound, 1, `there is no company with the id "1": An _id has 24 digits.`},
		{409, `{"error":{"message":"in use"}}`, KindValidation, 1, "in use"},
		{500, `<html><body><h1>Oops &amp; sorry</h1></body></html>`, KindServer, 5, `an HTML page titled "Oops & sorry"`},
		{501, ``, KindServer, 1, "501"},
		{503, ``, KindServer, 5, "503"},
		{302, ``, KindConfig, 1, "URL redirects"},
	} {
		t.Run(fmt.Sprint(tt.status, tt.message), func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, _ request, _ int) {
				w.Header().Set("Location", "http://127.0.0.1:1/stolen")
				w.Header().Set("X-Trace", "abc")
				answerWith(w, tt.status, tt.body)
			})
			_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
			e := in(t, err)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, tt.status, e.Status)
			assert.Equal(t, tt.attempts, e.Attempts)
			assert.Contains(t, e.Message, tt.message)
			assert.Equal(t, tt.body, string(e.Body))
			assert.Equal(t, "abc", e.Header.Get("X-Trace"))
			assert.Len(t, s.requests(), tt.attempts)
			assert.NotContains(t, e.Error(), "\n")
			assert.Contains(t, e.Error(), "GET /companies/1")
		})
	}
}

func TestAMissingRecordIsToldOnce(t *testing.T) {
	for _, body := range []string{``, `{}`, `{"error":"Not found"}`, `Not Found.`} {
		_, err := newClient(t, newServer(t, always(404, body))).Company.Delete(t.Context(), "1")
		assert.Equal(t, `there is no company with the id "1"`, in(t, err).Message, body)
	}
	_, err := newClient(t, newServer(t, always(404, `{"message":"use extid-"}`))).Company.Delete(t.Context(), "1")
	assert.Equal(t, `there is no company with the id "1": use extid-`, in(t, err).Message)
	_, err = newClient(t, newServer(t, always(404, "<html><title>Proxy</title></html>"))).Company.GetByID(t.Context(), "1")
	assert.ErrorContains(t, err, `with the id "1": Planhat answered 404 Not Found with an HTML page titled "Proxy"`)
}

func TestErrorBodiesAreBounded(t *testing.T) {
	s := newServer(t, always(400, strings.Repeat("x", 1<<20)))
	_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
	e := in(t, err)
	assert.Len(t, e.Body, maxErrorBody)
	assert.Less(t, len(e.Error()), 500)
}

func TestGzippedAnswersAndTheirTruncation(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(`[{"_id":"1","name":"` + strings.Repeat("abc", 1000) + `"}]`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		w.Header().Set("Content-Encoding", "gzip")
		body := packed.Bytes()
		if n == 1 {
			body = body[:len(body)-12]
		}
		_, _ = w.Write(body)
	})
	list, err := newClient(t, s).Company.GetList(t.Context(), ListOptions{})
	require.NoError(t, err)
	assert.Len(t, list, 1)
	assert.Len(t, s.requests(), 2)
}

func TestRefusedConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	o := new(recorder)
	c, err := New(Config{APIToken: apiToken, BaseURL: "http://" + l.Addr().String(), Retry: fast, Observer: o})
	require.NoError(t, err)
	_, err = c.Company.Create(t.Context(), Record(`{"name":"a"}`))
	e := in(t, err)
	assert.Equal(t, KindNetwork, e.Kind)
	assert.Equal(t, 5, e.Attempts, "nothing was sent, so even a create is tried again")
	assert.False(t, e.Uncertain)
	assert.True(t, e.Retryable)
	assert.Contains(t, e.Message, "refused the connection")
}

func TestRequestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, _ request, _ int) { <-release })
	defer close(release)
	c := newClient(t, s, func(c *Config) { c.RequestTimeout = 20 * time.Millisecond; c.Retry.MaxAttempts = 2 })
	_, err := c.Company.GetByID(t.Context(), "1")
	e := in(t, err)
	assert.Equal(t, KindTimeout, e.Kind)
	assert.Equal(t, 2, e.Attempts)
	assert.Contains(t, e.Message, "no response within 20ms")
}

func TestTheCallersContextEndsTheCall(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, _ request, _ int) { <-release })
	defer close(release)
	c := newClient(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.Company.Update(ctx, "1", Record(`{}`))
	e := in(t, err)
	assert.Equal(t, KindTimeout, e.Kind)
	assert.True(t, e.Uncertain)

	why, cancelWhy := context.WithCancelCause(t.Context())
	cancelWhy(errors.New("the script was replaced"))
	_, err = c.Company.GetByID(why, "1")
	e = in(t, err)
	assert.Equal(t, KindCancelled, e.Kind)
	assert.Contains(t, e.Message, "the script was replaced")
	assert.Zero(t, e.Attempts)
}

func TestRetryAfterAndResetHeaders(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, value string
		read        func(http.Header, time.Time) (time.Duration, bool)
		want        time.Duration
		ok          bool
	}{
		{"Retry-After", "7", retryAfter, 7 * time.Second, true},
		{"Retry-After", "Sun, 01 Mar 2026 12:00:30 GMT", retryAfter, 30 * time.Second, true},
		{"Retry-After", "Sun, 01 Mar 2026 11:00:30 GMT", retryAfter, 0, true},
		{"Retry-After", "soon", retryAfter, 0, false},
		{"Retry-After", "-1", retryAfter, 0, false},
		{"X-Rate-Limit-Reset", "12", quotaReset, 12 * time.Second, true},
		{"x-ratelimit-reset", "0.5", quotaReset, 500 * time.Millisecond, true},
		{"x-ratelimit-reset", fmt.Sprint(now.Add(40 * time.Second).Unix()), quotaReset, 40 * time.Second, true},
		{"x-ratelimit-reset", fmt.Sprint(now.Add(40 * time.Second).UnixMilli()), quotaReset, 40 * time.Second, true},
		{"x-ratelimit-reset", "Sun, 01 Mar 2026 12:00:09 GMT", quotaReset, 9 * time.Second, true},
		{"x-other", "1", quotaReset, 0, false},
		{"Retry-After", "31536000", retryAfter, 365 * 24 * time.Hour, true},
		{"Retry-After", "1e300", retryAfter, longestPause * time.Second, true},
		{"Retry-After", "NaN", retryAfter, 0, false},
		{"x-ratelimit-reset", "NaN", quotaReset, 0, false},
		{"x-ratelimit-reset", "Inf", quotaReset, 0, false},
	} {
		h := http.Header{}
		h.Set(tt.name, tt.value)
		got, ok := tt.read(h, now)
		assert.Equal(t, tt.ok, ok, tt)
		assert.Equal(t, tt.want, got, tt)
	}

	ahead := http.Header{"Date": {"Sun, 01 Mar 2026 15:00:00 GMT"}, "Retry-After": {"Sun, 01 Mar 2026 15:00:20 GMT"}}
	ahead.Set("X-Rate-Limit-Reset", fmt.Sprint(now.Add(3*time.Hour+50*time.Second).Unix()))
	got, ok := retryAfter(ahead, now)
	assert.True(t, ok)
	assert.Equal(t, 20*time.Second, got, "the server's clock counts")
	got, ok = quotaReset(ahead, now)
	assert.True(t, ok)
	assert.Equal(t, 50*time.Second, got)
}

// scripted answers requests without a network, so that time can be faked.
type scripted func(n int) *http.Response

func (f scripted) client(n *int) *http.Client {
	var mu sync.Mutex
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		*n++
		resp := f(*n)
		resp.Request = r
		return resp, nil
	})}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func plain(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func TestTooManyRequestsPausesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		l := NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1})
		c, err := New(Config{APIToken: apiToken, Limiter: l, HTTPClient: scripted(func(n int) *http.Response {
			if n == 1 {
				return plain(429, "", "Retry-After", "30")
			}
			return plain(200, `{"_id":"1"}`)
		}).client(&n)})
		require.NoError(t, err)
		began := time.Now()
		var group sync.WaitGroup
		group.Go(func() {
			_, err := c.Company.GetByID(t.Context(), "1")
			assert.NoError(t, err)
			assert.Equal(t, 30*time.Second, time.Since(began))
		})
		synctest.Wait()
		_, err = c.User.GetByID(t.Context(), "2")
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, time.Since(began))
		group.Wait()
		assert.Equal(t, 3, n)
	})
}

func TestTooManyRequestsWithoutAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, err := New(Config{APIToken: apiToken, Retry: RetryPolicy{Jitter: -1, MaxPauses: 10}, HTTPClient: scripted(func(int) *http.Response {
			return plain(429, "slow down")
		}).client(&n)})
		require.NoError(t, err)
		began := time.Now()
		_, err = c.Company.Create(t.Context(), Record(`{"name":"a"}`))
		e := in(t, err)
		assert.Equal(t, KindRateLimited, e.Kind)
		assert.Equal(t, 11, e.Attempts, "a create that was refused was not carried out")
		assert.False(t, e.Uncertain)
		// 2+4+8+16+32 and then a minute each time
		assert.InDelta(t, (62*time.Second + 5*time.Minute).Seconds(), time.Since(began).Seconds(), 1)
	})
}

func TestAQuotaThatIsUsedUpPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, err := New(Config{APIToken: apiToken, HTTPClient: scripted(func(n int) *http.Response {
			if n == 1 {
				return plain(200, `{"_id":"1"}`, "x-ratelimit-remaining", "0", "x-ratelimit-reset", "20")
			}
			return plain(200, `{"_id":"1"}`, "X-Rate-Limit-Remaining", "5")
		}).client(&n)})
		require.NoError(t, err)
		began := time.Now()
		for range 3 {
			_, err := c.Company.GetByID(t.Context(), "1")
			require.NoError(t, err)
		}
		assert.InDelta(t, 20, time.Since(began).Seconds(), 0.1)
	})
}

func TestMaxElapsedBoundsTheRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, err := New(Config{APIToken: apiToken, Retry: RetryPolicy{MaxElapsed: 10 * time.Second, MaxAttempts: 100}, HTTPClient: scripted(func(int) *http.Response {
			return plain(503, "", "Retry-After", "4")
		}).client(&n)})
		require.NoError(t, err)
		began := time.Now()
		_, err = c.Company.GetByID(t.Context(), "1")
		e := in(t, err)
		assert.Equal(t, 3, e.Attempts)
		assert.Equal(t, 4*time.Second, e.RetryAfter)
		assert.Less(t, time.Since(began), 10*time.Second)
	})
}

func TestAnalyticsCallsSpendNoQuota(t *testing.T) {
	s := newServer(t, always(200, ``))
	l := NewLimiter(LimiterConfig{CallsPerMinute: 1})
	c := newClient(t, s, func(c *Config) { c.Limiter = l })
	for range 5 {
		_, err := c.UserActivity.CreateActivity(t.Context(), Record(`{"email":"a@b.c","action":"x"}`))
		require.NoError(t, err)
	}
	state, err := l.State(t.Context())
	require.NoError(t, err)
	assert.Zero(t, state.Used)
}

func TestQuotaUsed(t *testing.T) {
	for _, tt := range []struct {
		limit, remaining string
		used             int
		ok               bool
	}{{"200", "150", 50, true}, {"200", "0", 200, true}, {"200", "200", 0, true}, {"200", "", 0, false}, {"", "150", 0, false}, {"200", "201", 0, false}, {"200", "-1", 0, false}, {"many", "1", 0, false}} {
		for _, name := range []string{"X-Rate-Limit-", "X-RateLimit-"} {
			h := http.Header{}
			h.Set(name+"Limit", tt.limit)
			h.Set(name+"Remaining", tt.remaining)
			used, ok := quotaUsed(h)
			assert.Equal(t, tt.ok, ok, "%+v", tt)
			if ok {
				assert.Equal(t, tt.used, used, "%+v", tt)
			}
		}
	}
}
