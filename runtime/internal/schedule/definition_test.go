package schedule

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
)

// TestSecretsInThePlaceOfTheirVariable: the error does not repeat them.
func TestSecretsInThePlaceOfTheirVariable(t *testing.T) {
	for _, a := range []config.Action{
		{WebhookEnv: "https://hooks.example.com/services/kJxPqR"},
		{WebhookEnv: "xoxb-kJxPqR"},
		{Webhook: "https://hooks.example.com", SecretEnv: "kJxPqR+/="},
		{Webhook: "https://hooks.example.com", SecretEnv: "7kJxPqR"},
	} {
		_, err := New(config.Schedule{Name: "a", Script: "a.lua", Every: "1h", OnFailure: []config.Action{a}}, "phscript.toml")
		require.ErrorContains(t, err, "schedule 'a': on_failure: ")
		assert.ErrorContains(t, err, "_env is the name of an environment variable")
		assert.NotContains(t, err.Error(), "kJx")
	}
	assert.NoError(t, CheckActions([]config.Action{{WebhookEnv: "ALERT_WEBHOOK", SecretEnv: "alert_Secret2"}}))
}
