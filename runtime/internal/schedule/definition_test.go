package schedule

import (
	"strings"
	"testing"
	"time"

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

// TestBoundsOfSettings: what is exactly at a bound is taken.
func TestBoundsOfSettings(t *testing.T) {
	base := config.Schedule{Name: "a", Script: "a.lua", Every: "1h"}
	with := func(change func(s *config.Schedule)) error {
		s := base
		change(&s)
		_, err := New(s, "test")
		return err
	}
	quotes := len(`{"a":""}`)
	for name, err := range map[string]error{
		"no retries":     with(func(s *config.Schedule) { s.Retries = 0 }),
		"most retries":   with(func(s *config.Schedule) { s.Retries = 20 }),
		"longest name":   with(func(s *config.Schedule) { s.Name = strings.Repeat("a", 64) }),
		"shortest pace":  with(func(s *config.Schedule) { s.Every = "1s" }),
		"largest params": with(func(s *config.Schedule) { s.Params = map[string]any{"a": strings.Repeat("x", MostParams-quotes)} }),
	} {
		assert.NoError(t, err, name)
	}
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Retries = -1 }), "retries: must be between 0 and 20")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Retries = 21 }), "retries: must be between 0 and 20")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Name = strings.Repeat("a", 65) }), "at most 64")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Every = "999ms" }), "is not an interval")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Every = "1500ms" }), "is not an interval")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Params = map[string]any{"a": strings.Repeat("x", MostParams-quotes+1)} }), "at most 64 KiB")
	d, err := New(base, "test")
	assert.NoError(t, err)
	assert.Equal(t, time.Hour, d.Timeout, "a run has a limit")
	assert.True(t, d.Enabled)
	assert.Equal(t, OverlapSkip, d.Overlap)
	assert.Equal(t, CatchUpSkip, d.CatchUp)
}
