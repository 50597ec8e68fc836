package environment

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// firstGrace is how long a script may take to end after the first Ctrl-C, once no
// write is in progress; lastGrace after the second.
const (
	firstGrace = 10 * time.Second
	lastGrace  = time.Second
)

// Interruptible returns a context that the first Ctrl-C stops gently: no new
// request starts, writes in progress finish, and then the script ends. The
// second Ctrl-C ends it at once. If the script does not end, the process does.
// stopped returns what stopped it, nil if nothing did; release ends the watch.
// Other signals that end a program count as Ctrl-C.
func (e *Env) Interruptible() (ctx context.Context, stopped func() error, release func()) {
	return e.watchInterrupts(firstGrace, func(int) bool { return true })
}

// InterruptibleInput is Interruptible for one input at a prompt. It says nothing
// if the input ends at once, and waits for the second Ctrl-C if it does not end.
func (e *Env) InterruptibleInput() (ctx context.Context, interrupted func() bool, release func()) {
	ctx, stopped, release := e.watchInterrupts(math.MaxInt64, func(inProgress int) bool { return inProgress > 0 })
	return ctx, func() bool { return stopped() != nil }, release
}

// watchInterrupts does the work of both; tell decides whether to say that
// writes in progress finish first.
func (e *Env) watchInterrupts(grace time.Duration, tell func(inProgress int) bool) (ctx context.Context, stopped func() error, release func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancelCause(planhat.WithInFlight(planhat.WithStopping(context.Background(), stop)))
	signals, ignore := e.Interrupts()
	var cause fault.Exiter // set before stop is closed
	go func() {
		select {
		case s := <-signals:
			cause = fault.StoppedBy(s)
		case <-ended:
			return
		}
		fmt.Fprintln(e.Stderr)
		if writes := planhat.InFlight(ctx); tell(writes) {
			after := " after the " + english.PluralWord(writes, "write", "") + " in progress"
			if writes == 0 {
				after = ""
			}
			fmt.Fprintf(e.Stderr, "stopping%s; press Ctrl-C again to stop at once\n", after)
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
		cancel(cause)
		if !again {
			select {
			case <-signals:
			case <-time.After(grace):
				fmt.Fprintln(e.Stderr, "the script does not stop, so phscript ends without its summary")
				e.Exit(cause.ExitCode())
			case <-ended:
				return
			}
		}
		select {
		case <-time.After(lastGrace):
			e.Exit(cause.ExitCode())
		case <-ended:
		}
	}()
	stopped = func() error {
		select {
		case <-stop:
			return cause
		default:
			return nil
		}
	}
	return ctx, stopped, sync.OnceFunc(func() {
		ignore()
		close(ended)
		cancel(nil)
	})
}

// UntilInterrupted returns a context that the first Ctrl-C ends; the second one
// ends the process.
func (e *Env) UntilInterrupted() (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals, ignore := e.Interrupts()
	ended := make(chan struct{})
	go func() {
		var cause fault.Exiter
		select {
		case s := <-signals:
			cause = fault.StoppedBy(s)
			cancel(cause)
		case <-ended:
			return
		}
		select {
		case <-signals:
			e.Exit(cause.ExitCode())
		case <-ended:
		}
	}()
	return ctx, func() {
		ignore()
		close(ended)
		cancel(nil)
	}
}
