package config

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func settingsOf(t *testing.T, text string, variables map[string]string) map[string]Setting {
	t.Helper()
	read := func(string) ([]byte, error) { return []byte(text), nil }
	if text == "" {
		read = func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	}
	c, err := Load("", "/p", read, func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
	require.NoError(t, err)
	found := map[string]Setting{}
	for _, s := range c.Settings() {
		found[s.Name] = s
	}
	return found
}

func TestOrigins(t *testing.T) {
	found := settingsOf(t, `# timeout = "1h"
api_token = "a-secret-1"
api_url = "https://me:pass-word@example.com/a?key=k-secret"
retry_for = "90m"
strict = true
allow_env = [
  "A",
  # timeout = "2h"
  "B",
]
state = """postgres://me:pass-word@db/x?sslpassword=s-secret"""
max_memory = "512MB"
check.globals = ["x"]

[[model]]
name = "thing"
path = "/things"

[serve]
"workers" = 3
keep_days = 7
on_failure = [
  { webhook = "https://hooks.example.com/w-secret" }, { script = "n.lua" },
  { command = ["./n.sh", "c-secret"] }, { webhook_env = "HOOK" },
]

[[schedule]]
name = "first"
script = "a.lua"
every = "1h"
timeout = "5m"

[[schedule]]
name = "second"
script = "a.lua"
every = "1h"
`, map[string]string{"PLANHAT_API_TOKEN": "a-secret-2", "PLANHAT_RETRY_FOR": "5m", "PLANHAT_CALLS_PER_MIN": "90"})
	for name, want := range map[string]struct{ value, origin string }{
		"api_token":        {"(hidden)", "PLANHAT_API_TOKEN"},
		"tenant_token":     {"", "default"},
		"api_url":          {"https://me:xxxxx@example.com/a?…", "/p/phscript.toml:3"},
		"retry_for":        {"5m", "PLANHAT_RETRY_FOR"},
		"calls_per_min":    {"90", "PLANHAT_CALLS_PER_MIN"},
		"strict":           {"true", "/p/phscript.toml:5"},
		"allow_env":        {"A, B", "/p/phscript.toml:6"},
		"timeout":          {"", "default"},
		"state":            {"postgres://me:xxxxx@db/x?…", "/p/phscript.toml:11"},
		"max_memory":       {"512MB", "/p/phscript.toml:12"},
		"check.globals":    {"x", "/p/phscript.toml:13"},
		"check.ignore":     {"", "default"},
		"model":            {"thing", "/p/phscript.toml:15"},
		"serve.workers":    {"3", "/p/phscript.toml:20"},
		"serve.keep_days":  {"7", "/p/phscript.toml:21"},
		"serve.on_failure": {"webhook (hidden), script n.lua, command ./n.sh with 1 argument, webhook in HOOK", "/p/phscript.toml:22"},
		"serve.on_missed":  {"", "default"},
		"schedule":         {"first, second", "/p/phscript.toml:27"},
	} {
		assert.Equal(t, want.value, found[name].Value, name)
		assert.Equal(t, want.origin, found[name].Origin.String(), name)
		assert.Equal(t, want.origin != "default", found[name].Set, name)
		assert.NotContains(t, found[name].Value, "secret", name)
	}
	found = settingsOf(t, "timeout = \"90s\"\nserve = { workers = 4 }\n[[schedule]]\nscript = \"a.lua\"\nevery = \"1h\"\ntimeout = \"1h\"\n", nil)
	assert.Equal(t, "/p/phscript.toml:1", found["timeout"].Origin.String())
	assert.Equal(t, "1m30s", found["timeout"].Value)
	assert.Equal(t, "/p/phscript.toml:2", found["serve.workers"].Origin.String())
	assert.Equal(t, "a.lua", found["schedule"].Value)
	assert.False(t, settingsOf(t, "", nil)["state"].Set)
}

// TestEverySettingIsListed: a new setting must say where it comes from, too.
func TestEverySettingIsListed(t *testing.T) {
	found := settingsOf(t, "", nil)
	for _, key := range keys {
		if key != "serve" && key != "dashboard" && key != "webhooks" {
			assert.Contains(t, found, key)
		}
	}
	for _, table := range []string{"serve", "dashboard", "webhooks"} {
		for _, key := range tableKeys[table] {
			assert.Contains(t, found, table+"."+key)
		}
	}
}
