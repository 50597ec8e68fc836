package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Times of things that are done again until they succeed.
const (
	// tryTime is how long one try may take: a connection that says nothing any
	// more is given up.
	tryTime = 30 * time.Second
	// say is how often a wait is reported.
	say = 30 * time.Second
)

// Persistent is the store of somebody who waits for it: while it cannot be
// reached, or is locked, nothing fails.
type Persistent struct {
	// Open returns the store.
	Open func(ctx context.Context) (*DB, error)
	// What people know the store as, such as "the store of the shared quota", and
	// what Waits for it.
	What, Waits string
	// Log is told of a wait, and of its end.
	Log *slog.Logger
}

// Do does one thing with the store, and again until it succeeds or ctx ends. An
// *Error is final.
func (p *Persistent) Do(ctx context.Context, do func(ctx context.Context, db *DB) error) error {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 20*time.Millisecond, time.Second
	var began, said time.Time
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		err = p.try(ctx, do)
		var final *Error
		if errors.As(err, &final) {
			return none, backoff.Permanent(err)
		}
		if err == nil || ctx.Err() != nil {
			return none, err
		}
		if began.IsZero() {
			began = time.Now()
		}
		if time.Since(said) > say {
			said = time.Now()
			p.Log.WarnContext(ctx, p.What+" is unreachable; "+p.Waits, "reason", err.Error())
		}
		return none, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && !began.IsZero() {
		p.Log.InfoContext(ctx, p.What+" is back", "waited", time.Since(began).Round(time.Millisecond).String())
	}
	return err
}

func (p *Persistent) try(ctx context.Context, do func(ctx context.Context, db *DB) error) error {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	db, err := p.Open(ctx)
	if err != nil {
		return err
	}
	return do(ctx, db)
}
