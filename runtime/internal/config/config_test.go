package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func load(t *testing.T, text string, env map[string]string) (Config, error) {
	t.Helper()
	read := func(name string) ([]byte, error) {
		if text == "" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}
	return Load("", "/work", read, func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	c, err := load(t, "api_token = \"from-file\"\ntenant_token = \"tenant\"\ncalls_per_min = 100\ntimeout = \"30m\"\nmax_memory = \"256MiB\"\nallow_write = [\"reports\"]\n",
		map[string]string{"PLANHAT_API_TOKEN": "from-env", "PLANHAT_CALLS_PER_MIN": "50"})
	require.NoError(t, err)
	assert.Equal(t, "from-env", c.APIToken)
	assert.Equal(t, "tenant", c.TenantToken)
	assert.Equal(t, 50, c.CallsPerMin)
	assert.Equal(t, 30*time.Minute, c.Timeout)
	assert.Equal(t, int64(256<<20), c.MaxMemory)
	assert.Equal(t, []string{filepath.Join("/work", "reports")}, c.AllowWrite)
}

func TestWithoutFile(t *testing.T) {
	c, err := load(t, "", nil)
	require.NoError(t, err)
	assert.Empty(t, c.File)
}

func TestMistakesAreNamed(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", "api_tokn = \"x\"\n", "unknown setting 'api_tokn' (did you mean 'api_token'?)"},
		{"unknown table", "[planhat]\napi_token = \"x\"\n", "unknown setting 'planhat"},
		{"syntax", "api_token = x\n", "phscript.toml:1:13: api_token: the value cannot be read"},
		{"wrong type", "calls_per_min = \"many\"\n", "calls_per_min"},
		{"UTF-16", "\xff\xfea\x00", "phscript.toml: the file is in UTF-16"},
		{"model without a path", "[[model]]\nname = \"contract\"\n", `phscript.toml:2: model "contract": path: `},
		{"unknown key of a model", "[[model]]\nnam = \"contract\"\n", "unknown setting 'model.nam' (did you mean 'name'?)"},
		{"no quota", "calls_per_min = 0\n", "must be at least 1"},
		{"no duration", "timeout = \"soon\"\n", `timeout: "soon" is not a duration`},
		{"no size", "max_memory = \"big\"\n", `max_memory: "big" is not a size`},
	} {
		_, err := load(t, tt.text, nil)
		var e *Error
		require.True(t, errors.As(err, &e), tt.name)
		assert.Contains(t, err.Error(), tt.want, tt.name)
		assert.NotContains(t, err.Error(), " toml:", tt.name)
	}
	_, err := load(t, "", map[string]string{"PLANHAT_CALLS_PER_MIN": "0"})
	assert.ErrorContains(t, err, "PLANHAT_CALLS_PER_MIN")
	_, err = Load("missing.toml", "/work", func(string) ([]byte, error) { return nil, fs.ErrNotExist }, func(string) (string, bool) { return "", false })
	assert.ErrorContains(t, err, "cannot be read")
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1048576": 1 << 20, "2048k": 2 << 20, "1.5GiB": 3 << 29, "256 MB": 256e6} {
		n, err := ParseSize(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "0", "50", "-1MB", "MB", "lots"} {
		_, err := ParseSize(text)
		assert.Error(t, err, text)
	}
}

func TestParseTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1.5s": 1500 * time.Millisecond, "2h": 2 * time.Hour, "1h30m": 90 * time.Minute} {
		d, err := ParseTimeout(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, d)
	}
	for text, want := range map[string]string{
		"0": "too short", "0s": "too short", "-5s": "is not a duration", "tomorrow": "is not a duration", "": "is not a duration", "-5": "is not a duration",
		"5": `"5" has no unit; write a duration as 90s, 30m or 2h`, "1.5": `"1.5" has no unit`, "1h30": "is not a duration",
	} {
		_, err := ParseTimeout(text)
		assert.ErrorContains(t, err, want, text)
	}
	d, err := ParseDuration("0")
	require.NoError(t, err)
	assert.Zero(t, d)
}

func TestCheckListen(t *testing.T) {
	for _, address := range []string{":8627", "127.0.0.1:0", "localhost:http", "[::1]:65535", "0.0.0.0:1"} {
		assert.NoError(t, CheckListen(address), address)
	}
	assert.EqualError(t, CheckListen("8627"), `"8627" is only a port; write 127.0.0.1:8627 for this machine, or :8627 to let other machines connect`)
	for _, address := range []string{"", "localhost", ":99999", "127.0.0.1:", "::1:80", "http://localhost:80", "99999", ":nowhere"} {
		assert.ErrorContains(t, CheckListen(address), "is not an address with a port", address)
	}
}

// TestNumbersThatWouldBeIgnored: each of these once meant the default.
func TestNumbersThatWouldBeIgnored(t *testing.T) {
	for text, want := range map[string]string{
		"[serve]\nworkers = 0\n": "phscript.toml:2: serve.workers: must be at least 1", "[serve]\nworkers = -2\n": "serve.workers: must be at least 1",
		"[serve]\nkeep_days = 0\n": "serve.keep_days: must be at least 1", "[serve]\nlisten = \"8627\"\n": "phscript.toml:2: serve.listen: \"8627\" is only a port",
		"timeout = \"5\"\n": "phscript.toml:1: timeout: \"5\" has no unit", "retry_for = \"5\"\n": "retry_for: \"5\" has no unit",
	} {
		_, err := load(t, text, nil)
		assert.ErrorContains(t, err, want, text)
	}
	_, err := load(t, "[serve]\nworkers = 1\nkeep_days = 1\nlisten = \":8627\"\n", nil)
	assert.NoError(t, err)
}

// TestMistakesHaveALine: also those in lists of tables, and after text over several lines.
func TestMistakesHaveALine(t *testing.T) {
	for text, want := range map[string]string{
		"strict = true\n\ncalls_per_min = 0\nstrict2 = 1\n":                                   "phscript.toml:4: unknown setting 'strict2'",
		"strict = true\n\ncalls_per_min = 0\n\n":                                              "phscript.toml:3: calls_per_min: must be at least 1",
		"allow_env = [\n\"A\",\n1]\nstrict = true\n":                                          "phscript.toml:3: allow_env: each entry must be text, not a number",
		"[[schedule]]\nname = \"a\"\n[[schedule]]\nname = 1\n[[schedule]]\nretries = \"x\"\n": "phscript.toml:4: schedule.name: must be text, not a number",
		"[[schedule]]\nname = \"\"\"\na\"\"\"\n[[schedule]]\nevry = \"1h\"\nx = 1\n":          "phscript.toml:5: unknown setting 'schedule.evry'",
		"[[model]]\nname = \"a\"\npath = \"/as\"\n[[model]]\npath = \"/bs\"\n# end\n":         `phscript.toml:4: model ""`,
		"timeout = \"1h\"\nretry_for = \"tomorrow\"\n":                                        `phscript.toml:2: retry_for: "tomorrow" is not a duration`,
		"timeout = \"kJxPqRsTu70124\"\n":                                                      `phscript.toml:1: timeout: "…" is not a duration`,
		"[planhat.kJxPqRsTu70124]\n":                                                          "phscript.toml:1: unknown setting 'planhat",
	} {
		_, err := load(t, text, nil)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestCheckSettings(t *testing.T) {
	c, err := load(t, "strict = true\n[check]\nglobals = [\"HostName\"]\nignore = [\"unused-local\"]\n", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"HostName"}, c.Check.Globals)
	assert.Equal(t, []string{"unused-local"}, c.Check.Ignore)
	_, err = load(t, "[check]\nglobal = [\"HostName\"]\n", nil)
	require.ErrorContains(t, err, "unknown setting 'check.global' (did you mean 'check.globals'?)")
}

// TestMistakesQuoteNothing: a token whose quotes were forgotten is not repeated
// in the error, whatever the mistake is taken for.
func TestMistakesQuoteNothing(t *testing.T) {
	for text, want := range map[string]string{
		"strict = true\napi_token = kJxPqRsTu\n":                 "phscript.toml:2:13: api_token: the value cannot be read",
		"api_token = 7kJxPqRsTu\n":                               "phscript.toml:1:14: api_token: the value cannot be read",
		"api_token = 70123456789012345678901\n":                  "phscript.toml:1:13: api_token: this number is too large",
		"api_token = 2024-13-99kJxPqRsTu\n":                      "phscript.toml:1:13: api_token: the value cannot be read",
		"api_token = -kJxPqRsTu\n":                               "api_token: the value cannot be read",
		"api_token = 1_kJxPqRsTu\n":                              "api_token: the value cannot be read",
		"api_token = 0xkJxPqRsTu\n":                              "api_token: the value cannot be read",
		"api_token = \"kJxPqRsTu\n":                              "api_token: this text has no closing quote",
		"api_token = \"\"\"kJxPqRsTu":                            "api_token: this text has no closing quote",
		"api_token = \"\\kJxPqRsTu\"\n":                          "unexpected backslash in a text",
		"api_token = \"\"kJxPqRsTu\"\n":                          "api_token: the value cannot be read",
		"api_token = [ \"kJxPqRsTu\" kJxPqRsTu ]\n":              "api_token: this list has no closing bracket",
		"kJxPqRsTu\n":                                            "phscript.toml:1:10: missing = after the name of a setting",
		"api_token = \"a\"\napi_token = \"kJxPqRsTu\"\n":         "phscript.toml:2:1: api_token: this setting appears twice in the file",
		"[[schedule]]\nallow_env = [kJxPqRsTu]\n":                "phscript.toml:2:14: schedule.allow_env: the value cannot be read",
		"[[schedule]]\n[schedule.params]\nkJxPqRsTu = kJxPqRs\n": "phscript.toml:3:13: the value cannot be read",
		"api_token = 2024\n":                                     "api_token: must be text, not a number",
	} {
		_, err := load(t, text, nil)
		var e *Error
		require.ErrorAs(t, err, &e, text)
		assert.Contains(t, err.Error(), want, text)
		for _, part := range []string{"kJx", "JxP", "7012", "'k'", "99"} {
			assert.NotContains(t, err.Error()+e.Hint, part, text)
		}
		assert.NotEmpty(t, e.Hint, text)
	}
}

// TestValuesOfAnotherType: the hint is what to write for the setting that was meant.
func TestValuesOfAnotherType(t *testing.T) {
	const on = "[[schedule]]\nname = \"a\"\n"
	for text, want := range map[string][2]string{
		on + "every = 15":                             {"schedule.every: must be text, not a number", `write every = "15m"`},
		on + "catch_up = true":                        {"schedule.catch_up: must be text, not true or false", `write catch_up = "once"`},
		on + "allow_write = \"out\"":                  {"schedule.allow_write: must be a list, not text", `write allow_write = ["out"]`},
		on + "args = [1]":                             {"schedule.args: each entry must be text, not a number", `write args = ["a", "b"]`},
		on + "on_failure = { command = [\"x\"] }":     {"schedule.on_failure: must be a list, not a table", `write on_failure = [ { command = ["./notify.sh"] } ]`},
		on + "on_failure = [\"x\"]":                   {"schedule.on_failure: each entry must be a table, not text", `write on_failure = [ { command = ["./notify.sh"] } ]`},
		on + "on_failure = [ { command = \"./x\" } ]": {"schedule.on_failure.command: must be a list, not text", `write command = ["./notify.sh"]`},
		on + "retries = \"2\"":                        {"schedule.retries: must be a whole number, not text", "write the number without quotes"},
		on + "retries = 1.5":                          {"schedule.retries: must be a whole number, not a number with a fraction", "write a whole number"},
		on + "dry_run = 1":                            {"schedule.dry_run: must be true or false, not a number", "write dry_run = true"},
		"[schedule]\nname = \"a\"":                    {"schedule: must be a list, not a table", "write each schedule under a line [[schedule]], with two brackets"},
		"serve = 3":                                   {"serve: must be a table, not a number", "write its settings under a line [serve]"},
		"state = 5":                                   {"state: must be text, not a number", "put it in quotes"},
	} {
		_, err := parse("phscript.toml", []byte(text))
		failed, ok := errors.AsType[*Error](err)
		require.True(t, ok, text)
		assert.Equal(t, want, [2]string{failed.Message, failed.Hint}, text)
	}
}
