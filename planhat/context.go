package planhat

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errStopped is the cause of calls that were not started because of
// WithStopping.
var errStopped = errors.New("stopped before the request was sent")

type stopKey struct{}

// WithStopping returns a context under which no new request starts once stop
// is closed: calls then fail with KindCancelled, also while they wait for
// quota or for a retry. A request that is under way is not cut off, so that
// its outcome is known.
func WithStopping(ctx context.Context, stop <-chan struct{}) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

func stopSignal(ctx context.Context) <-chan struct{} {
	stop, _ := ctx.Value(stopKey{}).(<-chan struct{})
	return stop
}

// stopped returns why no request may start under ctx, or nil.
func stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-stopSignal(ctx):
		return errStopped
	default:
		return nil
	}
}

// sleep waits for d, or less if ctx ends or is stopped.
func sleep(ctx context.Context, d time.Duration) error {
	if err := stopped(ctx); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	if pause := PauseOf(ctx); pause != nil {
		return pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-stopSignal(ctx):
		return errStopped
	}
}

// PauseFunc waits for d, or less if ctx ends.
type PauseFunc func(ctx context.Context, d time.Duration) error

type pauseKey struct{}

// WithPause returns a context under which pauses are made by pause: those
// before a retry and those for the quota. Tests keep a clock of their own with
// it, so that nobody has to wait.
func WithPause(ctx context.Context, pause PauseFunc) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// PauseOf returns what makes the pauses under ctx, or nil if WithPause set
// nothing.
func PauseOf(ctx context.Context) PauseFunc {
	pause, _ := ctx.Value(pauseKey{}).(PauseFunc)
	return pause
}

type inFlightKey struct{}

// WithInFlight returns a context under which InFlight counts requests.
func WithInFlight(ctx context.Context) context.Context {
	return context.WithValue(ctx, inFlightKey{}, new(atomic.Int64))
}

// InFlight returns how many requests are under way under ctx or a context made
// from it: sent, and not answered to the end. It is 0 if ctx does not come
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
