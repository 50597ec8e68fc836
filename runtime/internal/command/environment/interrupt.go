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
// interrupted reports whether there was a Ctrl-C; release ends the watch.
func (e *Env) Interruptible() (ctx context.Context, interrupted func() bool, release func()) {
	return e.watchInterrupts(firstGrace, func(int) bool { return true })
}

// InterruptibleInput is Interruptible for one input at a prompt. It says nothing
// if the input ends at once, and waits for the second Ctrl-C if it does not end.
func (e *Env) InterruptibleInput() (ctx context.Context, interrupted func() bool, release func()) {
	return e.watchInterrupts(math.MaxInt64, func(inProgress int) bool { return inProgress > 0 })
}

// watchInterrupts does the work of both; tell decides whether to say that
// writes in progress finish first.
func (e *Env) watchInterrupts(grace time.Duration, tell func(inProgress int) bool) (ctx context.Context, interrupted func() bool, release func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancelCause(planhat.WithInFlight(planhat.WithStopping(context.Background(), stop)))
	signals, ignore := e.Interrupts()
	go func() {
		select {
		case <-signals:
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
		cancel(fault.ErrInterrupted)
		if !again {
			select {
			case <-signals:
			case <-time.After(grace):
				fmt.Fprintln(e.Stderr, "the script does not stop, so phscript ends without its summary")
				e.Exit(fault.ExitInterrupted)
			case <-ended:
				return
			}
		}
		select {
		case <-time.After(lastGrace):
			e.Exit(fault.ExitInterrupted)
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
	return ctx, interrupted, sync.OnceFunc(func() {
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
		select {
		case <-signals:
			cancel(fault.ErrInterrupted)
		case <-ended:
			return
		}
		select {
		case <-signals:
			e.Exit(fault.ExitInterrupted)
		case <-ended:
		}
	}()
	return ctx, func() {
		ignore()
		close(ended)
		cancel(nil)
	}
}
