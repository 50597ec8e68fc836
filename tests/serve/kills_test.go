package serve

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

// ticking notes in a file that it began, takes a while, and notes its end.
const ticking = `
fs.write("out/begun.txt", "run\n", { append = true })
time.sleep(0.6)
fs.write("out/ended.txt", "run\n", { append = true })
`

const everyTwoSeconds = `
[[schedule]]
name    = "tick"
script  = "tick.lua"
every   = "2s"
overlap = "queue"
`

// inParts does its work in parts and goes on where a run before it stopped.
const inParts = `
local from = (checkpoint.load() or { part = 0 }).part
print("from part " .. from)
for part = from + 1, 4 do
  checkpoint.save{ part = part }
  print("at part " .. part)
  time.sleep(0.8)
end
fs.write("out/whole.txt", "run\n", { append = true })
`

const everyTenSeconds = `
[[schedule]]
name    = "parts"
script  = "parts.lua"
every   = "10s"
overlap = "queue"
retries = 20
`

// count counts the lines of a file that scripts wrote.
func (w *fixture) count(name string) int {
	text, _ := os.ReadFile(filepath.Join(w.dir, "out", name))
	return strings.Count(string(text), "\n")
}

// accounted checks that every tick from the first to the last has exactly one
// first attempt, and that further ones follow only a run that was lost.
func (w *fixture) accounted(runs []*history.Run, every time.Duration) {
	w.t.Helper()
	var last time.Time
	attempts := map[int64][]*history.Run{}
	for _, r := range runs {
		if r.Tick.IsZero() {
			continue
		}
		tick := r.Tick.Unix()
		if attempts[tick] = append(attempts[tick], r); r.Attempt > 1 {
			continue
		}
		if !last.IsZero() {
			assert.Equal(w.t, every, r.Tick.Sub(last), "run %d has the tick %s after %s", r.ID, r.Tick, last)
		}
		last = r.Tick
	}
	for _, of := range attempts {
		for i, r := range of {
			assert.Equal(w.t, i+1, r.Attempt, "run %d of tick %s", r.ID, r.Tick)
			if i > 0 {
				assert.Equal(w.t, history.Lost, of[i-1].Status, "run %d was repeated by run %d", of[i-1].ID, r.ID)
			}
		}
	}
}

// done checks that what is said to have been done was done, once.
func (w *fixture) done(runs []*history.Run) {
	w.t.Helper()
	succeeded := with(runs, history.Succeeded)
	ended, begun := w.count("ended.txt"), w.count("begun.txt")
	// A run that was killed may have come to its end, and was not to be told of.
	lost := len(with(runs, history.Lost, history.Cancelled))
	assert.GreaterOrEqual(w.t, ended, len(succeeded), "each run that succeeded was done")
	assert.LessOrEqual(w.t, begun, len(succeeded)+lost, "no run was begun twice")
}

// unpaused leaves those ticks out that came in a pause.
func unpaused(runs []*history.Run) []*history.Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r *history.Run) bool { return r.Reason == "the schedule is paused" })
}

// pause ends the ticks of schedules, and waits until no run is left to be made.
func (w *fixture) pause(schedules ...string) {
	w.t.Helper()
	w.do(append([]string{"schedule", "pause"}, schedules...)...)
	for _, name := range schedules {
		w.await(name, func(runs []*history.Run) bool { return len(with(runs, history.Queued, history.Running)) == 0 })
	}
}

// working waits until a service has a run at work, and returns its processes.
func (s *service) working() []int {
	s.w.t.Helper()
	var list []int
	patience.Await(s.w.t, 5*time.Millisecond, func() bool {
		list = s.children()
		return len(list) > 0
	}, "it never has a run at work")
	return list
}

// killed kills a service with its runs, and checks that they end by themselves.
func (s *service) killed() {
	s.w.t.Helper()
	list := s.working()
	s.kill()
	killed := time.Now()
	patience.Await(s.w.t, 20*time.Millisecond, func() bool {
		for _, pid := range list {
			if alive(pid) {
				return false
			}
		}
		return true
	}, "a run outlives its service")
	assert.Less(s.w.t, time.Since(killed), 30*time.Second, "a run outlives its service")
}

// name is what a service calls itself.
func (s *service) name(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	return fmt.Sprintf("%s:%d", host, s.cmd.Process.Pid)
}

// pair is two services on one store, of which each is started again when it was
// killed.
type pair struct {
	w    *fixture
	list [2]*service
}

func (w *fixture) pair() *pair {
	p := &pair{w: w}
	for i := range p.list {
		p.list[i] = w.serve("--workers", "2")
	}
	return p
}

// kill kills one of them with a run at work, and starts it again.
func (p *pair) kill(i int) {
	p.w.t.Helper()
	p.list[i].killed()
	p.list[i] = p.w.serve("--workers", "2")
}

// named finds one of them, or returns -1.
func (p *pair) named(name string) int {
	for i, s := range p.list {
		if s.name(p.w.t) == name {
			return i
		}
	}
	return -1
}

// leader waits until one of them leads the engine, and returns it.
func (p *pair) leader(db *sql.DB) int {
	p.w.t.Helper()
	found := -1
	patience.Await(p.w.t, 100*time.Millisecond, func() bool {
		var name string
		if err := db.QueryRowContext(p.w.t.Context(), "SELECT leader_id FROM river_leader").Scan(&name); err != nil {
			assert.ErrorIs(p.w.t, err, sql.ErrNoRows)
			return false
		}
		found = p.named(name)
		return found >= 0
	}, "nobody leads")
	return found
}

// amidst waits until a run of the schedule that works in parts is amidst them,
// and returns who makes it.
func (p *pair) amidst() int {
	p.w.t.Helper()
	found := -1
	patience.Await(p.w.t, 50*time.Millisecond, func() bool {
		for _, r := range with(p.w.runs("parts"), history.Running) {
			log, _, _ := p.w.try("runs", "logs", fmt.Sprint(r.ID))
			if strings.Contains(log, "at part 2") && !strings.Contains(log, "at part 4") {
				found = p.named(r.Worker)
			}
		}
		return found >= 0
	}, "no run is amidst its parts")
	return found
}

// TestTicksSurviveKills: two services on one store for two minutes, while one
// schedule is due every two seconds and another one every ten. Twice, the one
// that leads the engine is killed, and one that is amidst a run.
func TestTicksSurviveKills(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", everyTwoSeconds+everyTenSeconds)
		w.file("tick.lua", ticking)
		w.file("parts.lua", inParts)
		p := w.pair()
		w.await("tick", atLeast(1, history.Succeeded))
		began := time.Now()
		db := history.Open(t, w.state)
		for range 2 {
			p.kill(p.leader(db))
			lost := len(with(w.runs(""), history.Lost))
			p.kill(p.amidst())
			w.await("", atLeast(lost+1, history.Lost))
		}
		time.Sleep(time.Until(began.Add(2 * time.Minute)))
		w.pause("tick", "parts")
		ticks, parts := w.runs("tick"), w.runs("parts")
		for _, s := range p.list {
			s.stop()
		}
		t.Logf("%d runs of ticks, %d of them lost; %d runs in parts, %d of them lost", len(ticks), len(with(ticks, history.Lost)), len(parts), len(with(parts, history.Lost)))
		left, err := os.ReadDir(w.temp())
		require.NoError(t, err)
		assert.Empty(t, left, "folders of runs, which may hold tokens and rows")
		w.accounted(ticks, 2*time.Second)
		w.done(ticks)
		w.accounted(parts, 10*time.Second)
		runs := slices.Concat(ticks, parts)
		assert.Empty(t, with(unpaused(runs), history.Failed, history.Missed, history.Skipped, history.TimedOut, history.Rejected))
		assert.GreaterOrEqual(t, len(with(runs, history.Lost)), 4, "killed runs are not said to be running")
		for _, r := range with(runs, history.Lost) {
			assert.Contains(t, r.Reason, "is gone")
		}
		// What may be repeated was brought to its end, from where it had come.
		assert.GreaterOrEqual(t, len(with(parts, history.Lost)), 2)
		resumed := 0
		for _, r := range parts {
			if log := w.do("runs", "logs", fmt.Sprint(r.ID)); strings.Contains(log, "from part") && !strings.Contains(log, "from part 0") {
				resumed++
			}
		}
		assert.GreaterOrEqual(t, resumed, 2, "runs go on from their checkpoints")
		last := map[int64]*history.Run{}
		for _, r := range unpaused(parts) {
			last[r.Tick.Unix()] = r
		}
		for _, r := range last {
			assert.Contains(t, []history.Status{history.Succeeded, history.Cancelled}, r.Status, "run %d of tick %s", r.ID, r.Tick)
		}
	})
}

// TestDatabaseGoesAway: the store is gone for ten seconds.
func TestDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, w *fixture, away func()) (said *service) {
		w.file("phscript.toml", everyTwoSeconds)
		w.file("tick.lua", ticking)
		a, b := w.serve(), w.serve()
		w.await("tick", atLeast(2, history.Succeeded))
		away()
		before := len(with(w.runs("tick"), history.Succeeded))
		w.await("tick", atLeast(before+4, history.Succeeded))
		w.pause("tick")
		a.stop()
		b.stop()
		runs := w.runs("tick")
		w.accounted(runs, 2*time.Second)
		w.done(runs)
		assert.Empty(t, with(runs, history.Failed, history.Lost, history.Missed), "runs at work go on while the store is away")
		return a
	}
	const gone = 10 * time.Second
	t.Run("postgres is stopped", func(t *testing.T) {
		t.Parallel()
		cluster := postgres.Start(t)
		test(t, newFixture(t, cluster.URL()), func() {
			cluster.Stop()
			time.Sleep(gone)
			cluster.Start()
		}).says("retrying")
	})
	t.Run("sqlite is locked", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, "")
		test(t, w, func() {
			db := history.Open(t, w.state)
			// A transaction that writes keeps all others from writing.
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			time.Sleep(gone)
			require.NoError(t, tx.Rollback())
		})
	})
}

// TestStoreIsWaitedFor: a service starts before its database does.
func TestStoreIsWaitedFor(t *testing.T) {
	t.Parallel()
	cluster := postgres.Start(t)
	w := newFixture(t, cluster.URL())
	cluster.Stop()
	s := w.serve()
	s.says("waiting for the store")
	cluster.Start()
	s.says("serving")
	s.stop()
}
