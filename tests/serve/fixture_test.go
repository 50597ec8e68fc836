// Package serve runs the real program as a service: several processes on one
// store, killed and started again, on a SQLite file and on PostgreSQL.
package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
)

func TestMain(m *testing.M) {
	if beWatched != nil && filepath.Base(os.Args[0]) == watchedProgram {
		os.Exit(beWatched())
	}
	// These tests wait more than they work.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(program.Run(m))
}

// watchedProgram is the name of this test's file as the program, whose SQLite files are watched
// for power failures. beWatched is the program, nil where they cannot be watched.
const watchedProgram = "phscript-watched"

var beWatched func() int

// fixture is a folder with scripts, a store and a simulated Planhat.
type fixture struct {
	t       *testing.T
	dir     string
	state   string
	planhat *simulator.Server
	env     []string
	// program is the program's file, "" for the usual one.
	program string

	mu     sync.Mutex
	output []*output
}

// onBoth runs a test on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, w *fixture)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newFixture(t, ""))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newFixture(t, postgres.Start(t).URL()))
	})
}

// newFixture returns a fixture on the store at state, or on a new file if state is empty.
func newFixture(t *testing.T, state string) *fixture {
	t.Helper()
	planhat, err := simulator.Start(simulator.Options{Companies: 3, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	w := &fixture{t: t, dir: t.TempDir(), state: state, planhat: planhat}
	if state == "" {
		w.state = filepath.Join(w.dir, ".state", "state.db")
	}
	require.NoError(t, os.Mkdir(w.temp(), 0o700))
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TZ=UTC", "TMPDIR=" + w.temp(), "PHSCRIPT_STATE=" + w.state,
		"PLANHAT_API_TOKEN=" + planhat.APIToken(), "PLANHAT_TENANT_TOKEN=" + planhat.TenantToken(),
		"PLANHAT_API_URL=" + planhat.URL(), "PLANHAT_ANALYTICS_URL=" + planhat.AnalyticsURL(),
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, o := range w.output {
				t.Logf("%s said:\n%s", o.name, o.String())
			}
		}
	})
	return w
}

// temp is the folder for temporary files.
func (w *fixture) temp() string { return filepath.Join(w.dir, ".tmp") }

// file replaces a file in the folder atomically.
func (w *fixture) file(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	require.NoError(w.t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(w.t, os.Rename(path+".new", path))
}

func (w *fixture) command(args ...string) *exec.Cmd {
	w.t.Helper()
	return w.commandOf(w.path(), args...)
}

func (w *fixture) path() string {
	w.t.Helper()
	if w.program != "" {
		return w.program
	}
	return program.Path(w.t)
}

func (w *fixture) commandOf(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// try runs a command to its end and returns what it printed.
func (w *fixture) try(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := w.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(w.t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// do runs a command that has to succeed.
func (w *fixture) do(args ...string) string {
	w.t.Helper()
	out, errs, code := w.try(args...)
	require.Zero(w.t, code, "phscript %s: %s", strings.Join(args, " "), errs)
	return out
}

// runs lists runs of a schedule, the oldest first; "" for all.
func (w *fixture) runs(schedule string) []*history.Run {
	w.t.Helper()
	args := []string{"runs", "list", "--json", "-n", "0", "--upcoming"}
	if schedule != "" {
		args = append(args, "--schedule", schedule)
	}
	out, errs, code := w.try(args...)
	if code == 2 && strings.Contains(errs, "there is no store at") {
		return nil // the service has not begun yet
	}
	require.Zero(w.t, code, "phscript %s: %s", strings.Join(args, " "), errs)
	var list history.Runs
	require.NoError(w.t, json.Unmarshal([]byte(out), &list))
	var ordered []*history.Run
	for i := len(list.Runs) - 1; i >= 0; i-- {
		ordered = append(ordered, list.Runs[i])
	}
	return ordered
}

// await waits until the runs of a schedule satisfy a condition.
func (w *fixture) await(schedule string, enough func(runs []*history.Run) bool) []*history.Run {
	w.t.Helper()
	var runs []*history.Run
	if !patience.Until(100*time.Millisecond, func() bool {
		runs = w.runs(schedule)
		return enough(runs)
	}) {
		for _, r := range runs {
			w.t.Logf("run %d %s tick %s attempt %d %s %s %q %q", r.ID, r.Schedule, r.Tick, r.Attempt, r.Cause, r.Status, r.Reason, r.Error)
		}
		w.t.FailNow()
	}
	return runs
}

// with counts the runs that have one of some states.
func with(runs []*history.Run, statuses ...history.Status) (list []*history.Run) {
	for _, r := range runs {
		for _, s := range statuses {
			if r.Status == s {
				list = append(list, r)
			}
		}
	}
	return list
}

func atLeast(n int, statuses ...history.Status) func([]*history.Run) bool {
	return func(runs []*history.Run) bool { return len(with(runs, statuses...)) >= n }
}

// output keeps what a process says.
type output struct {
	name string
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// service is a phscript serve at work.
type service struct {
	*output
	w     *fixture
	cmd   *exec.Cmd
	ended chan struct{}
}

// serve starts a service, which ends with the test at the latest.
func (w *fixture) serve(args ...string) *service {
	w.t.Helper()
	return w.serveBy(w.path(), args...)
}

// serveBy starts a service of another program, such as one whose clock is off.
func (w *fixture) serveBy(program string, args ...string) *service {
	w.t.Helper()
	w.mu.Lock()
	s := &service{w: w, output: &output{name: fmt.Sprintf("service %d", len(w.output)+1)}, ended: make(chan struct{})}
	w.output = append(w.output, s.output)
	w.mu.Unlock()
	s.cmd = w.commandOf(program, append([]string{"serve", "--lost-after", "6s", "--retry-pause", "200ms", "--log-level", "debug"}, args...)...)
	s.cmd.Stderr = s.output
	require.NoError(w.t, s.cmd.Start())
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	w.t.Cleanup(s.kill)
	return s
}

// says waits until a service has said something.
func (s *service) says(what string) {
	s.w.t.Helper()
	patience.Await(s.w.t, 20*time.Millisecond, func() bool { return strings.Contains(s.String(), what) }, "it never said %q", what)
}

// kill ends the service without a warning.
func (s *service) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the service gently.
func (s *service) stop() {
	s.w.t.Helper()
	require.NoError(s.w.t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.w.t.Fatal("the service does not stop")
	}
	assert.Zero(s.w.t, s.cmd.ProcessState.ExitCode(), "a service that is asked to stop has not failed")
}

// children lists the processes that a service has started.
func (s *service) children() []int {
	s.w.t.Helper()
	var list []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	require.NoError(s.w.t, err)
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // a thread that has ended
		}
		for _, field := range strings.Fields(string(text)) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}

// alive tells whether a process runs.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}
