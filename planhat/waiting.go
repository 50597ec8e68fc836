package planhat

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Waits for the quota that last at least noticeable are told, and again every
// reminder while they go on.
const (
	noticeable = 5 * time.Second
	reminder   = time.Minute
)

// waiting tells the log why calls wait for the quota: one line for all calls of a
// client that wait at a time.
type waiting struct {
	mu   sync.Mutex
	last time.Time
	// until is the end of the longest wait that was told.
	until time.Time
}

type tellKey struct{}

// tell hands a wait to the caller of Acquire, if it wants to know.
func tell(ctx context.Context, wait time.Duration) {
	if f, ok := ctx.Value(tellKey{}).(func(time.Duration)); ok && wait >= noticeable {
		f(wait)
	}
}

// telling returns a context under which waits are told until end is called.
func (c *Client) telling(ctx context.Context) (told context.Context, end func()) {
	over := make(chan struct{})
	tell := func(wait time.Duration) {
		until := time.Now().Add(wait)
		c.tellWait(ctx, until)
		if wait < reminder {
			return
		}
		go func() {
			tick := time.NewTicker(reminder)
			defer tick.Stop()
			for {
				select {
				case <-over:
					return
				case <-tick.C:
					if time.Until(until) < noticeable {
						return
					}
					c.tellWait(ctx, until)
				}
			}
		}()
	}
	return context.WithValue(ctx, tellKey{}, tell), sync.OnceFunc(func() { close(over) })
}

// tellWait logs a wait, unless that was done a moment ago.
func (c *Client) tellWait(ctx context.Context, until time.Time) {
	now := time.Now()
	c.wait.mu.Lock()
	known := now.Sub(c.wait.last) < reminder-time.Second && until.Before(c.wait.until.Add(noticeable))
	if !known {
		c.wait.last, c.wait.until = now, until
	}
	c.wait.mu.Unlock()
	if known {
		return
	}
	reason := "the calls of this minute are used up"
	limited, cancel := context.WithTimeout(ctx, noticeable)
	defer cancel()
	if state, err := c.limiter.State(limited); err == nil && state.Blocked > startTolerance {
		reason = "Planhat asked for a pause (429)"
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "waiting for the quota",
		slog.String("reason", reason), slog.String("until", until.Format(time.TimeOnly)),
		slog.Duration("for", until.Sub(now).Round(time.Second)))
}
