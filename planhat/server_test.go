package planhat

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	apiToken    = "api-token-0123456789"
	tenantToken = "11111111-2222-3333-4444-555555555555"
)

// request is one request as a test server saw it.
type request struct {
	method, path, query, body string
	header                    http.Header
}

// server is a loopback server that answers requests in turn and remembers
// them. Both hosts of the API are the same server behind different base paths,
// so that slips with absolute paths fail.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

// newServer starts a server with the handler behind /base. The handler is
// given the number of the request, counted from 1.
func newServer(t *testing.T, handle func(w http.ResponseWriter, q request, n int)) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.StripPrefix("/base", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		q := request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header}
		s.mu.Lock()
		s.seen = append(s.seen, q)
		n := len(s.seen)
		s.mu.Unlock()
		handle(w, q, n)
	})))
	t.Cleanup(s.Close)
	return s
}

// fast is a policy whose pauses don't slow tests down.
var fast = RetryPolicy{InitialInterval: time.Millisecond, MaxInterval: 2 * time.Millisecond, Jitter: -1, MaxAttempts: 5, MaxPauses: 10}

// newClient returns a client of the server without limits.
func newClient(t *testing.T, s *server, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		APIToken: apiToken, TenantToken: tenantToken,
		BaseURL: s.URL + "/base", AnalyticsURL: s.URL + "/base/",
		Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1}),
		Retry:   fast,
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// always answers every request in the same way.
func always(status int, body string) func(http.ResponseWriter, request, int) {
	return func(w http.ResponseWriter, _ request, _ int) { answerWith(w, status, body) }
}

func answerWith(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// cut breaks the connection off without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// in returns the *Error in err.
func in(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	return e
}
