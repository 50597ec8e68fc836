//go:build unix

package environment_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// TestHangup: the end of the terminal interrupts a run, once.
func TestHangup(t *testing.T) {
	// Whoever runs the test may ignore the signal, as nohup does.
	heard := make(chan os.Signal, 2)
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	signals, ignore := environment.OfProcess().Interrupts()
	defer ignore()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, self.Signal(syscall.SIGHUP))
	}
	select {
	case s := <-signals:
		assert.Equal(t, syscall.SIGHUP, s)
	case <-time.After(10 * time.Second):
		t.Fatal("no interrupt")
	}
	select {
	case s := <-signals:
		t.Fatal("a second interrupt: ", s)
	case <-time.After(50 * time.Millisecond):
	}
}
