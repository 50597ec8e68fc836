//go:build linux

package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
	past "github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/postgres"
	built "github.com/phscript/phscript/tests/program"
)

// What the sizing table in docs/deploy.md is measured with.
const (
	scaleSchedules = 2000
	scaleRuns      = 1_000_000
	scaleWorkers   = 20
	scaleRounds    = 11
	scaleStart     = 5 * time.Second
)

// scaleService is what a process of TestScaleService does, as JSON in the file that scaleVariable names.
type scaleService struct {
	State, Dir, Report string
	// Crons are the schedules' times, KeepDays is as in phscript.toml.
	Crons    []string
	KeepDays int
	For      time.Duration
}

// scaleReport is what it writes to Report: the longest time between two plannings, the
// longest time in which /metrics was answered, and its most memory.
type scaleReport struct {
	Plan, Metrics time.Duration
	Memory        int
}

const scaleVariable = "PHSCRIPT_SCALE_SERVICE"

// TestScaleService is the process that BenchmarkScale starts: a service whose runs do
// nothing, without processes of their own. It scrapes its own metrics every 15 seconds.
func TestScaleService(t *testing.T) {
	file := os.Getenv(scaleVariable)
	if file == "" {
		return // there is nothing to test without BenchmarkScale
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var o scaleService
	require.NoError(t, json.Unmarshal(text, &o))
	w := newFixture(t, o.State)
	loader := &Loader{Dir: o.Dir, File: filepath.Join(o.Dir, config.FileName), Read: func() (config.Config, error) {
		c := config.Config{Serve: config.Serve{KeepDays: o.KeepDays, KeepSize: "10GiB"}}
		for i, cron := range o.Crons {
			c.Schedules = append(c.Schedules, config.Schedule{Name: fmt.Sprintf("job-%d", i), Script: "job.lua", Cron: cron, TimeZone: "Europe/Stockholm"})
		}
		return c, nil
	}}
	loaded, err := loader.Load()
	require.NoError(t, err)
	nothing := func(context.Context, *Loaded, *history.Run, schedule.Definition, Output) history.End {
		return history.End{Status: history.Succeeded, ExitCode: new(int), Summary: []byte("{}")}
	}
	s := New(Options{
		DB: w.db, Engine: w.engine, Loader: loader, Name: "scale:" + strconv.Itoa(os.Getpid()), Workers: scaleWorkers, Launch: nothing,
		Notifier: &Notifier{Getenv: os.LookupEnv}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, loaded)
	pages := pagesOf(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), o.For)
	defer cancel()
	var r scaleReport
	go func() {
		for ctx.Err() == nil {
			time.Sleep(15 * time.Second)
			began := time.Now()
			if answer, err := http.Get(pages + "/metrics"); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				r.Metrics = max(r.Metrics, time.Since(began))
			}
		}
	}()
	go func() {
		for last := int64(0); ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			if at := s.planned.Load(); last == 0 {
				last = at
			} else {
				r.Plan, last = max(r.Plan, time.Since(time.Unix(0, last))), at
			}
		}
	}()
	require.NoError(t, s.Run(ctx))
	r.Memory = mostMemory(os.Getpid())
	out, err := json.Marshal(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.Report, out, 0o600))
}

// mostMemory is the most memory that a process had, in MB.
func mostMemory(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return kb / 1000
}

// scale is a store with a long history.
type scale struct {
	b         *testing.B
	on, state string
	dir       string
	db        *store.DB
	schedules int
}

// serve lets a service work for a while, and prints how late its runs began.
func (s *scale) serve(what string, keepDays int, d time.Duration, cron func(i int) string) {
	s.b.Helper()
	o := scaleService{State: s.state, Dir: s.dir, Report: filepath.Join(s.dir, "report"), KeepDays: keepDays, For: d}
	for i := range s.schedules {
		o.Crons = append(o.Crons, cron(i))
	}
	text, err := json.Marshal(o)
	require.NoError(s.b, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestScaleService$")
	file := filepath.Join(s.dir, "service.json")
	require.NoError(s.b, os.WriteFile(file, text, 0o600))
	cmd.Env = append(os.Environ(), scaleVariable+"="+file)
	cmd.Stderr = os.Stderr
	// Runs that the one before has queued would have to be caught up. The schedules are
	// planned anew, because those runs were for the next minute.
	for _, gone := range []string{`phscript_run WHERE ended_at IS NULL`, `phscript_schedule`} {
		_, err = s.db.ExecContext(s.b.Context(), `DELETE FROM `+gone)
		require.NoError(s.b, err)
	}
	began, before := time.Now(), s.count()
	out, err := cmd.Output()
	require.NoError(s.b, err, "%s", out)
	var r scaleReport
	text, err = os.ReadFile(o.Report)
	require.NoError(s.b, err)
	require.NoError(s.b, json.Unmarshal(text, &r))
	late := s.late(began)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.say("%s: %d runs%s; at most %.2f s between plannings; /metrics at most %.2f s; %d MB; %.0f %% of a processor",
		what, len(late), delays(late), r.Plan.Seconds(), r.Metrics.Seconds(), r.Memory, 100*cpu.Seconds()/d.Seconds())
	if gone := before + int64(len(late)) - s.count(); gone > 0 {
		s.say("%s: about %d runs deleted", what, gone)
	}
}

func (s *scale) say(format string, args ...any) {
	fmt.Printf("%s: %s\n", s.on, fmt.Sprintf(format, args...))
}

func (s *scale) count() (n int64) {
	require.NoError(s.b, s.db.QueryRowContext(s.b.Context(), `SELECT count(*) FROM phscript_run`).Scan(&n))
	return n
}

func delays(late []time.Duration) string {
	if len(late) == 0 {
		return ""
	}
	at := func(percent int) float64 { return late[(len(late)-1)*percent/100].Seconds() }
	return fmt.Sprintf(", late by %.2f s (median), %.2f s (99th percentile), %.2f s (most)", at(50), at(99), at(100))
}

// late returns how late runs began, the least late first, from a moment after the start
// of their service on.
func (s *scale) late(since time.Time) (list []time.Duration) {
	s.b.Helper()
	runs, err := s.db.QueryContext(s.b.Context(), `SELECT started_at - due_at FROM phscript_run WHERE due_at >= ? AND started_at IS NOT NULL`, since.Add(scaleStart).UnixMicro())
	require.NoError(s.b, err)
	defer func() { _ = runs.Close() }()
	for runs.Next() {
		var n int64
		require.NoError(s.b, runs.Scan(&n))
		list = append(list, time.Duration(n)*time.Microsecond)
	}
	slices.Sort(list)
	return list
}

// command measures a command of the program.
func (s *scale) command(args ...string) {
	s.b.Helper()
	var walls, cpus []time.Duration
	for range scaleRounds {
		cmd := exec.Command(built.Path(s.b), args...)
		cmd.Dir, cmd.Env = s.dir, []string{"HOME=" + s.dir, "PHSCRIPT_STATE=" + s.state}
		began := time.Now()
		out, err := cmd.CombinedOutput()
		require.NoError(s.b, err, "%s", out)
		walls = append(walls, time.Since(began))
		cpus = append(cpus, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	s.say("phscript %s: %d ms at best, %d ms in the median, %d ms of processor", strings.Join(args, " "),
		walls[0].Milliseconds(), walls[len(walls)/2].Milliseconds(), cpus[len(cpus)/2].Milliseconds())
}

// BenchmarkScale fills a SQLite file and a PostgreSQL database with 1,000,000 past runs
// of 2,000 schedules, and measures a service and listings on them:
//
//	go test ./runtime/internal/serve -run '^$' -bench Scale -benchtime 1x -timeout 60m
//
// PHSCRIPT_SCALE_RUNS sets another number of past runs.
func BenchmarkScale(b *testing.B) {
	runs, err := strconv.Atoi(cmp.Or(os.Getenv("PHSCRIPT_SCALE_RUNS"), strconv.Itoa(scaleRuns)))
	require.NoError(b, err)
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		b.Run(on, func(b *testing.B) {
			dir := b.TempDir()
			state := filepath.Join(dir, "state.db")
			if on == "PostgreSQL" {
				state = postgres.Start(b).URL()
			}
			db, err := store.Open(b.Context(), state)
			require.NoError(b, err)
			defer func() { _ = db.Close() }()
			past.Past(b, db.DB, scaleSchedules, runs)
			require.NoError(b, os.WriteFile(filepath.Join(dir, "job.lua"), nil, 0o600))
			(&scale{b: b, on: on, state: state, dir: dir, db: db, schedules: scaleSchedules}).measure()
		})
	}
}

func (s *scale) measure() {
	second := func(i int) string { return fmt.Sprintf("%d * * * * *", i%60) }
	never := func(int) string { return "0 0 29 2 *" }
	s.serve("nothing is due", 90, 20*time.Second, never)
	for _, args := range []string{
		"version", "runs list", "runs list --schedule job-7", "runs list --status failed", "runs list --status failed,lost", "runs list --status succeeded",
		"runs list --script jobs/job-7.lua", "runs list --script none.lua", "runs list --since 1h", "runs list --schedule job-7 --status lost", "runs show 1000", "runs logs 1000", "schedule list",
	} {
		s.command(strings.Fields(args)...)
	}
	s.serve("2,000 runs a minute", 90, 75*time.Second, second)
	s.serve("2,000 runs a minute while half of the history is deleted", 45, 75*time.Second, second)
	s.serve("2,000 runs in the same second", 90, 80*time.Second, func(int) string { return "0 * * * * *" })
}
