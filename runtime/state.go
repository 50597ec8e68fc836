package runtime

import (
	"context"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/machine"
	"github.com/phscript/phscript/runtime/internal/memory"
	"github.com/phscript/phscript/runtime/internal/profile"
)

// deepestCallDepth is the interpreter's largest call stack.
const deepestCallDepth = 200_000

// registryPerCall is how many values a call needs on average: it sizes the
// stack of values for MaxCallDepth.
const registryPerCall = 60

// newState makes an empty Lua state that ends with ctx. Its coroutines have the
// same limits.
func newState(ctx context.Context, depth int) *lua.LState {
	o := lualib.StateOptions()
	o.CallStackSize = min(depth, deepestCallDepth)
	o.RegistryMaxSize = max(o.RegistrySize, o.CallStackSize*registryPerCall)
	L := machine.NewState(o)
	machine.SetContext(L, ctx)
	return L
}

// quickContext caches its context's channel: the interpreter asks for it all the
// time. It tells the meter and the watch of the heap, which may be nil, what was
// executed.
type quickContext struct {
	context.Context
	done  <-chan struct{}
	meter *meter
	heap  *memory.Watch
}

func (r *run) quick() *quickContext {
	return &quickContext{r.ctx, r.ctx.Done(), r.meter, r.heap}
}

// profiledContext is the context of a state whose time is measured.
type profiledContext struct {
	*quickContext
	*profile.Profile
}

// stateContext returns the context for a state of the run.
func (r *run) stateContext() context.Context {
	if r.opts.Profile != nil {
		return &profiledContext{r.quick(), r.opts.Profile}
	}
	return r.quick()
}

// Before implements machine.Meter.
func (c *quickContext) Before(bytes int) { c.heap.Before(bytes) }

func (c *quickContext) Done() <-chan struct{} { return c.done }

// Err implements context.Context. Functions in Go that take long ask for it now and
// then, which is when they can be stopped for the memory that they take.
func (c *quickContext) Err() error {
	c.heap.Before(0)
	return c.Context.Err()
}

// Tick implements machine.Meter.
func (c *quickContext) Tick(instructions int) {
	if c.meter != nil {
		c.meter.tick(c.Context, instructions)
	}
	c.heap.Tick(instructions)
}

// sessionContext is the context of a session's state and of everything made in
// it: always that of the current input.
type sessionContext struct {
	current atomic.Pointer[quickContext]
}

func (c *sessionContext) begin(r *run) { c.current.Store(r.quick()) }

// Tick implements machine.Meter.
func (c *sessionContext) Tick(instructions int) { c.current.Load().Tick(instructions) }

// Before implements machine.Meter.
func (c *sessionContext) Before(bytes int) { c.current.Load().Before(bytes) }

func (c *sessionContext) Deadline() (time.Time, bool) { return c.current.Load().Deadline() }

func (c *sessionContext) Done() <-chan struct{} { return c.current.Load().done }

func (c *sessionContext) Err() error { return c.current.Load().Err() }

func (c *sessionContext) Value(key any) any { return c.current.Load().Value(key) }
