package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// environment is what one test runs in. It is safe for concurrent use.
type environment struct {
	clock clock
	out   output

	mu        sync.Mutex
	server    *simulator.Server
	transport *http.Transport
	recorder  recorder
	options   simulator.Options
	closed    bool
	// inside is where in a script the test ended.
	inside string
	// claims are the calls of expect that no matcher has followed yet.
	claims []*claim
}

func newEnvironment(now func() time.Time) *environment {
	return &environment{clock: clock{real: now}}
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
	o.Clock, o.Seed, o.Observer = w.clock.now, 1, w.recorder.note
	o.CallsPerMinute, o.PerSecond, o.Parallel = -1, -1, -1
	server, err := simulator.Start(o)
	if err != nil {
		return nil, fmt.Errorf("cannot start the simulated Planhat: %w", err)
	}
	w.server, w.transport = server, &http.Transport{MaxIdleConnsPerHost: planhat.DefaultParallel}
	return server, nil
}

func (w *environment) lastSeen(place string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside = place
}

func (w *environment) place() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inside
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
