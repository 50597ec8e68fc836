package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/guard"
)

// numbers is a source of the numbers up to a bound that rises.
type numbers struct {
	upTo, asked atomic.Int64
	ends        bool
}

func (n *numbers) source(_ context.Context, after string) (list []Event, err error) {
	n.asked.Add(1)
	from, _ := strconv.ParseInt(after, 10, 64)
	for i := from + 1; i <= n.upTo.Load(); i++ {
		list = append(list, Event{ID: strconv.FormatInt(i, 10), Name: "lines", Data: fmt.Sprintf("<b>%d\n", i)})
	}
	if n.ends {
		err = io.EOF
	}
	return list, err
}

// listen opens a stream of a trial; each line of it is one value.
func (b *browser) listen(path string, change ...func(*http.Request)) (lines *bufio.Scanner, hangUp func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.server.URL+path, nil)
	require.NoError(b, err)
	request.Header.Set("Accept", "text/event-stream")
	for _, one := range change {
		one(request)
	}
	answer, err := b.client.Do(request)
	require.NoError(b, err)
	require.Equal(b, "text/event-stream", answer.Header.Get("Content-Type"))
	assert.Equal(b, "no-cache, no-transform", answer.Header.Get("Cache-Control"))
	assert.Equal(b, "no", answer.Header.Get("X-Accel-Buffering"))
	b.Cleanup(func() { cancel(); _ = answer.Body.Close() })
	return bufio.NewScanner(answer.Body), cancel
}

// until reads a stream up to a line.
func until(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the stream ended before %q: %v", want, lines.Err())
}

func TestStream(t *testing.T) {
	r := start(t, Options{})
	var n numbers
	n.upTo.Store(2)
	r.site.Get("/numbers", access.Viewer, func(q *Request) error { return q.Stream(5*time.Millisecond, n.source) })
	b := r.browser().signIn(r.viewer)
	lines, hangUp := b.listen("/numbers")
	until(t, lines, "id: 1")
	until(t, lines, "event: lines")
	until(t, lines, `data: "\u003cb\u003e1\n"`)
	until(t, lines, "id: 2")
	n.upTo.Store(3)
	until(t, lines, "id: 3")
	hangUp()

	// It continues where it was cut.
	lines, _ = b.listen("/numbers?after=1", header("Last-Event-ID", "2"))
	require.True(t, lines.Scan())
	assert.Equal(t, "retry: 2000", lines.Text())
	until(t, lines, "")
	require.True(t, lines.Scan())
	assert.Equal(t, "id: 3", lines.Text())

	// Polling gives the same.
	b.get("/numbers?after=1").is(200)
	var polled struct {
		Events []Event
		End    bool
	}
	require.NoError(t, json.Unmarshal([]byte(b.body), &polled))
	assert.Equal(t, []Event{{"2", "lines", "<b>2\n"}, {"3", "lines", "<b>3\n"}}, polled.Events)
	assert.False(t, polled.End)
	b.get("/numbers?after=3").is(200, `{"end":false,"events":[]}`)

	// A service that stops ends it; the browser connects again.
	r.site.Stop()
	for lines.Scan() {
	}
	require.NoError(t, lines.Err())
}

func TestStreamEnds(t *testing.T) {
	r := start(t, Options{})
	n := numbers{ends: true}
	n.upTo.Store(1)
	r.site.Get("/numbers", access.Viewer, func(q *Request) error { return q.Stream(time.Hour, n.source) })
	b := r.browser().signIn(r.viewer)
	lines, _ := b.listen("/numbers")
	until(t, lines, "id: 1")
	until(t, lines, "event: end")
	for lines.Scan() {
	}
	require.NoError(t, lines.Err())
	b.get("/numbers").is(200, `"end":true`)
}

// TestStreamsOfTheRevoked end before the next sign of life.
func TestStreamsOfTheRevoked(t *testing.T) {
	r := start(t, Options{})
	r.site.Get("/numbers", access.Viewer, func(q *Request) error { return q.Stream(time.Hour, (&numbers{}).source) })
	lines, _ := r.browser().signIn(r.viewer).listen("/numbers")
	until(t, lines, "retry: 2000")
	found, err := r.accounts.Revoke(t.Context(), "lee", audit.Actor{Name: "kim"})
	require.NoError(t, err)
	require.True(t, found)
	for lines.Scan() && lines.Text() != "event: expired" {
		require.NotEqual(t, "event: ping", lines.Text())
	}
	require.NoError(t, lines.Err())
	assert.Equal(t, "event: expired", lines.Text())
}

// TestStreamsOfStrangers say that the session has ended; the script's requests get a status.
func TestStreamsOfStrangers(t *testing.T) {
	r := start(t, Options{Changes: (&numbers{}).source})
	lines, _ := r.browser().listen("/live")
	until(t, lines, "event: expired")
	for lines.Scan() {
	}
	require.NoError(t, lines.Err())
	r.browser().get("/live", header("X-Requested-With", "phscript")).is(401)
	r.browser().get("/hello", header("X-Requested-With", "phscript")).is(401)
}

// TestStreamOutlivesTheWriteTimeout of the server.
func TestStreamOutlivesTheWriteTimeout(t *testing.T) {
	proxies, err := guard.ParseProxies([]string{"127.0.0.1"})
	require.NoError(t, err)
	r := start(t, Options{Proxies: proxies, UserHeader: "X-User"})
	var n numbers
	r.site.Get("/numbers", access.Viewer, func(q *Request) error { return q.Stream(5*time.Millisecond, n.source) })
	server := httptest.NewUnstartedServer(r.site.Handler())
	server.Config.WriteTimeout = time.Second
	server.Start()
	defer server.Close()
	r.server = server
	lines, _ := r.browser().listen("/numbers", header("X-User", "lee"))
	began := time.Now()
	for i := int64(1); time.Since(began) < 2*time.Second; i++ {
		n.upTo.Store(i)
		until(t, lines, "id: "+strconv.FormatInt(i, 10))
		time.Sleep(100 * time.Millisecond)
	}
	r.site.Stop()
	for lines.Scan() {
	}
	require.NoError(t, lines.Err())
}
