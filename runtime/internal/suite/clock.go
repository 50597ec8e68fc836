package suite

import (
	"context"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

func clockModule() *bindings.Module {
	return &bindings.Module{
		Name: "clock",
		Doc: "The clock of the running test. It sets `time.now`, `os.time`, `os.date` and the times in the simulated Planhat.\n\n" +
			"Tests do not wait: `time.sleep` and the pauses before a retry move the clock forward and return at once. " +
			"Each test starts with the real time.",
		Funcs: []*bindings.Func{
			{
				Name:   "freeze",
				Doc:    "Stops the clock, now or at a given time. After that, only `clock.advance` and pauses move it.",
				Params: []bindings.Param{{Name: "at", Type: "number|string", Optional: true, Doc: "Seconds since 1970, or an ISO time such as `2026-01-15T09:00:00Z` (default now)."}},
				Errors: "With kind `validation` when a text is not a valid time.",
				Example: `clock.freeze("2026-01-15T09:00:00Z")
print(time.today()) --> 2026-01-15`,
				Call: onClock(func(a *bindings.Args, c *clock) (int, error) {
					at := c.now()
					if a.Given(0) {
						var err error
						if at, err = a.Time(0); err != nil {
							return 0, err
						}
					}
					c.change(func() { c.frozen = at })
					return 0, nil
				}),
			},
			{
				Name:    "advance",
				Doc:     "Moves the clock forward.",
				Params:  []bindings.Param{{Name: "span", Type: "string|number|TimeSpan", Doc: "How far: text such as `2h` or `3 days`, seconds, or a table such as `{ months = 1 }`."}},
				Errors:  "With kind `validation` when a text is not a valid length of time.",
				Example: `clock.advance("2h")`,
				Call: onClock(func(a *bindings.Args, c *clock) (int, error) {
					now := c.now()
					to, err := a.After(0, now)
					if err != nil {
						return 0, err
					}
					if to.Before(now) {
						return 0, a.Errorf("the clock only moves forward; use clock.freeze to set an earlier time")
					}
					c.advance(to.Sub(now))
					return 0, nil
				}),
			},
			{
				Name:    "unfreeze",
				Doc:     "Resets the clock to the real time and lets it run.",
				Example: `clock.unfreeze()`,
				Call: onClock(func(_ *bindings.Args, c *clock) (int, error) {
					c.change(func() { c.frozen, c.ahead = time.Time{}, 0 })
					return 0, nil
				}),
			},
			{
				Name:    "now",
				Doc:     "Returns the clock's time, as ISO text in UTC.",
				Returns: []bindings.Return{{Type: "string", Doc: "The time, such as `2026-01-15T09:00:00Z`."}},
				Example: `print(clock.now())`,
				Call: onClock(func(a *bindings.Args, c *clock) (int, error) {
					return a.Push(lua.LString(c.now().UTC().Format(time.RFC3339)))
				}),
			},
		},
	}
}

// onClock adapts a function on the test's clock to a Call.
func onClock(call func(a *bindings.Args, c *clock) (int, error)) func(*bindings.Args) (int, error) {
	return func(a *bindings.Args) (int, error) {
		w, err := running(a)
		if err != nil {
			return 0, err
		}
		return call(a, &w.clock)
	}
}

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

func (c *clock) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

func (c *clock) advance(d time.Duration) {
	c.change(func() {
		if c.frozen.IsZero() {
			c.ahead += d
		} else {
			c.frozen = c.frozen.Add(d)
		}
	})
}

// pause is a planhat.PauseFunc that moves the clock.
func (c *clock) pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.advance(d)
	return nil
}
