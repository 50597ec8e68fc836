package suite

import (
	"context"
	"sync"
	"time"
)

// clock is the time that a test lives in. Nobody waits by it: a pause moves it
// on. It is safe for concurrent use.
type clock struct {
	real func() time.Time

	mu sync.Mutex
	// ahead is how far the clock is before the real one.
	ahead time.Duration
	// frozen is where it stands, zero while it runs.
	frozen time.Time
}

// now returns the time.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.real().Add(c.ahead)
}

// freeze stops the clock at a time.
func (c *clock) freeze(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = at
}

// unfreeze lets the clock run with the real time again.
func (c *clock) unfreeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen, c.ahead = time.Time{}, 0
}

// advance moves the clock on.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.frozen = c.frozen.Add(d)
		return
	}
	c.ahead += d
}

// pause is a planhat.PauseFunc.
func (c *clock) pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.advance(d)
	return nil
}
