package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// An address may fail addressBurst times at once, and then once every addressEvery;
	// all together overallBurst times, and then overallRate times a second.
	addressBurst = 10
	addressEvery = 6 * time.Second
	overallBurst = 100
	overallRate  = 5
	// From the fourth failure in a row, the answer to an address takes firstPause, twice as
	// long each time, and at most longestPause.
	freeFailures = 3
	firstPause   = 250 * time.Millisecond
	longestPause = 8 * time.Second
	// forgetAfter is when the failures of an address no longer count.
	forgetAfter = 15 * time.Minute
	// mostAddresses bounds the addresses that are remembered one by one.
	mostAddresses = 10000
)

// Limiter slows down those who show wrong tokens. It is asked after a token was found to be
// wrong and never before: so somebody who guesses, also from the same address, cannot keep
// out an owner who has the right one. It is safe for concurrent use.
type Limiter struct {
	now     func() time.Time
	mu      sync.Mutex
	overall *rate.Limiter
	callers map[netip.Prefix]*caller
	// swept is when those that do not fail any more were last forgotten.
	swept time.Time
}

type caller struct {
	limiter  *rate.Limiter
	failures int
	seen     time.Time
}

// NewLimiter returns a limiter that uses a clock.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, overall: rate.NewLimiter(overallRate, overallBurst), callers: map[netip.Prefix]*caller{}}
}

// network is what counts as one address: for IPv6, the 64 bits that a network is given.
func network(address netip.Addr) netip.Prefix {
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// Failed records a failure. The answer has to wait for pause. If allowed is false, it
// must be "too many tries", with pause as the time after which to try again.
func (l *Limiter) Failed(address netip.Addr) (pause time.Duration, allowed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	c := l.caller(network(address), now)
	if now.Sub(c.seen) > forgetAfter {
		c.failures = 0
	}
	c.seen = now
	c.failures++
	if n := c.failures - freeFailures; n > 0 {
		pause = min(firstPause<<min(n-1, 10), longestPause)
	}
	// Both count, whatever the other one says.
	own, all := c.limiter.AllowN(now, 1), l.overall.AllowN(now, 1)
	if !own || !all {
		return max(pause, time.Second), false
	}
	return pause, true
}

// Succeeded forgets the failures of an address.
func (l *Limiter) Succeeded(address netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.callers, network(address))
}

// caller returns the record of an address. When there are too many, those that do not
// fail any more are forgotten; the others above the bound share one record.
func (l *Limiter) caller(of netip.Prefix, now time.Time) *caller {
	if c := l.callers[of]; c != nil {
		return c
	}
	if len(l.callers) >= mostAddresses && now.Sub(l.swept) >= time.Second {
		l.swept = now
		for other, c := range l.callers {
			if now.Sub(c.seen) > addressBurst*addressEvery {
				delete(l.callers, other)
			}
		}
	}
	if len(l.callers) >= mostAddresses {
		of = netip.Prefix{}
		if c := l.callers[of]; c != nil {
			return c
		}
	}
	c := &caller{limiter: rate.NewLimiter(rate.Every(addressEvery), addressBurst), seen: now}
	l.callers[of] = c
	return c
}
