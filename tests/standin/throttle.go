package standin

import (
	"sync"
	"time"
)

// Limit is how many requests an account may send.
type Limit struct {
	// Name is the vendor's name of the limit. Requests count per account and name.
	Name string
	// Max is how many requests are allowed. 0 means no limit.
	Max int
	// Per is the length of the rolling window: at most Max requests in any interval
	// of this length. Two requests exactly Per apart are in different windows.
	// 0 means a calendar day in Zone.
	Per  time.Duration
	Zone *time.Location
}

// Refusal says which limit refused a request, and when one is allowed again.
type Refusal struct {
	Limit      Limit
	RetryAfter time.Duration
}

// Throttle counts the requests of accounts.
type Throttle struct {
	clock *Clock
	mu    sync.Mutex
	taken map[string]*count
}

// count is what one account used of one limit.
type count struct {
	times []time.Time // of allowed requests in the rolling window, in order
	day   time.Time   // the midnight that starts the day
	n     int
}

// NewThrottle returns a Throttle that has counted nothing.
func NewThrottle(clock *Clock) *Throttle {
	return &Throttle{clock: clock, taken: map[string]*count{}}
}

// Take counts a request against all limits and returns nil, or returns the
// refusal that takes longest. A refused request counts against none of them.
func (t *Throttle) Take(account string, limits ...Limit) *Refusal {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	var refusal *Refusal
	for _, l := range limits {
		if wait := t.at(account, l, now).wait(l, now); wait > 0 && (refusal == nil || wait > refusal.RetryAfter) {
			refusal = &Refusal{l, wait}
		}
	}
	if refusal != nil {
		return refusal
	}
	for _, l := range limits {
		c := t.at(account, l, now)
		c.n++
		if l.Per > 0 {
			c.times = append(c.times, now)
		}
	}
	return nil
}

// Left returns how many more requests the limit allows now.
func (t *Throttle) Left(account string, l Limit) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, l.Max-t.at(account, l, t.clock.Now()).n)
}

// at returns the count as it is now: what has left the window is gone.
func (t *Throttle) at(account string, l Limit, now time.Time) *count {
	key := account + "\x00" + l.Name
	c := t.taken[key]
	if c == nil {
		c = &count{}
		t.taken[key] = c
	}
	if l.Per > 0 {
		for len(c.times) > 0 && now.Sub(c.times[0]) >= l.Per {
			c.times = c.times[1:]
		}
		c.n = len(c.times)
	} else if day := l.midnight(now, 0); !day.Equal(c.day) {
		c.day, c.n = day, 0
	}
	return c
}

// wait returns how long the limit refuses requests.
func (c *count) wait(l Limit, now time.Time) time.Duration {
	switch {
	case l.Max == 0 || c.n < l.Max:
		return 0
	case l.Per == 0:
		return l.midnight(now, 1).Sub(now)
	default: // the limit may have been lowered since: the request that frees a place is not always the first
		return c.times[c.n-l.Max].Add(l.Per).Sub(now)
	}
}

// midnight returns the start of the day that is that many days after now.
func (l Limit) midnight(now time.Time, days int) time.Time {
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, zone)
}
