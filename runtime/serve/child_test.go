package serve

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/schedule"
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
