package planhat

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RetryPolicy says how often and how patiently a failed request is repeated.
// Zero fields mean the defaults.
type RetryPolicy struct {
	// MaxAttempts bounds the requests of one call, the first one included, and
	// MaxPauses those that were answered with 429; 0 leaves it to MaxElapsed, and
	// a MaxAttempts of 1 means no retries. Failures that waiting hardly mends are
	// never tried more than 5 times: a 500, an answer that can't be read, and a
	// host that has never answered.
	MaxAttempts, MaxPauses int
	// MaxElapsed is how long Planhat may be away: the time from the first failure
	// since its last answer, for all calls of a client; default 15 minutes. No
	// retry is started that would have to wait beyond it. WithRetryFor sets it
	// for some calls.
	MaxElapsed time.Duration
	// InitialInterval is the first pause, which then grows by Multiplier up to
	// MaxInterval; defaults 500 ms, 2 and 10 s.
	InitialInterval, MaxInterval time.Duration
	Multiplier                   float64
	// Jitter spreads each pause by up to this share in both directions;
	// default 0.5, negative for none.
	Jitter float64
}

// fewAttempts bounds the attempts at what waiting hardly mends.
const fewAttempts = 5

// maxPause caps the pauses after 429 answers that name none.
const maxPause = 60 * time.Second

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxElapsed == 0 {
		p.MaxElapsed = 15 * time.Minute
	}
	if p.InitialInterval == 0 {
		p.InitialInterval = 500 * time.Millisecond
	}
	if p.MaxInterval == 0 {
		p.MaxInterval = 10 * time.Second
	}
	if p.Multiplier == 0 {
		p.Multiplier = 2
	}
	if p.Jitter == 0 {
		p.Jitter = 0.5
	}
	if p.Jitter < 0 {
		p.Jitter = 0
	}
	return p
}

// intervals returns the policy's growing pauses, from initial up to limit.
func (p RetryPolicy) intervals(initial, limit time.Duration) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = initial
	b.MaxInterval = limit
	b.Multiplier = p.Multiplier
	b.RandomizationFactor = p.Jitter
	b.Reset()
	return b
}

// RetryDecision reports whether a failed request is sent again, and why.
type RetryDecision struct {
	Retry bool
	// Reason is for a reader of logs; it is there for both verdicts.
	Reason string
	// After is the pause before the next attempt. After a 429 it is how long
	// everybody pauses, whatever the verdict.
	After time.Duration
}

// retrier decides about the attempts of one call.
type retrier struct {
	policy RetryPolicy
	call   *call

	waits, pauses backoff.BackOff
	tries, paused int
	fiveHundreds  int
	// away tells since when the host has not answered.
	away         *outage
	firstFailure time.Time
	// uncertain is true once an attempt may have been carried out although it
	// failed.
	uncertain bool
}

func newRetrier(p RetryPolicy, q *call, away *outage) *retrier {
	return &retrier{
		policy: p, call: q, away: away, uncertain: q.again,
		waits:  p.intervals(p.InitialInterval, p.MaxInterval),
		pauses: p.intervals(4*p.InitialInterval, maxPause),
	}
}

// decide gives the verdict on a failed attempt.
func (r *retrier) decide(f *failure) RetryDecision {
	e := f.err
	if since := r.away.note(e.Status); r.firstFailure.IsZero() {
		r.firstFailure = since
	}
	ambiguous := f.sent && (e.Kind == KindNetwork || e.Kind == KindServer || e.Kind == KindTimeout || e.Kind == KindCancelled)
	r.uncertain = r.uncertain || ambiguous
	var d RetryDecision
	switch {
	case f.final:
		return RetryDecision{Reason: "the call has ended: " + e.Message}
	case e.Kind == KindRateLimited:
		d = r.pause(f)
	case !e.Retryable:
		return RetryDecision{Reason: "retrying would fail the same way"}
	default:
		d = r.again(f, ambiguous)
	}
	if d.Retry && time.Since(r.firstFailure)+d.After > r.policy.MaxElapsed {
		d.Retry, d.Reason = false, fmt.Sprintf("the next attempt would start more than %s after the first failure", r.policy.MaxElapsed)
	}
	return d
}

// pause decides about a 429, which only means waiting.
func (r *retrier) pause(f *failure) RetryDecision {
	now := time.Now()
	after, given := retryAfter(f.err.Header, now)
	if !given {
		if after, given = quotaReset(f.err.Header, now); given {
			after = min(max(after, 0), maxReset)
		}
	}
	if !given {
		after = min(r.pauses.NextBackOff(), maxPause)
	}
	r.paused++
	d := RetryDecision{Retry: true, After: max(after, r.policy.InitialInterval), Reason: "the quota is exhausted (429)"}
	if (r.policy.MaxPauses > 0 && r.paused > r.policy.MaxPauses) || r.policy.MaxAttempts == 1 {
		d.Retry, d.Reason = false, fmt.Sprintf("the quota was exhausted %d times in a row", r.paused)
	}
	return d
}

// again decides about failures of the network and the server.
func (r *retrier) again(f *failure, ambiguous bool) RetryDecision {
	e := f.err
	r.tries++
	if e.Status == http.StatusInternalServerError {
		r.fiveHundreds++
	}
	switch {
	case ambiguous && r.call.repeat == repeatUnsent:
		return RetryDecision{Reason: "the request may have succeeded, so retrying could do it twice"}
	case r.policy.MaxAttempts > 0 && r.tries >= r.policy.MaxAttempts, r.tries >= fewAttempts && r.hopeless(e):
		return RetryDecision{Reason: fmt.Sprintf("%d attempts failed", r.tries)}
	case r.call.bulk && r.fiveHundreds > 1:
		return RetryDecision{Reason: "the bulk request failed with 500 twice"}
	}
	d := RetryDecision{Retry: true, Reason: e.Message, After: e.RetryAfter}
	if e.Status >= 300 {
		d.Reason = "Planhat answered " + statusText(e.Status)
	}
	if d.After == 0 {
		d.After = r.waits.NextBackOff()
	}
	return d
}

// hopeless reports whether waiting hardly mends a failure.
func (r *retrier) hopeless(e *Error) bool {
	return e.Status == http.StatusInternalServerError || e.Status/100 == 2 || r.away.never()
}

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
