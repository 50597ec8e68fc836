package overview

import (
	"context"
	"sync"
	"time"
)

// latest is a value that many read and that one of them reads anew when it is too old. It
// is safe for concurrent use.
type latest[T any] struct {
	read func(ctx context.Context) (T, error)
	// keep is how old the value may be, and within how long reading it may take.
	keep, within time.Duration

	mu      sync.Mutex
	reading *reading[T]
}

// reading is one reading of the value.
type reading[T any] struct {
	done  chan struct{}
	value T
	err   error
	// until is when the value is too old.
	until time.Time
}

// get returns the value, which is at most keep old. The end of ctx ends the wait, and not
// the reading, which others wait for. An error is kept as long as a value, so that a store
// that fails is not asked more often.
func (l *latest[T]) get(ctx context.Context) (value T, err error) {
	l.mu.Lock()
	r := l.reading
	if r == nil || r.over() {
		r = &reading[T]{done: make(chan struct{})}
		l.reading = r
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.within)
			defer cancel()
			value, err := l.read(ctx)
			r.value, r.err, r.until = value, err, time.Now().Add(l.keep)
			close(r.done)
		}()
	}
	l.mu.Unlock()
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
}

// forget makes the next get read anew.
func (l *latest[T]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reading = nil
}

// over reports whether the reading has ended and its value is too old.
func (r *reading[T]) over() bool {
	select {
	case <-r.done:
		return time.Now().After(r.until)
	default:
		return false
	}
}
