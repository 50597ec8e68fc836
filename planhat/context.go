package planhat

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// errStopped is the cause of calls that were not started because of
// WithStopping.
var errStopped = errors.New("stopped before the request was sent")

type stopKey struct{}

// WithStopping returns a context under which no new request starts once stop
// is closed: calls then fail with KindCancelled, also while they wait for
// quota or for a retry. A request that is under way is not cut off, so that
// its outcome is known.
func WithStopping(ctx context.Context, stop <-chan struct{}) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

func stopSignal(ctx context.Context) <-chan struct{} {
	stop, _ := ctx.Value(stopKey{}).(<-chan struct{})
	return stop
}

// stopped returns why no request may start under ctx, or nil. A stop comes first: who
// stops calls ends their context once none is under way.
func stopped(ctx context.Context) error {
	select {
	case <-stopSignal(ctx):
		return errStopped
	default:
		return context.Cause(ctx)
	}
}

// sleep waits for d, or less if ctx ends or is stopped.
func sleep(ctx context.Context, d time.Duration) error {
	if err := stopped(ctx); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	if pause := PauseOf(ctx); pause != nil {
		return pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	case <-stopSignal(ctx):
	}
	return stopped(ctx)
}

// PauseFunc waits for d, or less if ctx ends.
type PauseFunc func(ctx context.Context, d time.Duration) error

type pauseKey struct{}

// WithPause returns a context under which pauses are made by pause: those
// before a retry and those for the quota. Tests keep a clock of their own with
// it, so that nobody has to wait.
func WithPause(ctx context.Context, pause PauseFunc) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// PauseOf returns what makes the pauses under ctx, or nil if WithPause set
// nothing.
func PauseOf(ctx context.Context) PauseFunc {
	pause, _ := ctx.Value(pauseKey{}).(PauseFunc)
	return pause
}

type (
	timeoutKey  struct{}
	headerKey   struct{}
	responseKey struct{}
)

// WithRequestTimeout returns a context under which each attempt may take d, in
// place of Config.RequestTimeout.
func WithRequestTimeout(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, timeoutKey{}, d)
}

// attemptTimeout returns how long an attempt may take under ctx.
func (c *Client) attemptTimeout(ctx context.Context) time.Duration {
	if d, ok := ctx.Value(timeoutKey{}).(time.Duration); ok && d > 0 {
		return d
	}
	return c.timeout
}

// WithHeader returns a context under which every request carries the given
// headers as well, such as a trace id. They do not replace the client's own:
// Accept, Authorization, Content-Type and User-Agent.
func WithHeader(ctx context.Context, header http.Header) context.Context {
	return context.WithValue(ctx, headerKey{}, header.Clone())
}

// Response is what is known about the answer to a request.
type Response struct {
	// Status is the HTTP status, 0 if no answer came, and Header the answer's
	// headers without tokens.
	Status int
	Header http.Header
	// Attempts counts the requests of the call so far.
	Attempts int
	// Duration is the last request's own time, QuotaWait the time that it waited
	// for quota before.
	Duration, QuotaWait time.Duration
}

// responses takes answers from several goroutines.
type responses struct {
	mu   sync.Mutex
	into *Response
}

// WithResponse returns a context under which each answer is kept in response.
// After a call it has the last one: of a list, the last page that was read. Read it
// when the call has ended.
func WithResponse(ctx context.Context, response *Response) context.Context {
	return context.WithValue(ctx, responseKey{}, &responses{into: response})
}

// keepResponse hands an attempt's answer to WithResponse.
func (c *Client) keepResponse(ctx context.Context, a *answer, seen sighting, number int) {
	r, ok := ctx.Value(responseKey{}).(*responses)
	if !ok || r.into == nil || !seen.started {
		return
	}
	response := Response{Status: seen.status, Attempts: number, Duration: seen.took, QuotaWait: seen.waited}
	if a != nil {
		response.Header = c.redact.header(a.header)
	}
	r.keep(response)
}

func (r *responses) keep(response Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.into = response
}

type inFlightKey struct{}

// WithInFlight returns a context under which InFlight counts writes.
func WithInFlight(ctx context.Context) context.Context {
	return context.WithValue(ctx, inFlightKey{}, new(atomic.Int64))
}

// InFlight returns how many requests that write are under way under ctx or a
// context made from it: sent, and not answered to the end. It is 0 if ctx does
// not come from WithInFlight. Together with WithStopping it tells a caller when
// nothing is left to wait for: a read can be cut off, but the outcome of a write
// would stay unknown.
func InFlight(ctx context.Context) int {
	if n, ok := ctx.Value(inFlightKey{}).(*atomic.Int64); ok {
		return int(n.Load())
	}
	return 0
}

// enter counts a call if it writes, until the returned function is called.
func enter(ctx context.Context, q *call) (leave func()) {
	n, ok := ctx.Value(inFlightKey{}).(*atomic.Int64)
	if !ok || q.rows == 0 {
		return func() {}
	}
	n.Add(1)
	return func() { n.Add(-1) }
}
