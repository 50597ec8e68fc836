package configuration_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/configuration"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/view"
)

func TestShow(t *testing.T) {
	r := trial.New(t, map[string]string{"phscript.toml": "api_token = \"a-token-1234\"\nlog_level = \"warn\"\n"})
	r.Variables["PLANHAT_CALLS_PER_MIN"] = "90"
	out, _, err := r.Run(configuration.New, "show", "--origin", "--state", "postgres://me:pass-word@db/x")
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^SETTING +VALUE +FROM$`, out)
	assert.Regexp(t, `(?m)^api_token +\(hidden\) +phscript.toml:1$`, out)
	assert.Regexp(t, `(?m)^log_level +warn +phscript.toml:2$`, out)
	assert.Regexp(t, `(?m)^calls_per_min +90 +PLANHAT_CALLS_PER_MIN$`, out)
	assert.Regexp(t, `(?m)^state +postgres://me:xxxxx@db/x +--state$`, out)
	assert.Regexp(t, `(?m)^api_url +https://api.planhat.com +default$`, out)
	assert.Regexp(t, `(?m)^timeout +- +not set$`, out)
	assert.NotContains(t, out, "a-token-1234")
	assert.NotContains(t, out, "pass-word")
	out, _, err = r.Run(configuration.New, "show")
	require.NoError(t, err)
	assert.NotContains(t, out, "FROM")

	out, _, err = r.Run(configuration.New, "show", "--origin", "--calls-per-min", "60", "--timeout", "5m", "--allow-net", "a.example", "--allow-net", "b.example", "--log-level=error")
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^calls_per_min +60 +--calls-per-min$`, out)
	assert.Regexp(t, `(?m)^timeout +5m +--timeout$`, out)
	assert.Regexp(t, `(?m)^allow_net +a.example, b.example +--allow-net$`, out)
	assert.Regexp(t, `(?m)^log_level +error +--log-level$`, out)
	assert.Regexp(t, `(?m)^strict +false +default$`, out)
	_, _, err = r.Run(configuration.New, "show", "--timeout", "5")
	require.ErrorContains(t, err, `--timeout: "5" has no unit`)

	out, _, err = r.Run(configuration.New, "show", "--json")
	require.NoError(t, err)
	var list view.SettingList
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	assert.Equal(t, config.Setting{Name: "api_token", Value: "(hidden)", Set: true, Secret: true, Origin: config.Origin{Kind: config.FromFile, Name: list.File, Line: 1}}, list.Settings[0])
	assert.Contains(t, list.File, "phscript.toml")

	_, _, err = r.Run(configuration.New, "show", "--config", "gone.toml")
	assert.ErrorContains(t, err, "gone.toml: the configuration file cannot be read")
}
