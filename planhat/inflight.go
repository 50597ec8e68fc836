package planhat

import (
	"context"
	"sync/atomic"
)

type inFlightKey struct{}

// WithInFlight returns a context under which InFlight counts requests.
func WithInFlight(ctx context.Context) context.Context {
	return context.WithValue(ctx, inFlightKey{}, new(atomic.Int64))
}

// InFlight returns how many requests are under way under ctx or a context made
// from it: sent, and not answered to the end. It is 0 where ctx does not come
// from WithInFlight. Together with WithStopping it tells a caller when nothing
// is left to wait for.
func InFlight(ctx context.Context) int {
	if n, ok := ctx.Value(inFlightKey{}).(*atomic.Int64); ok {
		return int(n.Load())
	}
	return 0
}

// enter counts a request until the returned function is called.
func enter(ctx context.Context) (leave func()) {
	n, ok := ctx.Value(inFlightKey{}).(*atomic.Int64)
	if !ok {
		return func() {}
	}
	n.Add(1)
	return func() { n.Add(-1) }
}
