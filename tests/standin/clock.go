package standin

import (
	"sync"
	"time"
)

// Clock is the time of a stand-in.
type Clock struct {
	mu  sync.Mutex
	now time.Time
	// started is when a running clock showed now, in real time. It is zero for a
	// clock that stands still.
	started time.Time
}

// NewClock returns a clock that shows at until it is moved.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// RunningClock returns a clock that shows at and goes forward in real time.
func RunningClock(at time.Time) *Clock { return &Clock{now: at, started: time.Now()} }

// Now returns the time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now
	if !c.started.IsZero() {
		now = now.Add(time.Since(c.started))
	}
	return now.UTC()
}

// Set moves the clock to at, forward or back.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
	if !c.started.IsZero() {
		c.started = time.Now()
	}
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
