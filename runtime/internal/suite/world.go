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

// world is what one test lives in. It is safe for concurrent use.
type world struct {
	clock clock
	out   output

	mu        sync.Mutex
	server    *simulator.Server
	transport *http.Transport
	recorder  recorder
	options   simulator.Options
	closed    bool
	// inside is where the script was that the test ended in.
	inside string
	// claims are the calls of expect that no matcher has followed yet.
	claims []*claim
}

func newWorld(now func() time.Time) *world {
	return &world{clock: clock{real: now}}
}

type worldKey struct{}

// in returns a context in which the world is the one that requests reach and
// whose clock pauses move.
func (w *world) in(ctx context.Context) context.Context {
	return planhat.WithPause(context.WithValue(ctx, worldKey{}, w), w.clock.pause)
}

// worldOf returns the world of a context, or nil.
func worldOf(ctx context.Context) *world {
	w, _ := ctx.Value(worldKey{}).(*world)
	return w
}

// planhat returns the world's Planhat, which starts when it is first needed.
func (w *world) planhat() (*simulator.Server, error) {
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
		return nil, fmt.Errorf("the simulated Planhat does not start: %w", err)
	}
	w.server, w.transport = server, &http.Transport{MaxIdleConnsPerHost: planhat.DefaultParallel}
	return server, nil
}

// lastSeen notes the place in a script that the test ended in.
func (w *world) lastSeen(place string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside = place
}

// place returns what lastSeen has noted.
func (w *world) place() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inside
}

// close ends the world's Planhat.
func (w *world) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.server == nil {
		return nil
	}
	w.transport.CloseIdleConnections()
	return w.server.Close()
}

// output collects what is printed. It is safe for concurrent use.
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
