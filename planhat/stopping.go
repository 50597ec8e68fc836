package planhat

import (
	"context"
	"errors"
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

// sleep waits for d, or less where ctx ends or is stopped.
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
