package planhat

import (
	"context"
	"time"
)

// PauseFunc waits for d, or less where ctx ends.
type PauseFunc func(ctx context.Context, d time.Duration) error

type pauseKey struct{}

// WithPause returns a context under which pauses are made by pause: those
// before a retry and those for the quota. Tests keep a clock of their own with
// it, so that nobody has to wait.
func WithPause(ctx context.Context, pause PauseFunc) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// PauseOf returns what makes the pauses under ctx, or nil where WithPause set
// nothing.
func PauseOf(ctx context.Context) PauseFunc {
	pause, _ := ctx.Value(pauseKey{}).(PauseFunc)
	return pause
}
