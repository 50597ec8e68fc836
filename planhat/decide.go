package planhat

import (
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RetryDecision says whether a failed request is sent again, and why.
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
	firstFailure  time.Time
	// uncertain is true once an attempt may have been carried out although it
	// failed.
	uncertain bool
}

func newRetrier(p RetryPolicy, q *call) *retrier {
	return &retrier{
		policy: p, call: q,
		waits:  p.intervals(p.InitialInterval, p.MaxInterval),
		pauses: p.intervals(4*p.InitialInterval, maxPause),
	}
}

// decide gives the verdict on a failed attempt.
func (r *retrier) decide(f *failure) RetryDecision {
	if r.firstFailure.IsZero() {
		r.firstFailure = time.Now()
	}
	e := f.err
	ambiguous := f.sent && (e.Kind == KindNetwork || e.Kind == KindServer || e.Kind == KindTimeout || e.Kind == KindCancelled)
	r.uncertain = r.uncertain || ambiguous
	var d RetryDecision
	switch {
	case f.final:
		return RetryDecision{Reason: "the call has ended: " + e.Message}
	case e.Kind == KindRateLimited:
		d = r.pause(f)
	case !e.Retryable:
		return RetryDecision{Reason: "a repetition would fail in the same way"}
	default:
		d = r.again(f, ambiguous)
	}
	if d.Retry && time.Since(r.firstFailure)+d.After > r.policy.MaxElapsed {
		d.Retry, d.Reason = false, fmt.Sprintf("the next attempt would start later than %s after the first failure", r.policy.MaxElapsed)
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
	d := RetryDecision{Retry: true, After: max(after, r.policy.InitialInterval), Reason: "the quota is spent (429)"}
	if r.paused > r.policy.MaxPauses || r.policy.MaxAttempts == 1 {
		d.Retry, d.Reason = false, fmt.Sprintf("the quota was spent %d times in a row", r.paused)
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
		return RetryDecision{Reason: "the request may have been carried out, and a repetition could do it twice"}
	case r.tries >= r.policy.MaxAttempts:
		return RetryDecision{Reason: fmt.Sprintf("%d attempts failed", r.tries)}
	case r.call.bulk && r.fiveHundreds > 1:
		return RetryDecision{Reason: "a bulk request that fails with 500 twice is for Planhat's support"}
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
