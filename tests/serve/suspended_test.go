//go:build unix

package serve

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
)

// TestASuspendedService: a service that was stopped for a while, as by a debugger or a
// suspended machine, runs no tick twice and loses none.
func TestASuspendedService(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"tick\"\nscript = \"tick.lua\"\nevery = \"2s\"\n")
		w.file("tick.lua", `fs.write("out/begun.txt", "run\n", { append = true })`)
		s := w.serve()
		w.await("tick", atLeast(1, history.Succeeded))
		require.NoError(t, s.cmd.Process.Signal(syscall.SIGSTOP))
		stopped := time.Now()
		<-time.After(9 * time.Second) // at least four ticks pass
		resumed := time.Now()
		require.NoError(t, s.cmd.Process.Signal(syscall.SIGCONT))
		w.await("tick", func(runs []*history.Run) bool {
			for _, r := range with(runs, history.Succeeded) {
				if r.Tick.After(resumed) {
					return true
				}
			}
			return false
		})
		s.stop()
		over := with(w.runs("tick"), history.Succeeded, history.Skipped, history.Missed)
		records := map[time.Time]int{}
		first, last := over[0].Tick, over[0].Tick
		for _, r := range over {
			records[r.Tick]++
			if r.Tick.Before(first) {
				first = r.Tick
			}
			if r.Tick.After(last) {
				last = r.Tick
			}
		}
		assert.True(t, first.Before(stopped) && last.After(resumed))
		for tick := first; !tick.After(last); tick = tick.Add(2 * time.Second) {
			assert.Equal(t, 1, records[tick], "the tick of %v", tick)
		}
		assert.Equal(t, len(with(over, history.Succeeded)), w.count("begun.txt"), "what is recorded has run, once")
	})
}
