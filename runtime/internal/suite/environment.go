package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// environment is what one test runs in. It is safe for concurrent use.
type environment struct {
	clock  clock
	out    output
	writes journal[write]
	// inside is where in a script the test ended, claims are the calls of expect that
	// no matcher has followed yet, and failed the expectations that were not met.
	// Only the test itself uses them.
	inside string
	claims []*claim
	failed []failedClaim

	mu        sync.Mutex
	server    *simulator.Server
	transport *http.Transport
	options   simulator.Options
	// dir is the folder of the test file.
	dir    string
	closed bool
}

// environment returns a new environment for tests of the file.
func (f *file) environment() *environment {
	o := f.options
	return &environment{clock: clock{real: o.Now}, options: simulator.Options{Models: o.Models}, dir: filepath.Dir(f.result.Path)}
}

type environmentKey struct{}

// in returns a context whose requests reach the environment and whose pauses
// move its clock.
func (w *environment) in(ctx context.Context) context.Context {
	return planhat.WithPause(context.WithValue(ctx, environmentKey{}, w), w.clock.pause)
}

// environmentOf returns the environment of a context, or nil.
func environmentOf(ctx context.Context) *environment {
	w, _ := ctx.Value(environmentKey{}).(*environment)
	return w
}

// running returns the environment of the test that calls a function.
func running(a *bindings.Args) (*environment, error) {
	if w := environmentOf(a.Context()); w != nil {
		return w, nil
	}
	return nil, a.Errorf("no test is running; run the file with 'phscript test'")
}

// planhat returns the environment's Planhat, starting it on first use.
func (w *environment) planhat() (*simulator.Server, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server != nil {
		return w.server, nil
	}
	if w.closed {
		return nil, errors.New("the test that this request belongs to has ended")
	}
	o := w.options
	o.Clock, o.Seed, o.Observer = w.clock.now, 1, w.note
	o.CallsPerMinute, o.PerSecond, o.Parallel = -1, -1, -1
	server, err := simulator.Start(o)
	if err != nil {
		return nil, fmt.Errorf("cannot start the simulated Planhat: %w", err)
	}
	w.server, w.transport = server, &http.Transport{MaxIdleConnsPerHost: planhat.DefaultParallel}
	return server, nil
}

func (w *environment) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.server == nil {
		return nil
	}
	w.transport.CloseIdleConnections()
	return w.server.Close()
}

// output collects what a test prints. It is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// write is a write request of a test.
type write struct {
	simulator.Call
	body []byte
}

// note keeps a call if it writes.
func (w *environment) note(c simulator.Call, body []byte) {
	if c.Method != http.MethodGet && c.Method != http.MethodHead {
		w.writes.add(write{c, body})
	}
}

// journal keeps values in their order. It is safe for concurrent use.
type journal[T any] struct {
	mu   sync.Mutex
	list []T
}

func (j *journal[T]) add(v T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, v)
}

func (j *journal[T]) all() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.list)
}

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

func (openWindow) Take(context.Context) (planhat.Booking, error) {
	return planhat.Booking{Fixed: true}, nil
}

func (openWindow) Confirm(_ context.Context, b planhat.Booking) (planhat.Booking, error) {
	return b, nil
}

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
