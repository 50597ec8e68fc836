package params_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

const declaring = `-- @param path:file "CSV to import"
-- @param region:choice(eu, us) "Where"
-- @param days:integer default=1
-- @param full:boolean
-- @param key "API key" secret

print(params.path, params.region, params.days, params.full, #params.key, io.read())
`

// terminal makes a trial whose person types lines, and secrets.
func terminal(t *testing.T, typed string, secrets ...string) *trial.Trial {
	r := trial.New(t, map[string]string{"a.lua": declaring, "a.csv": "id\n1\n"})
	r.Env.StdinTTY, r.Env.StderrTTY = true, true
	r.Env.Stdin = strings.NewReader(typed)
	r.Env.ReadSecret = func(context.Context) (string, error) {
		if len(secrets) == 0 {
			return "", io.EOF
		}
		next := secrets[0]
		secrets = secrets[1:]
		return next, nil
	}
	return r
}

// TestAPersonIsAsked: for what the script needs and nobody gave, until it is valid. The rest of
// the input is the script's.
func TestAPersonIsAsked(t *testing.T) {
	r := terminal(t, "b.csv\na.csv\nasia\neu\n\ntrue\nthe script's\n", "short", "quite-secret")
	stdout, stderr, err := r.Run(run.New, "--simulate", "-q", "a.lua", "--days", "3")
	require.EqualError(t, err, "exit code 0", stderr)
	assert.Equal(t, "a.csv\teu\t3\ttrue\t12\tthe script's\n", stdout)
	assert.Equal(t, "path (CSV to import; file): the parameter path names a file that does not exist: b.csv\n"+
		"path (CSV to import; file): region (Where; eu, us): the parameter region must be eu or us, not \"asia\"\n"+
		"region (Where; eu, us): full (true or false): the parameter full must be true or false, not \"\"\n"+
		"full (true or false): key (API key; not shown): \n"+
		"the parameter key must have at least 6 characters, because shorter secrets cannot be hidden in what is printed\n"+
		"key (API key; not shown): \n", stderr)
}

func TestNobodyIsAsked(t *testing.T) {
	for name, change := range map[string]func(r *trial.Trial){
		"without a terminal for input":  func(r *trial.Trial) { r.Env.StdinTTY = false },
		"without a terminal for errors": func(r *trial.Trial) { r.Env.StderrTTY = false },
	} {
		t.Run(name, func(t *testing.T) {
			r := terminal(t, "a.csv\n")
			change(r)
			_, stderr, err := r.Run(run.New, "--simulate", "-q", "a.lua")
			require.EqualError(t, err, "the script needs the parameter path (CSV to import)")
			assert.Empty(t, stderr)
		})
	}
	r := terminal(t, "a.csv\n")
	_, stderr, err := r.Run(run.New, "--simulate", "-q", "a.lua", "--dry-run")
	require.EqualError(t, err, "--dry-run comes after the script name, so the script would receive it")
	assert.Empty(t, stderr, "before a mistake that ends the run anyway")
	_, stderr, err = r.Run(run.New, "--simulate", "-q", "a.lua", "--path", "none.csv")
	require.EqualError(t, err, "the parameter path names a file that does not exist: none.csv")
	assert.Empty(t, stderr)
	_, _, err = r.Run(run.New, "--simulate", "-q", "a.lua")
	require.EqualError(t, err, "the script needs the parameter region (Where)", "the input ended")
}

// TestSecretsAreNotStored: the journal of a run and its summary have no secret.
func TestSecretsAreNotStored(t *testing.T) {
	r := terminal(t, "")
	r.Variables["PHSCRIPT_PARAM_KEY"] = "quite-secret"
	script := runtime.Script{Name: "a.lua", Path: filepath.Join(r.Env.Dir, "a.lua"), Source: []byte(declaring)}
	v, err := params.Of(r.Env, script, params.Given{Params: []string{"path=a.csv", "region=us"}, Args: []string{"--full", "x"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"x"}, v.Args)
	assert.Equal(t, []string{"full", "path", "region"}, v.Named)
	object, err := v.Object()
	require.NoError(t, err)
	assert.JSONEq(t, `{"path":"a.csv","region":"us","days":1,"full":true,"key":"quite-secret"}`, string(object))
	stored, err := v.Stored("token")
	require.NoError(t, err)
	assert.Regexp(t, `"key":"sha256 [0-9a-f]{64}"`, string(stored))
	other, err := v.Stored("another token")
	require.NoError(t, err)
	assert.NotEqual(t, stored, other)
}

// TestSecretsAreNowhere looks for a secret in everything that a run leaves.
func TestSecretsAreNowhere(t *testing.T) {
	const key = "quite-secret-é\"x"
	r := terminal(t, "")
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "b.lua"), []byte(`-- @param key secret
log.info("the key is " .. params.key, { key = params.key })
run.reject({ id = params.key }, "no: " .. params.key)
error("with " .. params.key)
`), 0o600))
	stdout, stderr, err := r.Run(run.New, "--simulate", "--log-level", "debug", "--summary", "s.json", "b.lua", "--key", key)
	require.Error(t, err)
	summary, readErr := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
	require.NoError(t, readErr)
	for _, text := range []string{stdout, stderr, string(summary)} {
		assert.NotContains(t, text, "quite-secret")
	}
	assert.Contains(t, stderr, "[redacted]")
}
