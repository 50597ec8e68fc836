package serve

import (
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
	p := &Program{Path: "phscript", Env: []string{"PLANHAT_API_URL=http://127.0.0.1:1", "PHSCRIPT_STATE=simulated.db"}, Getenv: func(name string) (string, bool) {
		v, ok := service[name]
		return v, ok
	}}
	d := schedule.Definition{Schedule: config.Schedule{AllowEnv: []string{"PLANHAT_API_URL", "PHSCRIPT_STATE", "REGION", "MISSING"}}}
	cmd, err := p.command(&history.Run{ID: 7, Script: "a.lua"}, d, t.TempDir(), "summary.json")
	require.NoError(t, err)
	assert.Equal(t, []string{"PLANHAT_API_URL=http://127.0.0.1:1", "PHSCRIPT_STATE=simulated.db", "REGION=eu", RunVariable + "=7"}, cmd.Env)
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
