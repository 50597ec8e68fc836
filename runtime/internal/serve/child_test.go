package serve

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// TestDeclaredVariablesOverrideNone: a script of a simulated service that may
// look at PLANHAT_API_URL is not sent to the real Planhat by that.
func TestDeclaredVariablesOverrideNone(t *testing.T) {
	service := map[string]string{"PLANHAT_API_URL": "https://api.planhat.com", "PHSCRIPT_STATE": "real.db", "REGION": "eu"}
	p := &Program{Path: func() (string, error) { return "phscript", nil }, Env: []string{"PLANHAT_API_URL=http://127.0.0.1:1", "PHSCRIPT_STATE=simulated.db"}, Getenv: func(name string) (string, bool) {
		v, ok := service[name]
		return v, ok
	}}
	d := schedule.Definition{Schedule: config.Schedule{AllowEnv: []string{"PLANHAT_API_URL", "PHSCRIPT_STATE", "REGION", "MISSING"}}}
	cmd, err := p.command(t.Context(), &Loaded{}, &history.Run{ID: 7, Script: "a.lua"}, d, t.TempDir(), "summary.json")
	require.NoError(t, err)
	assert.Equal(t, []string{"PLANHAT_API_URL=http://127.0.0.1:1", "PHSCRIPT_STATE=simulated.db", "REGION=eu", RunVariable + "=7", JournalVariable + "=7"}, cmd.Env)
}

// TestVariablesOfAllSchedules: a run gets the variables that the file allows all scripts and
// those of its schedule, each once.
func TestVariablesOfAllSchedules(t *testing.T) {
	p := &Program{Path: func() (string, error) { return "phscript", nil }, Getenv: func(name string) (string, bool) { return "of " + name, true }}
	d := schedule.Definition{Schedule: config.Schedule{AllowEnv: []string{"REGION", "HUBSPOT_TOKEN"}}}
	loaded := &Loaded{Config: config.Config{AllowEnv: []string{"HUBSPOT_TOKEN", "JIRA_TOKEN"}}}
	cmd, err := p.command(t.Context(), loaded, &history.Run{ID: 7, Script: "a.lua"}, d, t.TempDir(), "summary.json")
	require.NoError(t, err)
	assert.Equal(t, []string{"HUBSPOT_TOKEN=of HUBSPOT_TOKEN", "JIRA_TOKEN=of JIRA_TOKEN", "REGION=of REGION", RunVariable + "=7", JournalVariable + "=7"}, cmd.Env)
}

// TestRetriesContinueTheFirstAttempt: they get its journal, and what the schedule decided.
func TestRetriesContinueTheFirstAttempt(t *testing.T) {
	p := &Program{Path: func() (string, error) { return "phscript", nil }}
	for resume, want := range map[string]string{"": "", "stop": "", "send": "--resume=send", "skip": "--resume=skip"} {
		d := schedule.Definition{Schedule: config.Schedule{Resume: resume}}
		cmd, err := p.command(t.Context(), &Loaded{}, &history.Run{ID: 9, RetryOf: 8, First: 7, Script: "a.lua"}, d, t.TempDir(), "summary.json")
		require.NoError(t, err)
		assert.Contains(t, cmd.Env, JournalVariable+"=7")
		if want == "" {
			assert.NotContains(t, strings.Join(cmd.Args, " "), "--resume")
		} else {
			assert.Contains(t, cmd.Args, want)
		}
	}
}

// TestForgedLogLines: what only looks like a line of the log is kept as it is,
// so that its level cannot be one that the store does not take.
func TestForgedLogLines(t *testing.T) {
	for text, want := range map[string]history.Line{
		`{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"m\u0000"}`:        {At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Level: "warn", Message: "m�"},
		`{"time":"2026-01-02T03:04:05Z","level":"in\u0000fo","msg":"m"}`:        {Level: "stderr", Message: `{"time":"2026-01-02T03:04:05Z","level":"in\u0000fo","msg":"m"}`},
		`{"time":"2026-01-02T03:04:05Z","level":"","msg":"m"}`:                  {Level: "stderr", Message: `{"time":"2026-01-02T03:04:05Z","level":"","msg":"m"}`},
		`{"time":"2026-01-02T03:04:05Z","level":"print","msg":"m"}`:             {Level: "stderr", Message: `{"time":"2026-01-02T03:04:05Z","level":"print","msg":"m"}`},
		`{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"m","n":"\u0000"}`: {At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Level: "info", Message: "m", Fields: []byte(`{"n":"\u0000"}`)},
		`{"level":"INFO"`: {Level: "stderr", Message: `{"level":"INFO"`},
	} {
		assert.Equal(t, want, logLine(text), text)
	}
}

// TestWhyARunFailed: the summary says it. Without one, the report does.
func TestWhyARunFailed(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is not installed")
	}
	end := func(code, summary string) history.End {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "exit "+code)
		return conclude(cmd, cmd.Run(), false, []byte(summary), "error: a.lua:3: boom\nmore")
	}
	const failed = `{"calls":2,"rejected":1,"error":{"message":"bo\u0000om\nmore","script":"a.lua","line":3}}`
	for code, want := range map[string]history.Status{"1": history.Failed, "5": history.TimedOut, "130": history.Cancelled} {
		got := end(code, failed)
		assert.Equal(t, want, got.Status)
		assert.Equal(t, "a.lua:3: bo�om", got.Reason)
		assert.Equal(t, "error: a.lua:3: boom\nmore", got.Error)
		assert.Equal(t, []int{2, 1}, []int{got.Calls, got.Rejected})
	}
	got := end("2", "")
	assert.Equal(t, "a.lua:3: boom", got.Reason)
	got = end("1", "")
	assert.Equal(t, []int{history.Unknown, history.Unknown}, []int{got.Calls, got.Rejected})
	assert.Equal(t, "1 row was rejected", end("3", `{"rejected":1}`).Reason)
	assert.Equal(t, history.Succeeded, end("0", `{}`).Status)
}
