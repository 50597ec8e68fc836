//go:build unix

package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
)

// What a service has to carry.
const (
	schedules   = 200
	pastRuns    = 10_000
	serveFor    = 2 * time.Minute
	listRounds  = 41
	dueAtSecond = "%d * * * * *" // a minute has room for all of them
	neverDue    = "0 0 1 1 *"
)

// served is a folder with schedules, a store with past runs, and a service.
type served struct {
	b     *testing.B
	dir   string
	env   []string
	state string
}

func newServed(b *testing.B, planhat *simulator.Server, state string) *served {
	b.Helper()
	s := &served{b: b, dir: b.TempDir(), state: state}
	if state == "" {
		s.state = filepath.Join(s.dir, "state.db")
	}
	s.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "PHSCRIPT_STATE=" + s.state}, planhat.Environment()...)
	require.NoError(b, os.WriteFile(filepath.Join(s.dir, "job.lua"), []byte("planhat.company.get_list{ limit = 1 }\n"), 0o600))
	s.past()
	return s
}

// past stores runs that are over.
func (s *served) past() {
	s.b.Helper()
	require.NoError(s.b, s.command("run", "--quiet", "-e", `require("state").open("tables"):set("made", 1)`).Run()) // which makes the tables
	db := history.Open(s.b, s.state)
	began := time.Now().Add(-pastRuns * time.Minute)
	var rows []string
	for i := range pastRuns {
		at, name := began.Add(time.Duration(i)*time.Minute).UnixMicro(), fmt.Sprintf("job-%d", i%schedules)
		rows = append(rows, fmt.Sprintf(`('%s', %d, 1, 'schedule', 'job.lua', '{"name":"%s","script":"job.lua"}', 'succeeded', %d, %d, 3, '{"calls":3}', 250)`, name, at, name, at, at))
	}
	for some := range slices.Chunk(rows, 500) {
		_, err := db.ExecContext(s.b.Context(), `INSERT INTO phscript_run (schedule, tick, attempt, cause, script, definition, status, due_at, ended_at, calls, summary, size) VALUES `+strings.Join(some, ", "))
		require.NoError(s.b, err)
	}
}

// schedule writes phscript.toml; when says when each schedule is due.
func (s *served) schedule(when func(i int) string) {
	var text strings.Builder
	for i := range schedules {
		fmt.Fprintf(&text, "[[schedule]]\nname = \"job-%d\"\nscript = \"job.lua\"\ncron = %q\ntime_zone = \"UTC\"\n", i, when(i))
	}
	require.NoError(s.b, os.WriteFile(filepath.Join(s.dir, "phscript.toml"), []byte(text.String()), 0o600))
}

func (s *served) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program.Path(s.b), args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// serve lets a service work for a while, and returns the most memory it had.
func (s *served) serve(d time.Duration) int64 {
	s.b.Helper()
	cmd := s.command("serve", "--log-level", "warn")
	cmd.Stderr = os.Stderr
	require.NoError(s.b, cmd.Start())
	time.Sleep(d)
	most := peak(cmd.Process.Pid)
	require.NoError(s.b, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(s.b, cmd.Wait())
	return most
}

// late returns how late the ticks between two times were, the least late first.
func (s *served) late(since, until time.Time) []time.Duration {
	s.b.Helper()
	out, err := s.command("runs", "list", "--json", "-n", "0", "--since", since.Format(time.RFC3339)).Output()
	require.NoError(s.b, err)
	var list history.Runs
	require.NoError(s.b, json.Unmarshal(out, &list))
	var late []time.Duration
	for _, r := range list.Runs {
		if !r.Started.IsZero() && r.Tick.Before(until) {
			require.Equal(s.b, history.Succeeded, r.Status, "%s %s", r.Reason, r.Error)
			late = append(late, r.Started.Sub(r.Tick))
		}
	}
	slices.Sort(late)
	return late
}

// BenchmarkServe runs a service with 200 schedules and 10,000 past runs, on a
// SQLite file and on PostgreSQL.
func BenchmarkServe(b *testing.B) {
	planhat, err := simulator.Start(simulator.Options{Companies: 1, CallsPerMinute: -1})
	require.NoError(b, err)
	defer func() { _ = planhat.Close() }()
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		b.Run(on, func(b *testing.B) {
			for range b.N {
				state := ""
				if on == "PostgreSQL" {
					state = postgres.Start(b).URL()
				}
				s := newServed(b, planhat, state)
				s.schedule(func(int) string { return neverDue })
				idle := s.serve(10 * time.Second)
				report("an idle service with 200 schedules and 10,000 past runs, on "+on, mb(idle), "60 MB")

				s.schedule(func(i int) string { return fmt.Sprintf(dueAtSecond, i%60) })
				began := time.Now()
				busy := s.serve(serveFor)
				late := s.late(began, time.Now())
				p99 := late[len(late)*99/100]
				b.ReportMetric(p99.Seconds(), "s-late")
				report("200 schedules a minute, on "+on, fmt.Sprintf("%d runs: median %s late, 99th percentile %s, latest %s; %s",
					len(late), seconds(late[len(late)/2]), seconds(p99), seconds(late[len(late)-1]), mb(busy)), "99th percentile 2 s")

				s.schedule(func(int) string { return "0 * * * * *" })
				began = time.Now()
				s.serve(2 * time.Minute)
				late = s.late(began, began.Add(time.Minute))
				report("200 schedules in the same second, on "+on, fmt.Sprintf("%d runs: median %s late, latest %s", len(late), seconds(late[len(late)/2]), seconds(late[len(late)-1])), "")

				var lists, versions []time.Duration
				for range listRounds {
					for _, round := range []struct {
						args  []string
						walls *[]time.Duration
					}{{[]string{"runs", "list"}, &lists}, {[]string{"version"}, &versions}} {
						began := time.Now()
						require.NoError(b, s.command(round.args...).Run())
						*round.walls = append(*round.walls, time.Since(began))
					}
				}
				m, v := median(lists), median(versions)
				b.ReportMetric(float64(m)/1e6, "ms/list")
				report("phscript runs list with 10,000 runs, on "+on, fmt.Sprintf("%s (90th percentile %s; %.1f times phscript version)",
					ms(m), ms(lists[listRounds*9/10]), float64(m)/float64(v)), "100 ms")
			}
		})
	}
}
