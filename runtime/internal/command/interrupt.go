package command

import (
	"context"
	"fmt"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// lastGrace is the time that a script has to end after the second Ctrl-C.
const lastGrace = time.Second

// interruptible returns a context that the first Ctrl-C stops gently: no new
// request starts, the one under way is finished, and then the script ends. The
// second one ends it at once, and the process where the script does not end.
// What it returns besides tells whether that happened, and ends the watch.
func interruptible(env *environment) (ctx context.Context, interrupted func() bool, release func()) {
	return watchInterrupts(env, func(int) bool { return true })
}

// interruptibleInput is the same for one input at a prompt, where nothing is
// said about an end that comes at once.
func interruptibleInput(env *environment) (ctx context.Context, interrupted func() bool, release func()) {
	return watchInterrupts(env, func(underWay int) bool { return underWay > 0 })
}

// watchInterrupts does the work of both; tell decides whether to say that the
// requests under way are waited for.
func watchInterrupts(env *environment, tell func(underWay int) bool) (ctx context.Context, interrupted func() bool, release func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancelCause(planhat.WithInFlight(planhat.WithStopping(context.Background(), stop)))
	signals, ignore := env.interrupts()
	go func() {
		select {
		case <-signals:
		case <-ended:
			return
		}
		fmt.Fprintln(env.stderr)
		if tell(planhat.InFlight(ctx)) {
			fmt.Fprintln(env.stderr, "stopping after the request under way; press Ctrl-C again to stop at once")
		}
		close(stop)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		again := false
		for planhat.InFlight(ctx) > 0 && !again {
			select {
			case <-tick.C:
			case <-signals:
				again = true
			case <-ended:
				return
			}
		}
		cancel(outcome.ErrInterrupted)
		if !again {
			select {
			case <-signals:
			case <-ended:
				return
			}
		}
		select {
		case <-time.After(lastGrace):
			env.exit(exitInterrupted)
		case <-ended:
		}
	}()
	interrupted = func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	return ctx, interrupted, func() {
		ignore()
		close(ended)
		cancel(nil)
	}
}
