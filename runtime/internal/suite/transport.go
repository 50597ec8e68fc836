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

// address is Planhat's address for clients in tests. Requests to it go to the
// Planhat of the test's environment.
const address = "http://planhat.test"

// settings configures a client in a test.
func settings() planhat.Config {
	return planhat.Config{
		APIToken: simulator.DefaultAPIToken, TenantToken: simulator.DefaultTenantToken,
		BaseURL: address, AnalyticsURL: address, UserAgent: "phscript test",
		HTTPClient: &http.Client{Transport: transport{}},
		// Without jitter, retries pause equally long in every run.
		Retry:   planhat.RetryPolicy{Jitter: -1},
		Limiter: planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Parallel: -1, Window: openWindow{}}),
	}
}

// transport sends requests to the Planhat of the environment that their context
// belongs to, and nowhere else.
type transport struct{}

func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := environmentOf(r.Context())
	if base := r.URL.Scheme + "://" + r.URL.Host; base != address {
		return nil, fmt.Errorf("tests can only reach their simulated Planhat, not %s", r.URL.Host)
	}
	if w == nil {
		return nil, fmt.Errorf("the request does not belong to a test")
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

// openWindow is a quota without a limit. A pause that Planhat demands moves the
// test's clock.
type openWindow struct{}

func (openWindow) Take(context.Context) (planhat.Booking, error) { return planhat.Booking{}, nil }

func (openWindow) Return(context.Context, planhat.Booking) error { return nil }

func (openWindow) Block(ctx context.Context, d time.Duration) error {
	if w := environmentOf(ctx); w != nil {
		w.clock.advance(d)
	}
	return nil
}

func (openWindow) State(context.Context) (planhat.WindowState, error) {
	return planhat.WindowState{}, nil
}
