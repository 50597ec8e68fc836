package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/tests/postgres"
)

// ticking notes in a file that it began, takes a while, and notes its end.
const ticking = `
fs.write("out/begun.txt", "run\n", { append = true })
local until_then = time.now() + 1.2
while time.now() < until_then do end
fs.write("out/ended.txt", "run\n", { append = true })
`

const everyTwoSeconds = `
[[schedule]]
name    = "tick"
script  = "tick.lua"
every   = "2s"
overlap = "queue"
`

// count counts the lines of a file that scripts wrote.
func (w *world) count(name string) int {
	text, _ := os.ReadFile(filepath.Join(w.dir, "out", name))
	return strings.Count(string(text), "\n")
}

// accounted checks that every tick from the first to the last has exactly one
// record, and that what succeeded is what was done.
func (w *world) accounted(runs []*history.Run, every time.Duration) {
	w.t.Helper()
	var last time.Time
	for _, r := range runs {
		if r.Tick.IsZero() || r.Attempt > 1 {
			continue
		}
		if !last.IsZero() {
			assert.Equal(w.t, every, r.Tick.Sub(last), "run %d has the tick %s after %s", r.ID, r.Tick, last)
		}
		last = r.Tick
	}
	succeeded := with(runs, history.Succeeded)
	ended, begun := w.count("ended.txt"), w.count("begun.txt")
	// A run that was killed may have come to its end, and was not to be told of.
	lost := len(with(runs, history.Lost, history.Cancelled))
	assert.GreaterOrEqual(w.t, ended, len(succeeded), "each run that succeeded was done")
	assert.LessOrEqual(w.t, begun, len(succeeded)+lost, "no run was begun twice")
}

// working waits until a service has a run at work, and returns its processes.
func (s *service) working() []int {
	s.w.t.Helper()
	var list []int
	require.Eventually(s.w.t, func() bool {
		list = s.children()
		return len(list) > 0
	}, time.Minute, 5*time.Millisecond)
	return list
}

// killed kills a service with a run at work, and checks that the run ends by
// itself.
func (s *service) killed() {
	s.w.t.Helper()
	list := s.working()
	s.kill()
	require.Eventually(s.w.t, func() bool {
		for _, pid := range list {
			if alive(pid) {
				return false
			}
		}
		return true
	}, 30*time.Second, 20*time.Millisecond, "a run outlives its service")
}

// TestTicksSurviveKills: two services on one store, killed in turn, while a
// schedule is due every two seconds.
func TestTicksSurviveKills(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.file("phscript.toml", everyTwoSeconds)
		w.file("tick.lua", ticking)
		a, b := w.serve("--workers", "2"), w.serve("--workers", "2")
		w.await("tick", atLeast(1, history.Succeeded))
		for range 2 {
			a.killed()
			a = w.serve("--workers", "2")
			b.killed()
			b = w.serve("--workers", "2")
		}
		done := len(w.runs("tick"))
		w.await("tick", func(runs []*history.Run) bool {
			return len(with(runs, history.Lost)) >= 1 && len(with(runs, history.Succeeded)) >= 4 && len(runs) > done
		})
		w.do("schedule", "pause", "tick")
		w.await("tick", func(runs []*history.Run) bool { return len(with(runs, history.Queued, history.Running)) == 0 })
		a.stop()
		b.stop()
		runs := w.runs("tick")
		w.accounted(with(runs, history.Succeeded, history.Lost, history.Cancelled, history.Failed), 2*time.Second)
		assert.Empty(t, with(runs, history.Failed, history.Missed, history.Skipped))
		assert.NotEmpty(t, with(runs, history.Lost), "killed runs are not said to be running")
		for _, r := range with(runs, history.Lost) {
			assert.Contains(t, r.Reason, "is gone")
		}
	})
}

// TestDatabaseGoesAway: PostgreSQL is gone for ten seconds.
func TestDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	cluster := postgres.Start(t)
	w := newWorld(t, cluster.URL())
	w.file("phscript.toml", everyTwoSeconds)
	w.file("tick.lua", ticking)
	a, b := w.serve(), w.serve()
	w.await("tick", atLeast(2, history.Succeeded))
	cluster.Stop()
	a.says("it is tried again")
	time.Sleep(10 * time.Second)
	cluster.Start()
	before := len(with(w.runs("tick"), history.Succeeded))
	w.await("tick", atLeast(before+4, history.Succeeded))
	w.do("schedule", "pause", "tick")
	w.await("tick", func(runs []*history.Run) bool { return len(with(runs, history.Queued, history.Running)) == 0 })
	a.stop()
	b.stop()
	runs := w.runs("tick")
	w.accounted(runs, 2*time.Second)
	assert.Empty(t, with(runs, history.Failed, history.Lost, history.Missed), "runs at work go on while the store is away")
}

// TestStoreIsWaitedFor: a service starts before its database does.
func TestStoreIsWaitedFor(t *testing.T) {
	t.Parallel()
	cluster := postgres.Start(t)
	w := newWorld(t, cluster.URL())
	cluster.Stop()
	s := w.serve()
	s.says("waiting for the store")
	cluster.Start()
	s.says("serving")
	s.stop()
}
