package suite

import (
	"context"
	"sync"
	"time"
)

// clock is the clock of a test. Pauses move it forward and return at once. It
// is safe for concurrent use.
type clock struct {
	real func() time.Time

	mu sync.Mutex
	// ahead is the lead over the real time.
	ahead time.Duration
	// frozen is the time at which the clock stopped, or zero.
	frozen time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.real().Add(c.ahead)
}

func (c *clock) freeze(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = at
}

// unfreeze returns to the real time.
func (c *clock) unfreeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen, c.ahead = time.Time{}, 0
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.frozen = c.frozen.Add(d)
		return
	}
	c.ahead += d
}

// pause is a planhat.PauseFunc that moves the clock.
func (c *clock) pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.advance(d)
	return nil
}
