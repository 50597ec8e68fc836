package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const twoProfiles = `calls_per_min = 150
timeout = "1h"
api_url = "https://api.planhat.com"

[profile.sandbox]
region = "us2"
token_env = "SANDBOX_TOKEN"
calls_per_min = 90

[profile.production]
production = true
allow = ["read", "update"]
confirm_above = 20
api_url = "https://gate.example.com"
analytics_url = "https://gate.example.com/a"
token_file = "secrets/production"
tenant_token_command = ["pass", "show", "secret-name"]
timeout = "5m"
`

func loaded(t *testing.T, text string, variables map[string]string) (Config, func(string) (string, bool)) {
	t.Helper()
	getenv := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	c, err := Load("", "/p", func(string) ([]byte, error) { return []byte(text), nil }, getenv)
	require.NoError(t, err)
	return c, getenv
}

func rows(c Config) map[string]Setting {
	found := map[string]Setting{}
	for _, s := range c.Settings() {
		found[s.Name] = s
	}
	return found
}

func TestChooseAProfile(t *testing.T) {
	c, getenv := loaded(t, twoProfiles, map[string]string{"PLANHAT_API_URL": "https://api-eu9.planhat.com", "PLANHAT_CALLS_PER_MIN": "10"})
	all := c
	require.NoError(t, c.Choose(Choice{Name: "production", Getenv: getenv}))
	assert.Equal(t, "production", c.Profile.Name)
	assert.True(t, c.Profile.Production)
	assert.Equal(t, []string{"read", "update"}, c.Profile.Allow)
	assert.Equal(t, 20, c.Profile.Threshold)
	assert.Equal(t, "/p/secrets/production", c.TokenFile)
	for name, want := range map[string]struct{ value, origin string }{
		"profile":       {"production", "--profile"},
		"api_url":       {"https://gate.example.com", "/p/phscript.toml:14"},
		"analytics_url": {"https://gate.example.com/a", "/p/phscript.toml:15"},
		"calls_per_min": {"10", "PLANHAT_CALLS_PER_MIN"},
		"timeout":       {"5m", "/p/phscript.toml:18"},
		"token_file":    {"/p/secrets/production", "/p/phscript.toml:16"},
		"token_env":     {"", "default"}, "token_command": {"", "default"},
		"tenant_token_command":             {"pass with 2 arguments", "/p/phscript.toml:17"},
		"profile.production.production":    {"true", "/p/phscript.toml:11"},
		"profile.production.allow":         {"read, update", "/p/phscript.toml:12"},
		"profile.production.confirm_above": {"20", "/p/phscript.toml:13"},
	} {
		assert.Equal(t, want.value, rows(c)[name].Value, name)
		assert.Equal(t, want.origin, rows(c)[name].Origin.String(), name)
	}
	c = all
	require.NoError(t, c.Choose(Choice{Getenv: func(name string) (string, bool) { return map[string]string{ProfileVariable: "sandbox"}[name], true }}))
	assert.Equal(t, "https://api-us2.planhat.com", c.APIURL)
	assert.Equal(t, 90, c.CallsPerMin)
	assert.Equal(t, "SANDBOX_TOKEN", c.TokenEnv)
	assert.Equal(t, ProfileVariable, c.ChosenBy().String())
	assert.Equal(t, "/p/phscript.toml:6", c.OriginOf("api_url").String())

	c = all
	err := c.Choose(Choice{Getenv: getenv})
	require.EqualError(t, err, "/p/phscript.toml: no profile was chosen of production, sandbox")
	assert.Empty(t, c.Profile.Name)
	for name, want := range map[string]string{"prodction": "did you mean 'production'", "elsewhere": "there is no profile 'elsewhere'"} {
		err := c.Choose(Choice{Name: name, Getenv: getenv})
		require.ErrorContains(t, err, want)
		var refused *Error
		require.ErrorAs(t, err, &refused)
		assert.Contains(t, refused.Hint, "are: production, sandbox")
		assert.Equal(t, 2, refused.ExitCode())
	}
}

// TestSimulatedProfiles: with a simulated Planhat, a profile decides neither where it is nor
// who asks it.
func TestSimulatedProfiles(t *testing.T) {
	c, getenv := loaded(t, twoProfiles, map[string]string{"PLANHAT_API_URL": "http://127.0.0.1:1"})
	all := c
	require.NoError(t, c.Choose(Choice{Simulated: true, Getenv: getenv}), "there need not be one")
	assert.Empty(t, c.Profile.Name)
	require.NoError(t, c.Choose(Choice{Simulated: true, Name: "production", Getenv: getenv}))
	assert.Equal(t, "http://127.0.0.1:1", c.APIURL)
	assert.True(t, c.IsZero())
	assert.Equal(t, "5m", rows(c)["timeout"].Value)
	c = all
	require.Error(t, c.Choose(Choice{Simulated: true, Name: "x", Getenv: getenv}))
}

func TestTheOnlyProfile(t *testing.T) {
	c, getenv := loaded(t, "\n[profile.\"only\"]\nregion = \"eu3\"\n", nil)
	require.NoError(t, c.Choose(Choice{Getenv: getenv}))
	assert.Equal(t, "/p/phscript.toml:2", c.ChosenBy().String())
	assert.Equal(t, "https://api-eu3.planhat.com", c.APIURL)

	c, getenv = loaded(t, "strict = true\n", nil)
	require.NoError(t, c.Choose(Choice{Getenv: getenv}))
	err := c.Choose(Choice{Name: "x", Getenv: getenv})
	require.ErrorContains(t, err, "--profile: there is no profile 'x'")
	var refused *Error
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Hint, "has no profiles")
}

func TestWrongProfiles(t *testing.T) {
	for text, want := range map[string]string{
		"[profile.a]\nallow = [\"read\", \"wirte\"]\n":                                       `:2: profile.a.allow: unknown permission "wirte"`,
		"[profile.a]\nallow = [\"update\"]\n":                                                `:2: profile.a.allow: must contain "read"`,
		"[profile.a]\nallow = []\n":                                                          `must contain "read"`,
		"[profile.a]\nregion = \"us2\"\napi_url = \"https://x\"\n":                           "region and api_url both name the host",
		"[profile.a]\nregion = \"https://x\"\n":                                              "is not the name of a region",
		"[profile.a]\ncalls_per_min = 0\n":                                                   "profile.a.calls_per_min: must be at least 1",
		"[profile.a]\nconfirm_above = -1\n":                                                  "profile.a.confirm_above: must be at least 1",
		"[profile.a]\ntimeout = \"5\"\n":                                                     "profile.a.timeout: \"5\" has no unit",
		"[profile.a]\nproducton = true\n":                                                    "unknown setting 'profile.a.producton' (did you mean 'production'",
		"[profile.a]\napi_token = \"abc\"\n":                                                 "unknown setting 'profile.a.api_token'",
		"[profile.a]\ntoken_env = \"A\"\ntoken_file = \"b\"\n":                               "profile.a.token_env and profile.a.token_file both say where the token is",
		"token_file = \"b\"\ntoken_command = [\"c\"]\n":                                      "token_file and token_command both say where the token is",
		"token_command = []\n":                                                               "token_command: must name a program",
		"token_command = \"pass show x\"\n":                                                  "token_command: must be a list, not text",
		"api_token = \"t\"\n[profile.a]\nproduction = true\n":                                ": api_token: in a file with profiles, each profile has its own token",
		"token_file = \"t\"\n[profile.a]\nproduction = true\n":                               "write token_file under [profile.NAME]",
		"[profile.\"a b\"]\nproduction = true\n":                                             "a profile's name consists of",
		"profile = \"production\"\n":                                                         "profile: must be a table",
		"[[schedule]]\nname = \"n\"\nscript = \"s\"\nevery = \"1h\"\nprofil = \"sandbox\"\n": "did you mean 'profile'",
	} {
		_, err := Load("", "/p", func(string) ([]byte, error) { return []byte(text), nil }, func(string) (string, bool) { return "", false })
		assert.ErrorContains(t, err, want, text)
		if err != nil {
			assert.NotContains(t, err.Error(), "abc")
		}
	}
}
