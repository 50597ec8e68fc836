package planhat

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// outage tells since when a host has not answered, for all calls to it.
type outage struct {
	mu       sync.Mutex
	answered bool
	// since is when the first call failed after the last answer, last when the
	// last one did.
	since, last time.Time
}

// forgotten is how long after its last failure an outage says nothing about the
// next: nobody has asked meanwhile.
const forgotten = 2 * time.Minute

// note takes the status of an attempt, 0 for none, and returns when the failures
// began that it belongs to.
func (o *outage) note(status int) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.answered = o.answered || status != 0
	if status != 0 && status < http.StatusInternalServerError {
		o.since = time.Time{}
		return now
	}
	if o.since.IsZero() || now.Sub(o.last) > forgotten {
		o.since = now
	}
	o.last = now
	return o.since
}

// never reports whether the host has not answered at all yet.
func (o *outage) never() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.answered
}

type retryForKey struct{}

// WithRetryFor returns a context under which failed calls are repeated for d in
// place of RetryPolicy.MaxElapsed.
func WithRetryFor(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, retryForKey{}, d)
}

// policy returns the client's policy as it holds under ctx.
func (c *Client) policy(ctx context.Context) RetryPolicy {
	p := c.retry
	if d, ok := ctx.Value(retryForKey{}).(time.Duration); ok {
		p.MaxElapsed = d
	}
	return p
}
