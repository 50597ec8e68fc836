package serve

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
)

// TestAClockIsOff: the clock of one of two machines is seconds or minutes off. The
// database's clock decides, so that only PostgreSQL can see such a thing: those
// who share a file share a clock.
func TestAClockIsOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		off          time.Duration
		rounds, runs int
	}{
		{5 * time.Second, 2, 5}, {-5 * time.Second, 2, 5},
		// What minutes break, they break at once.
		{10 * time.Minute, 1, 2}, {-10 * time.Minute, 1, 2},
	} {
		t.Run(tt.off.String(), func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, postgres.Start(t).URL())
			w.file("phscript.toml", everyTwoSeconds)
			w.file("tick.lua", ticking)
			astray := program.WithClock(t, tt.off)
			right, wrong := w.serve("--workers", "1"), w.serveBy(astray, "--workers", "1")
			w.await("tick", atLeast(3, history.Succeeded))
			if tt.off.Abs() >= time.Minute {
				told := " is 10m0s fast, compared with the database's"
				if tt.off < 0 {
					told = " is 10m0s slow, compared with the database's"
				}
				patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("schedule", "list"), told) }, "schedule list says nothing of the clock")
				assert.Contains(t, w.do("schedule", "list"), "the clock of the machine of "+wrong.name(t)+told)
			}
			// Each takes over from the other.
			makes := func(s *service) {
				w.await("tick", func(runs []*history.Run) bool {
					n := 0
					for _, r := range with(runs, history.Succeeded) {
						if r.Worker == s.name(t) {
							n++
						}
					}
					return n >= tt.runs
				})
			}
			for range tt.rounds {
				right.kill()
				makes(wrong)
				right = w.serve("--workers", "1")
				right.says("serving")
				wrong.kill()
				makes(right)
				wrong = w.serveBy(astray, "--workers", "1")
				wrong.says("serving")
			}
			w.pause("tick")
			right.stop()
			wrong.stop()
			runs := w.runs("tick")
			w.accounted(runs, 2*time.Second)
			w.done(runs)
			assert.Empty(t, with(unpaused(runs), history.Failed, history.Missed, history.Skipped))
			var last time.Time
			for _, r := range with(runs, history.Succeeded, history.Lost) {
				assert.True(t, r.Started.After(last), "run %d of tick %s was made out of turn", r.ID, r.Tick)
				last = r.Started
			}
		})
	}
}
