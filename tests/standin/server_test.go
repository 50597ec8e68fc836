package standin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

// served starts a server whose handler answers with the body of the request.
func served(t *testing.T) (*standin.Server, *atomic.Int64, func(body string) (string, error)) {
	t.Helper()
	var handled atomic.Int64
	s := standin.New("test", standin.NewClock(start))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Serve(w, r, func(r *http.Request) string { return r.Header.Get("Account") }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handled.Add(1)
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.Copy(w, r.Body)
		}))
	}))
	t.Cleanup(web.Close)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no retries on reused connections
	return s, &handled, func(body string) (string, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/things?a=b", strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Account", "acme")
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		return fmt.Sprint(response.StatusCode, " ", string(text)), err
	}
}

func TestFaultsAtChosenRequests(t *testing.T) {
	s, handled, post := served(t)
	s.Faults.At(1, standin.Drop())
	s.Faults.At(2, standin.Lose())
	s.Faults.At(3, standin.Answer(503, "busy", "Retry-After", "7"))
	s.Faults.At(4, standin.Truncate(3))

	_, err := post("one")
	require.Error(t, err)
	assert.EqualValues(t, 0, handled.Load(), "a dropped request has no effect")
	_, err = post("two")
	require.Error(t, err)
	assert.EqualValues(t, 1, handled.Load(), "a request whose answer is lost has")
	answer, err := post("three")
	require.NoError(t, err)
	assert.Equal(t, "503 busy", answer)
	answer, err = post("four four")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, "202 fou", answer)
	answer, err = post("five")
	require.NoError(t, err)
	assert.Equal(t, "202 five", answer)

	var lines []string
	for _, r := range s.Log.Requests(nil) {
		lines = append(lines, fmt.Sprint(r.N, " ", r.Account, " ", r.Query.Get("a"), " ", string(r.Body), " ", r.Status, " ", r.Fault))
	}
	assert.Equal(t, []string{"1 acme b one 0 drop", "2 acme b two 202 lose", "3 acme b three 503 answer", "4 acme b four four 202 truncate", "5 acme b five 202 "}, lines)
}

func TestStalledBodyEndsWhenReleasedOrGivenUp(t *testing.T) {
	s, _, post := served(t)
	release := make(chan struct{})
	s.Faults.At(1, standin.Stall(release))
	s.After(func(*standin.Request) { close(release); s.ClearHooks() })
	answer, err := post("slow")
	require.NoError(t, err)
	assert.Equal(t, "202 slow", answer)

	s.Faults.At(2, standin.Stall(nil))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Serve(w, r, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("never whole")) }))
	}))
	defer web.Close() // returns only if the handler has
	ctx, giveUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, web.URL, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	first := make([]byte, 5)
	_, err = io.ReadFull(response.Body, first)
	require.NoError(t, err)
	giveUp()
	assert.Equal(t, "never", string(first))
}

func TestSeededFaultsRepeat(t *testing.T) {
	failed := func(seed uint64) (pattern string) {
		s, _, post := served(t)
		s.Faults.Seeded(seed, 0.3, standin.Answer(500, ""), standin.Answer(502, ""))
		for range 40 {
			_, err := post("x")
			require.NoError(t, err)
		}
		for _, r := range s.Log.Requests(nil) {
			pattern += fmt.Sprint(r.Status, " ")
		}
		return pattern
	}
	assert.Equal(t, failed(7), failed(7))
	assert.NotEqual(t, failed(7), failed(8))
	assert.Contains(t, failed(7), "502")
	assert.Contains(t, failed(7), "202")
}

func TestHooksRunWhileTheClientWaits(t *testing.T) {
	s, handled, post := served(t)
	var seen []string
	s.Before(func(r *standin.Request) { seen = append(seen, fmt.Sprint("before ", r.N, " ", handled.Load())) })
	s.After(func(r *standin.Request) { seen = append(seen, fmt.Sprint("after ", r.Status, " ", handled.Load())) })
	_, err := post("x")
	require.NoError(t, err)
	assert.Equal(t, []string{"before 1 0", "after 202 1"}, seen)
}

func TestBusiestCountsAnyInterval(t *testing.T) {
	s, _, post := served(t)
	for _, at := range []time.Duration{0, 600, 900, 1000, 1599, 2600} { // milliseconds
		s.Clock.Set(start.Add(at * time.Millisecond))
		_, err := post("x")
		require.NoError(t, err)
	}
	assert.Equal(t, 4, s.Log.Busiest(time.Second, nil), "600 to 1599")
	assert.Equal(t, 0, s.Log.Busiest(time.Second, standin.Is("GET", "")))
}
