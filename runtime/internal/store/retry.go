package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// tryTime is how long one attempt may take, so that a dead connection is given
	// up.
	tryTime = 30 * time.Second
	// tellEvery is how often a wait is reported.
	tellEvery = 30 * time.Second
)

// Retry runs do until it succeeds, fails with an *Error, or ctx ends. tell gets the
// first of the other errors, and then one every 30 seconds.
func Retry(ctx context.Context, do func() error, tell func(err error)) error {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 20*time.Millisecond, time.Second
	var told time.Time
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		err = do()
		if errors.As(err, new(*Error)) {
			return none, backoff.Permanent(err)
		}
		if err != nil && ctx.Err() == nil && time.Since(told) > tellEvery {
			told = time.Now()
			tell(err)
		}
		return none, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Wait opens the store as Open does, and retries if the error may pass. tell is as
// for Retry.
func Wait(ctx context.Context, location string, tell func(err error)) (db *DB, err error) {
	err = Retry(ctx, func() (err error) {
		db, err = Open(ctx, location)
		return err
	}, tell)
	return db, err
}

// Persistent is a store whose users wait while it is unreachable or locked, and
// do not fail.
type Persistent struct {
	// Open returns the store.
	Open func(ctx context.Context) (*DB, error)
	// What is the name of the store for people, such as "the store of the shared
	// quota", and Waits says what waits for it.
	What, Waits string
	// Urgent makes an error that Unwritable reports final, so its users fail instead of waiting
	// for somebody to free the disk.
	Urgent bool
	// Log receives a message when a wait begins and when it ends.
	Log *slog.Logger
}

// Do uses the store, and repeats that until it succeeds or ctx ends. An *Error is
// final.
func (p *Persistent) Do(ctx context.Context, do func(ctx context.Context, db *DB) error) error {
	began, waited := time.Now(), false
	err := Retry(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, tryTime)
		defer cancel()
		db, err := p.Open(ctx)
		if err != nil {
			return p.judge("", err)
		}
		return p.judge(db.Location, do(ctx, db))
	}, func(err error) {
		waited = true
		p.Log.WarnContext(ctx, p.What+" is unreachable; "+p.Waits, "reason", err.Error())
	})
	if err == nil && waited {
		p.Log.InfoContext(ctx, p.What+" is back", "waited", time.Since(began).Round(time.Millisecond).String())
	}
	return err
}

// judge makes errors final that waiting may not mend, if the store is urgent.
func (p *Persistent) judge(location string, err error) error {
	if err == nil || !p.Urgent || errors.As(err, new(*Error)) || !Unwritable(err) {
		return err
	}
	return unwritten(location, err)
}
