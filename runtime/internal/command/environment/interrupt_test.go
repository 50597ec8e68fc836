package environment

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// A script that hangs where nothing can end it is left by the second Ctrl-C.
func TestSecondInterruptEndsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var told strings.Builder
		var code atomic.Int64
		code.Store(-1)
		ctx, stopped, release := (&Env{
			Stderr:     &told,
			Interrupts: func() (<-chan os.Signal, func()) { return signals, func() {} },
			Exit:       func(c int) { code.Store(int64(c)) },
		}).Interruptible()
		signals <- os.Interrupt
		<-ctx.Done()
		assert.ErrorIs(t, context.Cause(ctx), fault.ErrInterrupted)
		assert.ErrorIs(t, stopped(), fault.ErrInterrupted)
		time.Sleep(firstGrace / 2)
		assert.EqualValues(t, -1, code.Load(), "one Ctrl-C waits for the script")
		signals <- os.Interrupt
		time.Sleep(2 * lastGrace)
		assert.EqualValues(t, fault.ExitInterrupted, code.Load())
		assert.Contains(t, told.String(), "press Ctrl-C again")
		release()
	})
}

// It ends by itself if nobody presses Ctrl-C again, as at the end of a service.
func TestAScriptThatDoesNotStopEndsWithTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var told strings.Builder
		ended := make(chan int)
		_, _, release := (&Env{
			Stderr:     &told,
			Interrupts: func() (<-chan os.Signal, func()) { return signals, func() {} },
			Exit:       func(c int) { ended <- c },
		}).Interruptible()
		began := time.Now()
		signals <- os.Interrupt
		assert.Equal(t, fault.ExitInterrupted, <-ended)
		assert.Equal(t, firstGrace, time.Since(began))
		assert.Contains(t, told.String(), "the script does not stop")
		release()
	})
}

func TestNoInterruptEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stopped, release := (&Env{
			Interrupts: func() (<-chan os.Signal, func()) { return make(chan os.Signal), func() {} },
		}).Interruptible()
		synctest.Wait()
		assert.NoError(t, ctx.Err())
		assert.NoError(t, stopped())
		release()
		assert.Error(t, ctx.Err())
	})
}
