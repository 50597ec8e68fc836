package suite

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// address is what clients in tests take for Planhat's address. Requests to it
// go to the Planhat of the test's world.
const address = "http://planhat.test"

// settings are those of a client in a test.
func settings() planhat.Config {
	return planhat.Config{
		APIToken: simulator.DefaultAPIToken, TenantToken: simulator.DefaultTenantToken,
		BaseURL: address, AnalyticsURL: address, UserAgent: "phscript test",
		HTTPClient: &http.Client{Transport: transport{}},
		// The pauses of a retry are the same in every run.
		Retry:   planhat.RetryPolicy{Jitter: -1},
		Limiter: planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Parallel: -1, Window: openWindow{}}),
	}
}

// transport sends a request to the Planhat of the world that its context
// belongs to, and nothing anywhere else.
type transport struct{}

// RoundTrip implements http.RoundTripper.
func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := worldOf(r.Context())
	if base := r.URL.Scheme + "://" + r.URL.Host; base != address {
		return nil, fmt.Errorf("a test reaches nothing but its simulated Planhat, and this request goes to %s", r.URL.Host)
	}
	if w == nil {
		return nil, fmt.Errorf("the request belongs to no test")
	}
	server, err := w.planhat()
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(server.URL())
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = target.Scheme, target.Host, target.Host
	return w.transport.RoundTrip(out)
}

// openWindow is a quota that is never spent. A pause that Planhat demands moves
// the clock of the test.
type openWindow struct{}

// Take books a start at once.
func (openWindow) Take(context.Context) (planhat.Booking, error) { return planhat.Booking{}, nil }

// Return does nothing.
func (openWindow) Return(context.Context, planhat.Booking) error { return nil }

// Block moves the clock of the test on.
func (openWindow) Block(ctx context.Context, d time.Duration) error {
	if w := worldOf(ctx); w != nil {
		w.clock.advance(d)
	}
	return nil
}

// State reports that there is no limit.
func (openWindow) State(context.Context) (planhat.WindowState, error) {
	return planhat.WindowState{}, nil
}
