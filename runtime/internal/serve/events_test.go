package serve

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
)

// TestHandlersAreRuns: the script that handles an event is queued at once with
// the event as its parameters, and its own failure is not an event.
func TestHandlersAreRuns(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	d := w.define(config.Schedule{Name: "nightly", Cron: "0 0 1 1 *", OnFailure: []config.Action{{Script: "tell.lua"}}})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
	ended := func(r *history.Run, end history.End, cutOff bool) {
		require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
			return w.schedules.after(t.Context(), tx, r, d, end, entryState{removed: r.Schedule == ""}, cutOff)
		}))
	}
	runs := func() []*history.Run {
		list, err := w.history.List(t.Context(), history.Filter{})
		require.NoError(t, err)
		return list
	}
	code := 1
	bad := history.End{Status: history.Failed, Error: "it broke", ExitCode: &code}
	ended(&history.Run{ID: 41, Schedule: "nightly", Script: "nightly.lua", Attempt: 1}, bad, false)
	require.Len(t, runs(), 1)
	handler, err := w.history.Run(t.Context(), runs()[0].ID)
	require.NoError(t, err)
	assert.Equal(t, history.ByEvent, handler.Cause)
	assert.Equal(t, "tell.lua", handler.Script)
	assert.Equal(t, "nightly.on_failure", handler.Definition.Name)
	assert.WithinDuration(t, time.Now(), handler.Due, 10*time.Second)
	var event Event
	require.NoError(t, json.Unmarshal([]byte(handler.Definition.Params.JSON()), &event))
	assert.Equal(t, Event{Kind: Failure, Schedule: "nightly", Script: "nightly.lua", Run: 41, Attempt: 1, Status: history.Failed, Error: "it broke", ExitCode: &code}, event)

	ended(handler, bad, false)
	assert.Len(t, runs(), 1, "a handler that fails is not handled")
	ended(&history.Run{ID: 42, Schedule: "nightly", Attempt: 1}, bad, false)
	assert.Len(t, runs(), 1, "the schedule has failed before")
	ended(&history.Run{ID: 43, Schedule: "nightly", Attempt: 1}, history.End{Status: history.Cancelled}, false)
	ended(&history.Run{ID: 44, Schedule: "nightly", Attempt: 1}, history.End{Status: history.Succeeded}, false)
	assert.Len(t, runs(), 1, "a recovery has no action")
	ended(&history.Run{ID: 45, Schedule: "nightly", Attempt: 1}, history.End{Status: history.Cancelled}, false)
	assert.Len(t, runs(), 1, "somebody wanted that")
	ended(&history.Run{ID: 46, Schedule: "nightly", Attempt: 1}, history.End{Status: history.Cancelled}, true)
	assert.Len(t, runs(), 2, "nobody wanted that")
}

// TestErrorsInEventsAreShortened: to whole lines, the last ones.
func TestErrorsInEventsAreShortened(t *testing.T) {
	assert.Equal(t, "short", newEvent(Failure, &history.Run{}, history.End{Error: "short"}).Error)
	long := newEvent(Failure, &history.Run{}, history.End{Error: strings.Repeat("a line\n", 2000) + "the last"}).Error
	assert.True(t, strings.HasPrefix(long, "…\na line\n"), long[:20])
	assert.True(t, strings.HasSuffix(long, "\nthe last"))
	assert.InDelta(t, longestError, len(long), 20)
	assert.Equal(t, "… "+strings.Repeat("é", 3), lastOf(strings.Repeat("é", 10), 7), "not the half of a letter")
	assert.Equal(t, "1234567", lastOf("1234567", 7))
}

// TestProgramsAreNotified: a program reads the event, in the folder of the
// schedules, and what it says is part of the reason if it fails.
func TestProgramsAreNotified(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is not installed")
	}
	n := &Notifier{Getenv: os.LookupEnv, Dir: t.TempDir(), Env: []string{"TO=ops", "PATH=" + os.Getenv("PATH")}}
	act := func(script string) error {
		return n.act(t.Context(), config.Action{Command: []string{"sh", "-c", script, "sh", "one"}}, Event{Kind: Failure, Schedule: "nightly", Rejected: 2})
	}
	require.NoError(t, act(`{ cat; echo; echo "$1 $TO"; } > told`))
	told, err := os.ReadFile(filepath.Join(n.Dir, "told"))
	require.NoError(t, err)
	event, rest, _ := strings.Cut(string(told), "\n")
	assert.JSONEq(t, `{"event":"failure","schedule":"nightly","script":"","run":0,"attempt":0,"status":"","rejected":2}`, event)
	assert.Equal(t, "one ops\n", rest)
	require.EqualError(t, act("echo 'no route' >&2; exit 3"), "exit status 3: no route")
	require.EqualError(t, act("exit 3"), "exit status 3")
	require.NoError(t, act(`{ exec 3<&0; sleep 2; cat <&3 >/dev/null; echo noise; echo x > left; } & exit 0`), "what it leaves running holds its streams")
	left := filepath.Join(n.Dir, "left")
	assert.NoFileExists(t, left, "nobody waits for it")
	patience.Await(t, 20*time.Millisecond, func() bool { _, err := os.Stat(left); return err == nil }, "it ends when it says something")
	require.EqualError(t, act("echo 'no route'; sleep 2 & exit 3"), "exit status 3: no route")
	err = act("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done; exit 3")
	assert.True(t, strings.HasSuffix(err.Error(), "line 998\nline 999"))
	assert.InDelta(t, 2<<10, len(err.Error()), 20)
}

// TestHowActionsAreNamed: in logs, without their secrets.
func TestHowActionsAreNamed(t *testing.T) {
	for want, a := range map[string]config.Action{
		"script tell.lua": {Script: "tell.lua"}, "command mail": {Command: []string{"mail", "-s", "secret"}},
		"webhook hooks.example.com": {Webhook: "https://hooks.example.com/secret"}, "webhook": {Webhook: "secret"},
	} {
		assert.Equal(t, want, actionName(a))
	}
	set := func(string) (string, bool) { return "", false }
	doubts := Doubts(&Loaded{Unread: []string{"jobs"}, Config: config.Config{Serve: config.Serve{
		OnFailure: []config.Action{{Command: []string{"no-such-program"}}, {Command: []string{"./no-such-program"}}, {Command: []string{"no-such-program"}}},
	}}}, set)
	assert.Equal(t, []string{
		"permission denied for the folder jobs: schedules in its scripts' headers are ignored",
		"the program no-such-program, which sends notifications, was not found",
	}, doubts)
}

// TestTroubleIsLoggedOnce: when it begins, and when it ends.
func TestTroubleIsLoggedOnce(t *testing.T) {
	var out strings.Builder
	s := &Service{o: Options{Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}}
	ctx, stop := context.WithCancel(t.Context())
	passes := 0
	s.loop(ctx, time.Millisecond, time.Minute, "planning", func(pass context.Context) error {
		deadline, ok := pass.Deadline()
		assert.True(t, ok)
		assert.WithinDuration(t, time.Now().Add(time.Minute), deadline, 10*time.Second)
		switch passes++; passes {
		case 2, 3:
			return errors.New("no route")
		case 6:
			stop()
			return errors.New("the end is not a failure")
		}
		return nil
	})
	assert.Equal(t, "level=ERROR msg=\"planning failed; retrying\" reason=\"no route\"\nlevel=INFO msg=\"planning works again\"\n", out.String())
}

// pagesOf serves the health pages of a service and returns their address.
func pagesOf(t testing.TB, s *Service) string {
	mux := http.NewServeMux()
	s.Health(mux, func(next http.Handler) http.Handler { return next })
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	return pages.URL
}

// TestPages: what a load balancer and Prometheus see.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	d := w.define(config.Schedule{Name: "nightly", Cron: "0 0 1 1 *"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
	s := New(Options{DB: w.db, Engine: w.engine, Loader: &Loader{Dir: w.dir}, Workers: 3, Log: slog.New(slog.DiscardHandler)}, &Loaded{})
	pages := pagesOf(t, s)
	page := func(path string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, pages+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(text)
	}
	sees := func(path string, wantCode int, want string) {
		t.Helper()
		code, text := page(path)
		assert.Equal(t, wantCode, code)
		assert.Equal(t, want, text)
	}
	sees("/healthz", 200, "ok\n")
	sees("/readyz", 503, "schedules have not been planned recently\n")
	require.NoError(t, s.plan(t.Context()))
	sees("/readyz", 200, "ok\n")
	s.problem = errors.New("line 3 is wrong")
	sees("/readyz", 200, "ok\nthe changed configuration is not in use; the service's log says why\n")
	s.planned.Store(time.Now().Add(-time.Minute).UnixNano())
	sees("/readyz", 503, "schedules have not been planned recently\n")

	r := &history.Run{Definition: config.Schedule{Name: `a "b\`}, Attempt: 2, Started: time.Now().Add(-400 * time.Second)}
	s.meters.note(r, history.End{Status: history.Failed, Calls: 5, Summary: []byte(`{"retries":3,"waited_seconds":1.5}`)})
	r.Attempt, r.Started = 1, time.Now()
	s.meters.note(r, history.End{Status: history.Lost, Summary: []byte(`{"retries":`)})
	s.meters.note(r, history.End{Status: history.Succeeded, Calls: 1})
	_, text := page("/metrics")
	has := func(lines ...string) {
		t.Helper()
		for _, line := range lines {
			assert.Contains(t, "\n"+text, "\n"+line+"\n")
		}
	}
	has(
		"# HELP phscript_runs_total Runs that ended in this process, by schedule and status.",
		"# TYPE phscript_runs_total counter",
		`phscript_runs_total{schedule="a \"b\\",status="failed"} 1`,
		`phscript_runs_total{schedule="a \"b\\",status="lost"} 1`,
		"# TYPE phscript_run_duration_seconds histogram",
		`phscript_run_duration_seconds_bucket{schedule="a \"b\\",le="0.1"} 1`,
		`phscript_run_duration_seconds_bucket{schedule="a \"b\\",le="300"} 1`,
		`phscript_run_duration_seconds_bucket{schedule="a \"b\\",le="900"} 2`,
		`phscript_run_duration_seconds_bucket{schedule="a \"b\\",le="+Inf"} 2`,
		`phscript_run_duration_seconds_count{schedule="a \"b\\"} 2`,
		"phscript_retries_total 1",
		`phscript_run_calls_total{schedule="a \"b\\"} 6`,
		`phscript_run_call_retries_total{schedule="a \"b\\"} 3`,
		`phscript_run_quota_waited_seconds_total{schedule="a \"b\\"} 1.5`,
		"phscript_workers_busy 0", "phscript_workers 3", "phscript_configuration_broken 1", "phscript_quota_limit 200",
		`phscript_runs_stored{status="succeeded"} 0`, "phscript_store_up 1",
		// Series exist from the start, so that the first change can be alerted on.
		`phscript_runs_total{schedule="nightly",status="failed"} 0`, `phscript_run_calls_total{schedule="nightly"} 0`,
		`phscript_schedule_failing{schedule="nightly"} 0`, `phscript_schedule_paused{schedule="nightly"} 0`,
		"# TYPE phscript_schedule_missed_total counter", `phscript_schedule_missed_total{schedule="nightly"} 0`,
		`phscript_schedule_skipped_total{schedule="nightly"} 0`, `phscript_schedule_ticks_without_run{schedule="nightly"} 0`,
		`phscript_schedule_notifications_undelivered{schedule="nightly"} 0`, `phscript_schedule_notifications_given_up_total{schedule="nightly"} 0`,
		`phscript_schedule_last_tick_timestamp_seconds{schedule="nightly"} 0`, `phscript_schedule_last_success_timestamp_seconds{schedule="nightly"} 0`,
	)
	assert.Regexp(t, `phscript_schedule_added_timestamp_seconds\{schedule="nightly"\} 1\.\d+e\+09`, text)
	alertsUse(t, text)
	assert.Contains(t, text, `phscript_run_duration_seconds_sum{schedule="a \"b\\"} 400.`)
	assert.NotContains(t, text, "phscript_quota_used", "nobody has used the quota yet")
}
