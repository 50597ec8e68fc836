package runtime

import (
	"context"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/lualib"
)

// deepestCallDepth is the most that the interpreter's stack can be told to hold.
const deepestCallDepth = 200_000

// registryPerCall is the number of values that a call may need on average, which
// bounds the stack of values where MaxCallDepth bounds the calls.
const registryPerCall = 60

// newState makes an empty Lua state that ends with ctx. Its coroutines get the
// same limits.
func newState(ctx context.Context, depth int) *lua.LState {
	o := lualib.StateOptions()
	o.CallStackSize = min(depth, deepestCallDepth)
	o.RegistryMaxSize = max(o.RegistrySize, o.CallStackSize*registryPerCall)
	L := lua.NewState(o)
	L.Panic = raise
	L.SetContext(ctx)
	return L
}

// raise ends the state's running functions with the value on top of the stack,
// in Lua's own words where the interpreter has others.
func raise(L *lua.LState) {
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: lualib.InLuaWords(L, L.Get(-1))})
}

// quickContext keeps the channel of its context at hand: the interpreter asks
// for it before every instruction.
type quickContext struct {
	context.Context
	done <-chan struct{}
}

func quick(ctx context.Context) context.Context {
	return &quickContext{ctx, ctx.Done()}
}

// Done returns the context's channel.
func (c *quickContext) Done() <-chan struct{} { return c.done }

// sessionContext is the context of a session's state and of everything made in
// it: always that of the input that is being evaluated.
type sessionContext struct {
	current atomic.Pointer[quickContext]
}

// begin puts the next input's context in place.
func (c *sessionContext) begin(ctx context.Context) {
	c.current.Store(&quickContext{ctx, ctx.Done()})
}

func (c *sessionContext) Deadline() (time.Time, bool) { return c.current.Load().Deadline() }

func (c *sessionContext) Done() <-chan struct{} { return c.current.Load().done }

func (c *sessionContext) Err() error { return c.current.Load().Err() }

func (c *sessionContext) Value(key any) any { return c.current.Load().Value(key) }
