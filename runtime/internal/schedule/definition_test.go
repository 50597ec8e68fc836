package schedule

import (
	"math"
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
	params := func(n int) config.Params {
		p, err := config.ParamsOf(map[string]any{"a": strings.Repeat("x", n)})
		require.NoError(t, err)
		return p
	}
	for name, err := range map[string]error{
		"no retries":     with(func(s *config.Schedule) { s.Retries = 0 }),
		"most retries":   with(func(s *config.Schedule) { s.Retries = 20 }),
		"longest name":   with(func(s *config.Schedule) { s.Name = strings.Repeat("a", 64) }),
		"shortest pace":  with(func(s *config.Schedule) { s.Every = "1s" }),
		"largest params": with(func(s *config.Schedule) { s.Params = params(MostParams - quotes) }),
	} {
		assert.NoError(t, err, name)
	}
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Retries = -1 }), "retries: must be between 0 and 20")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Retries = 21 }), "retries: must be between 0 and 20")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Name = strings.Repeat("a", 65) }), "at most 64")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Every = "999ms" }), "is not an interval")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Every = "1500ms" }), "is not an interval")
	assert.ErrorContains(t, with(func(s *config.Schedule) { s.Params = params(MostParams - quotes + 1) }), "at most 64 KiB")
	var infinite config.Params
	require.NoError(t, infinite.UnmarshalTOML(map[string]any{"limit": math.Inf(1)}))
	assert.EqualError(t, with(func(s *config.Schedule) { s.Params = infinite }), "test: schedule 'a': params: limit is inf; write a finite number, or text in quotes")
	d, err := New(base, "test")
	assert.NoError(t, err)
	assert.Equal(t, time.Hour, d.Timeout, "a run has a limit")
	assert.True(t, d.Enabled)
	assert.Equal(t, OverlapSkip, d.Overlap)
	assert.Equal(t, CatchUpSkip, d.CatchUp)
}

// TestMistakesInSettings: the error names the setting and says how to write it.
func TestMistakesInSettings(t *testing.T) {
	base := config.Schedule{Name: "a", Script: "a.lua", Every: "1h"}
	for want, change := range map[string]func(s *config.Schedule){
		"a schedule has no name":                                    func(s *config.Schedule) { s.Name = "" },
		"schedule 'a' has no script":                                func(s *config.Schedule) { s.Script = "" },
		"schedule 'a' has no time":                                  func(s *config.Schedule) { s.Every = "" },
		"every: set either every or cron, not both":                 func(s *config.Schedule) { s.Cron = "@daily" },
		"schedule 'a': every: 'soon' is not an interval":            func(s *config.Schedule) { s.Every = "soon" },
		"schedule 'a': cron: 'soon' is not a cron expression":       func(s *config.Schedule) { s.Every, s.Cron = "", "soon" },
		"schedule 'a': cron: unknown time zone 'Mars'":              func(s *config.Schedule) { s.Every, s.Cron, s.TimeZone = "", "@daily", "Mars" },
		"schedule 'a': timeout: ":                                   func(s *config.Schedule) { s.Timeout = "long" },
		"schedule 'a': max_memory: ":                                func(s *config.Schedule) { s.MaxMemory = "much" },
		"schedule 'a': jitter: ":                                    func(s *config.Schedule) { s.Jitter = "some" },
		"overlap: 'que' is not one of skip, queue, cancel_previous": func(s *config.Schedule) { s.Overlap = "que" },
		"catch_up: 'al' is not one of skip, once, all":              func(s *config.Schedule) { s.CatchUp = "al" },
		"on_failure: each entry needs exactly one of":               func(s *config.Schedule) { s.OnFailure = []config.Action{{Script: "b.lua", Command: []string{"mail"}}} },
		"on_recovery: each entry needs exactly one of":              func(s *config.Schedule) { s.OnRecovery = []config.Action{{}} },
		"on_recovery: a webhook address must start with https://":   func(s *config.Schedule) { s.OnRecovery = []config.Action{{Webhook: "ftp://x.example"}} },
	} {
		s := base
		change(&s)
		_, err := New(s, "test")
		assert.ErrorContains(t, err, want)
	}
}

func TestSettingsAreRead(t *testing.T) {
	off := false
	d, err := New(config.Schedule{Name: "a", Script: "a.lua", Cron: "0 2 * * *", TimeZone: "Asia/Tokyo", Timeout: "30m", MaxMemory: "64MiB", Jitter: "5m",
		Overlap: "cancel_previous", CatchUp: "once", Enabled: &off,
		OnFailure: []config.Action{{Webhook: "http://localhost"}, {Webhook: "https://x.example"}, {Script: "b.lua"}, {Command: []string{"mail"}}}}, "test")
	require.NoError(t, err)
	assert.Equal(t, "Asia/Tokyo", d.Timing.Zone().String())
	assert.Equal(t, 30*time.Minute, d.Timeout)
	assert.Equal(t, int64(64<<20), d.MaxMemory)
	assert.Equal(t, 5*time.Minute, d.Jitter)
	assert.Equal(t, OverlapCancel, d.Overlap)
	assert.Equal(t, CatchUpOnce, d.CatchUp)
	assert.False(t, d.Enabled)
}
