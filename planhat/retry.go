package planhat

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RetryPolicy says how often and how patiently a failed request is repeated.
// Zero fields mean the defaults.
type RetryPolicy struct {
	// MaxAttempts bounds the requests of one call, the first one included;
	// default 5, and 1 means no retries. Attempts that were refused with 429
	// have a bound of their own, MaxPauses, since waiting is all they need.
	MaxAttempts int
	// MaxPauses bounds the 429 answers of one call; default 10.
	MaxPauses int
	// MaxElapsed bounds the time from the first failure on; default 15
	// minutes. No retry is started that would have to wait beyond it.
	MaxElapsed time.Duration
	// InitialInterval is the first pause, which then grows by Multiplier up to
	// MaxInterval; defaults 500 ms, 2 and 30 s.
	InitialInterval, MaxInterval time.Duration
	Multiplier                   float64
	// Jitter spreads each pause by up to this share in both directions;
	// default 0.5, negative for none.
	Jitter float64
}

// maxPause caps the pauses after 429 answers that name none.
const maxPause = 60 * time.Second

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 5
	}
	if p.MaxPauses == 0 {
		p.MaxPauses = 10
	}
	if p.MaxElapsed == 0 {
		p.MaxElapsed = 15 * time.Minute
	}
	if p.InitialInterval == 0 {
		p.InitialInterval = 500 * time.Millisecond
	}
	if p.MaxInterval == 0 {
		p.MaxInterval = 30 * time.Second
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
