package serve

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/schedule"
)

// TestDoubtsNameNoSecret: a token that was written for the name of its variable
// may look like one.
func TestDoubtsNameNoSecret(t *testing.T) {
	unset := func(string) (string, bool) { return "", false }
	wrong := config.Action{WebhookEnv: "kJxPqR7", SecretEnv: "k7jxpqr"}
	usual := config.Action{WebhookEnv: "ALERT_WEBHOOK", SecretEnv: "alert_secret"}
	doubts := Doubts(&Loaded{Definitions: []schedule.Definition{{Schedule: config.Schedule{OnFailure: []config.Action{wrong, usual}}}}}, unset)
	require.Len(t, doubts, 3)
	assert.Contains(t, doubts[0], "an environment variable that webhook_env or secret_env names is not set")
	assert.Contains(t, doubts[1], "ALERT_WEBHOOK")
	assert.Contains(t, doubts[2], "alert_secret")
	n := &Notifier{Getenv: unset}
	for _, a := range []config.Action{wrong, {Webhook: "http://127.0.0.1:1", SecretEnv: "k7jxpqr"}} {
		err := n.post(t.Context(), a, nil)
		require.ErrorContains(t, err, "is not set")
		assert.NotContains(t, err.Error()+actionName(a), "k7j")
		assert.NotContains(t, err.Error()+actionName(a), "kJx")
	}
	assert.Equal(t, "webhook ALERT_WEBHOOK", actionName(usual))
}
