package planhat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/planhat/catalog"
)

// maxBulkError is what is read of a bulk answer with an error status.
const maxBulkError = 64 << 20

// errAttemptTimeout is the cause of an attempt's own deadline.
var errAttemptTimeout = errors.New("planhat: no response in time")

// errHTML is the cause of an error about a page in place of an answer.
var errHTML = errors.New("planhat: the answer is an HTML page")

// failure is why an attempt did not succeed.
type failure struct {
	err *Error
	// sent is false if the request surely did not reach Planhat.
	sent bool
	// final is true if the caller's context ended the attempt.
	final bool
}

// sighting is what is known about an attempt whatever its outcome.
type sighting struct {
	started      bool
	status       int
	waited, took time.Duration
}

// attempt waits for quota, sends the call once and reads the answer.
func (c *Client) attempt(ctx context.Context, q *call) (*answer, sighting, *failure) {
	var seen sighting
	began := time.Now()
	release, err := c.admit(ctx, q)
	seen.waited = time.Since(began)
	if err != nil {
		e := endedError(ctx, err)
		if e.Kind == KindTimeout || (e.Kind == KindCancelled && !errors.Is(err, errStopped)) {
			e.Message += " while waiting for quota"
		}
		return nil, seen, &failure{err: e, final: true}
	}
	defer release()
	defer enter(ctx, q)()
	if err := q.begin(ctx); err != nil {
		return nil, seen, &failure{err: endedError(ctx, err), final: true}
	}
	seen.started = true
	began = time.Now()
	a, f := c.exchange(ctx, q)
	seen.took = time.Since(began)
	if a != nil {
		seen.status = a.status
	}
	return a, seen, f
}

// admit waits until the call may start. Analytics calls spend no quota.
func (c *Client) admit(ctx context.Context, q *call) (func(), error) {
	if q.op.Base == catalog.Analytics {
		return func() {}, stopped(ctx)
	}
	told, end := c.telling(ctx)
	defer end()
	return c.limiter.Acquire(told)
}

// readBody reads an answer's body, of at most limit bytes. It takes the size of the
// last answer to the same operation as a guess at this one's: growing a buffer to the
// size of a page takes longer than reading the page.
func (c *Client) readBody(q *call, resp *http.Response, limit int64) ([]byte, error) {
	guess := resp.ContentLength
	if guess < 0 {
		last, _ := c.sizes.Load(q.op)
		guess, _ = last.(int64)
		guess += guess / 16
	}
	body := bytes.NewBuffer(make([]byte, 0, min(guess, limit, mostGuessed)+bytes.MinRead))
	n, err := body.ReadFrom(io.LimitReader(resp.Body, limit))
	if resp.StatusCode/100 == 2 {
		c.sizes.Store(q.op, n)
	}
	return body.Bytes(), err
}

// mostGuessed is how much is allocated for an answer of which nothing has come yet.
const mostGuessed = 16 << 20

func (c *Client) exchange(ctx context.Context, q *call) (*answer, *failure) {
	var sent atomic.Bool
	limited, cancel := context.WithTimeoutCause(ctx, c.attemptTimeout(ctx), errAttemptTimeout)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := c.newRequest(traced, q)
	if err != nil {
		return nil, &failure{err: &Error{Kind: KindConfig, Message: "the request can't be built: " + err.Error()}, final: true}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.noAnswer(ctx, limited, err, sent.Load())
	}
	defer func() { _ = resp.Body.Close() }()

	c.checkClock(ctx, resp.Header)
	a := &answer{status: resp.StatusCode, header: resp.Header}
	good := a.status/100 == 2
	limit := c.maxAnswer
	if !good {
		limit = maxErrorBody
		if q.bulk {
			limit = min(limit, maxBulkError)
		}
	}
	body, readErr := c.readBody(q, resp, limit+1)
	tooLong := int64(len(body)) > limit
	if tooLong {
		body = body[:limit]
		if !good {
			body = []byte(c.redact.Beginning(string(body)))
		}
	}
	a.body = body
	c.heedQuota(ctx, q, a)
	switch {
	case !good && (readErr == nil || !q.bulk):
		if q.bulk {
			a.body = repaired(body)
		}
		return a, &failure{err: statusError(a, c.redact), sent: true}
	case readErr != nil:
		// A bulk answer with an error status may list rows that were stored, so
		// half of one says as little as half of a good answer.
		f := c.noAnswer(ctx, limited, readErr, true)
		f.err.Status, f.err.Header = a.status, a.header
		return a, f
	case tooLong:
		return a, &failure{err: &Error{Kind: KindServer, Message: "the response is larger than " + humanize.IBytes(uint64(limit)), Status: a.status}, sent: true, final: true}
	}
	return a, c.understand(q, a)
}

// understand reads a whole answer. It returns nil if the call succeeded.
func (c *Client) understand(q *call, a *answer) *failure {
	switch {
	case a.status/100 != 2:
		return &failure{err: statusError(a, c.redact), sent: true}
	case looksLikeHTML(a.body):
		return &failure{err: decodeError(a, errHTML, c.redact), sent: true}
	case q.decode == nil:
		return nil
	}
	err := q.decode(a.body)
	if err != nil {
		a.body = repaired(a.body)
		err = q.decode(a.body)
	}
	if err != nil {
		return &failure{err: decodeError(a, err, c.redact), sent: true}
	}
	return nil
}

func (c *Client) newRequest(ctx context.Context, q *call) (*http.Request, error) {
	host := c.host(q)
	address := host.Scheme + "://" + host.Host + strings.TrimRight(host.EscapedPath(), "/") + c.path(q, url.PathEscape(c.tenantToken))
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, q.op.Method, address, http.NoBody)
	if err != nil {
		return nil, errors.New("the address is not valid")
	}
	if len(q.body) > 0 {
		req.ContentLength = int64(len(q.body))
		req.GetBody = func() (io.ReadCloser, error) { return newBodyReader(q.body, q.reading), nil }
		req.Body, _ = req.GetBody()
	}
	if more, ok := ctx.Value(headerKey{}).(http.Header); ok {
		maps.Copy(req.Header, more)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case q.op.Base == catalog.Main && c.basicAuth:
		req.SetBasicAuth(c.apiToken, "")
	case q.op.Base == catalog.Main:
		req.Header.Set("Authorization", "Bearer "+c.apiToken)
	case q.op.Auth != "":
		req.SetBasicAuth(c.tenantToken, "")
	}
	return req, nil
}

// heedQuota notes what the answer says about the quota, and pauses all its users if it is
// spent.
func (c *Client) heedQuota(ctx context.Context, q *call, a *answer) {
	if q.op.Base != catalog.Main {
		return
	}
	if used, ok := quotaUsed(a.header); ok {
		c.limiter.counted(ctx, used)
	}
	if a.status == http.StatusTooManyRequests {
		return
	}
	if remaining, ok := quotaRemaining(a.header); !ok || remaining > 0 {
		return
	}
	reset, ok := quotaReset(a.header, time.Now())
	if !ok || reset <= 0 {
		return
	}
	pause := min(reset, maxReset)
	c.log.InfoContext(ctx, "quota exhausted, pausing all calls", "pause", pause.Round(time.Millisecond))
	if err := c.limiter.Block(ctx, pause); err != nil {
		c.log.WarnContext(ctx, "could not share the quota pause", "error", c.redact.Text(err.Error()))
	}
}

// Waits for the quota that last at least noticeable are told, and again every
// reminder while they go on.
const (
	noticeable = 5 * time.Second
	reminder   = time.Minute
)

// waiting tells the log why calls wait for the quota: one line for all calls of a
// client that wait at a time.
type waiting struct {
	mu   sync.Mutex
	last time.Time
	// until is the end of the longest wait that was told.
	until time.Time
}

type tellKey struct{}

// listener is told what the limiter waits for, before and after each wait.
type listener struct {
	begins func(reason WaitReason, wait time.Duration)
	ended  func(reason WaitReason, took time.Duration)
}

// tell hands a wait to the caller of Acquire, if it wants to know.
func tell(ctx context.Context, reason WaitReason, wait time.Duration) {
	if l, ok := ctx.Value(tellKey{}).(listener); ok {
		l.begins(reason, wait)
	}
}

// noteWait hands a wait that has ended to the caller of Acquire.
func noteWait(ctx context.Context, reason WaitReason, began time.Time) {
	if l, ok := ctx.Value(tellKey{}).(listener); ok {
		l.ended(reason, time.Since(began))
	}
}

// waited tells the observer about a wait.
func (c *Client) waited(reason WaitReason, d time.Duration) {
	if o, ok := c.observer.(WaitObserver); ok && d > 0 {
		o.Waited(reason, d)
	}
}

// pause waits before something is tried again.
func (c *Client) pause(ctx context.Context, d time.Duration) error {
	began := time.Now()
	defer c.waiting(WaitRetry, d)()
	err := sleep(ctx, d)
	c.waited(WaitRetry, time.Since(began))
	return err
}

// telling returns a context under which waits are told until end is called.
func (c *Client) telling(ctx context.Context) (told context.Context, end func()) {
	over, waits := make(chan struct{}), func() {}
	tell := func(reason WaitReason, wait time.Duration) {
		waits = c.waiting(reason, wait)
		if wait < noticeable {
			return
		}
		until := time.Now().Add(wait)
		c.tellWait(ctx, reason, until)
		if wait < reminder || c.quiet {
			return
		}
		go func() {
			tick := time.NewTicker(reminder)
			defer tick.Stop()
			for {
				select {
				case <-over:
					return
				case <-tick.C:
					if time.Until(until) < noticeable {
						return
					}
					c.tellWait(ctx, reason, until)
				}
			}
		}()
	}
	ended := func(reason WaitReason, took time.Duration) {
		waits()
		waits = func() {}
		c.waited(reason, took)
	}
	return context.WithValue(ctx, tellKey{}, listener{tell, ended}), sync.OnceFunc(func() { close(over) })
}

// tellWait logs a wait, unless that was done a moment ago. A quiet client logs waits
// that follow one another only once.
func (c *Client) tellWait(ctx context.Context, reason WaitReason, until time.Time) {
	now := time.Now()
	c.wait.mu.Lock()
	known := now.Sub(c.wait.last) < reminder-time.Second && until.Before(c.wait.until.Add(noticeable))
	if c.quiet {
		known = now.Before(c.wait.until.Add(reminder))
		c.wait.until = latest(c.wait.until, until)
	}
	if !known {
		c.wait.last, c.wait.until = now, until
	}
	c.wait.mu.Unlock()
	if known {
		return
	}
	why := "the calls of this minute are used up"
	if reason == WaitPause {
		why = "Planhat asked for a pause (429)"
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "waiting for the quota",
		slog.String("reason", why), slog.String("until", until.Format(time.TimeOnly+" MST")),
		slog.Duration("for", until.Sub(now).Round(time.Second)))
}
