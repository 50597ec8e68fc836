package host_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/repl"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// foreign lets files with these names belong to somebody else, and the others to the
// user of the test.
func foreign(r *trial.Trial, names ...string) {
	user := r.Env.Trust.User
	if user < 0 {
		r.Skip("files have no owner's id on this system")
	}
	r.Env.Trust.Owner = func(info fs.FileInfo) (int, int, bool) {
		for _, name := range names {
			if info.Name() == name {
				return user + 1, user + 1, true
			}
		}
		return user, user, true
	}
}

const token = "SECRETTOKEN-abc-12345"

// TestUntrusted: a file of somebody else decides neither where a token goes nor what a
// script may do.
func TestUntrusted(t *testing.T) {
	for name, tt := range map[string]struct {
		files   map[string]string
		foreign string
		say     string
	}{
		"the configuration":   {map[string]string{"phscript.toml": "api_url = \"http://127.0.0.1:1\"\nallow_read = [\"/\"]\n"}, "phscript.toml", "phscript.toml belongs to "},
		"the state directory": {map[string]string{"state/phscript/x": ""}, "phscript", "phscript belongs to "},
		"the store":           {map[string]string{"state/phscript/state.db": ""}, "state.db", "the store's file "},
		"the store's journal": {map[string]string{"state/phscript/state.db-wal": ""}, "state.db-wal", "the store's file "},
		"the link out":        {map[string]string{"elsewhere/x": ""}, "out", "the link "},
	} {
		t.Run(name, func(t *testing.T) {
			r := trial.New(t, tt.files)
			if tt.foreign == "out" {
				require.NoError(t, os.Symlink(filepath.Join(r.Env.Dir, "elsewhere"), filepath.Join(r.Env.Dir, "out")))
			}
			foreign(r, tt.foreign)
			r.Variables["PLANHAT_API_TOKEN"] = token
			_, err := settings(r, "")
			var untrusted *trust.Error
			require.ErrorAs(t, err, &untrusted)
			assert.Contains(t, untrusted.Message, tt.say)
			assert.Contains(t, untrusted.Hint, "export PHSCRIPT_TRUST=")
			stdout, _, err := r.Run(run.New, "-e", "print('ran')")
			require.ErrorAs(t, err, &untrusted)
			assert.Empty(t, stdout)
			_, _, err = r.Run(repl.New)
			require.ErrorAs(t, err, &untrusted)

			r.Env.Trust.Listed = []string{r.Env.Dir}
			_, err = settings(r, "")
			assert.NoError(t, err)
		})
	}
}

// TestWhereTokensGo: a token of the environment goes to Planhat's hosts, to this
// machine, and where the environment or a flag sends it.
func TestWhereTokensGo(t *testing.T) {
	const gateway, plain = `api_url = "https://gateway.example.com:8443"`, `analytics_url = "http://gateway.example.com"`
	for name, tt := range map[string]struct {
		file, flags, refused string
		variables            map[string]string
	}{
		"nothing is named":      {"", "", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"a region":              {`api_url = "https://api-us2.planhat.com"`, "", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"this machine":          {`api_url = "http://127.0.0.1:8626"`, "", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"by the file":           {gateway, "", "api_url: gateway.example.com:8443 would receive the token of PLANHAT_API_TOKEN", map[string]string{"PLANHAT_API_TOKEN": token}},
		"for analytics":         {`analytics_url = "https://x.example"`, "", "analytics_url: x.example would receive the token of PLANHAT_TENANT_TOKEN", map[string]string{"PLANHAT_TENANT_TOKEN": token}},
		"the file's own token":  {gateway + "\napi_token = \"" + token + `"`, "", "", nil},
		"a flag names it":       {gateway, "--allow-host=gateway.example.com", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"a flag names another":  {gateway, "--allow-host=gateway.example.com:443", "would receive the token", map[string]string{"PLANHAT_API_TOKEN": token}},
		"the environment names": {gateway, "", "", map[string]string{"PLANHAT_API_TOKEN": token, "PLANHAT_API_URL": "https://other.example"}},
		"plain, by the file":    {plain + "\napi_token = \"" + token + `"`, "", "analytics_url: the connection to gateway.example.com is not encrypted", nil},
		"plain, by variable":    {"", "", "PLANHAT_API_URL: the connection to sim.example:80 is not encrypted", map[string]string{"PLANHAT_API_URL": "http://sim.example:80"}},
		"plain to Planhat":      {"", "", "is not encrypted", map[string]string{"PLANHAT_API_URL": " http://api.planhat.com"}},
		"plain, half allowed":   {plain, "--allow-host=gateway.example.com", "is not encrypted", nil},
		"plain, allowed":        {plain, "--allow-host=http://gateway.example.com", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"simulated":             {gateway, "--simulate", "", map[string]string{"PLANHAT_API_TOKEN": token}},
		"no host":               {"", "--allow-host=b@c", "--allow-host: ", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := trial.New(t, map[string]string{"phscript.toml": tt.file})
			for variable, value := range tt.variables {
				r.Variables[variable] = value
			}
			_, err := settings(r, "--state=memory "+tt.flags)
			if tt.refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.refused)
			assert.NotContains(t, err.Error(), token)
		})
	}
}

// TestReachOfScripts: what planhat.new may connect to.
func TestReachOfScripts(t *testing.T) {
	const own = "http://127.0.0.1:9"
	for name, tt := range map[string]struct{ flags, address, refused string }{
		"simulated":                  {"--simulate", "http://127.0.0.1:18801", "with --simulate, scripts reach only the simulated Planhat, not 127.0.0.1:18801"},
		"simulated, Planhat's":       {"--simulate", "https://api.planhat.com", "with --simulate"},
		"simulated, with a flag":     {"--simulate --allow-host=x.example", "https://x.example", "with --simulate"},
		"a dry run":                  {"--dry-run", "http://127.0.0.1:18801", "a dry run reaches only the configured Planhat, not 127.0.0.1:18801"},
		"a dry run, Planhat's":       {"--dry-run", "https://api-us2.planhat.com", "a dry run reaches"},
		"a dry run, allowed":         {"--dry-run --allow-host=api-us2.planhat.com", "https://api-us2.planhat.com", ""},
		"a dry run, the configured":  {"--dry-run", own, ""},
		"another machine":            {"", "https://x.example", "x.example is not one of Planhat's hosts"},
		"another machine, allowed":   {"--allow-host=x.example", "https://x.example", ""},
		"not encrypted":              {"--allow-host=x.example", "http://x.example", "the connection to x.example is not encrypted"},
		"not encrypted, but allowed": {"--allow-host=http://x.example", "http://x.example", ""},
		"another cluster":            {"", "https://api-us2.planhat.com", ""},
		"this machine":               {"", "http://127.0.0.1:18801", ""},
	} {
		for _, option := range []string{"api_url", "analytics_url"} {
			t.Run(name+", "+option, func(t *testing.T) {
				r := trial.New(t, nil)
				r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_ANALYTICS_URL"], r.Variables["PLANHAT_API_TOKEN"] = own, own, token
				flags := []string{"--state=memory", "-e", "planhat.new{ " + option + " = '" + tt.address + "', api_token = 'x', tenant_token = 'x' }"}
				if tt.flags != "" {
					flags = append(strings.Fields(tt.flags), flags...)
				}
				_, stderr, _ := r.Run(run.New, flags...)
				if tt.refused == "" {
					assert.Contains(t, stderr, "done in")
					return
				}
				assert.Contains(t, stderr, tt.refused)
			})
		}
	}
}

// TestScriptsOfASimulatedService reach only its Planhat.
func TestScriptsOfASimulatedService(t *testing.T) {
	r := trial.New(t, nil)
	r.Variables["PHSCRIPT_SIMULATED"], r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_API_TOKEN"] = "1", "http://127.0.0.1:9", token
	_, stderr, _ := r.Run(run.New, "--state=memory", "-e", "planhat.new{ api_url = 'http://127.0.0.1:18801', api_token = 'x' }")
	assert.Contains(t, stderr, "with --simulate, scripts reach only the simulated Planhat")
}

// TestReadableTokens are reported, with advice that works.
func TestReadableTokens(t *testing.T) {
	r := trial.New(t, map[string]string{"phscript.toml": `api_token = "` + token + `"`, ".env": "export PLANHAT_API_TOKEN='x'\n", "conf/c.toml": "strict = true", "conf/.env": "A=1\n"})
	if r.Env.Trust.User < 0 {
		t.Skip("no modes on this system")
	}
	_, stderr, err := r.Run(run.New, "--simulate", "-q", "-e", "")
	var finished interface{ ExitCode() int }
	require.ErrorAs(t, err, &finished)
	require.NoError(t, os.Symlink(r.Env.Dir, filepath.Join(r.Env.Dir, "same")))
	_, linked, _ := r.Run(run.New, "--simulate", "-q", "--config", "same/phscript.toml", "-e", "")
	assert.Equal(t, 1, strings.Count(linked, ".env holds a token"), linked)
	for _, name := range []string{"phscript.toml", ".env"} {
		file := filepath.Join(r.Env.Dir, name)
		assert.Contains(t, stderr, file+" holds a token, and every user of this machine can read it; run: chmod o-r "+file)
		require.NoError(t, os.Chmod(file, 0o640))
	}
	assert.NotContains(t, stderr, token)
	_, stderr, _ = r.Run(run.New, "--simulate", "-q", "-e", "")
	assert.Empty(t, stderr)
	_, stderr, _ = r.Run(run.New, "--simulate", "-q", "--config", "conf/c.toml", "-e", "")
	assert.Empty(t, stderr, "neither file there holds a token")
}

// TestFilesOfAScheduledRun: the script, and what it loads by a name that only the run
// knows, run only if nobody else can change them.
func TestFilesOfAScheduledRun(t *testing.T) {
	for name, tt := range map[string]struct {
		run  string
		want string
	}{
		"by hand": {"", ""}, "scheduled": {"7", "theirs.lua belongs to "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, code := range []string{`local name = "theirs" require(name)`, `dofile("theirs" .. ".lua")`, "own"} {
				r := trial.New(t, map[string]string{"a.lua": code, "theirs.lua": "print('ran')"})
				script := "a.lua"
				if code == "own" {
					script = "theirs.lua"
				}
				foreign(r, "theirs.lua")
				input, end, err := os.Pipe() // its end is that of the service
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, end.Close()) })
				r.Env.Stdin = input
				if tt.run != "" {
					r.Variables["PHSCRIPT_RUN"] = tt.run
				}
				out, stderr, err := r.Run(run.New, "--state", "memory", script)
				if tt.want == "" {
					require.EqualError(t, err, "exit code 0", stderr)
					assert.Equal(t, "ran\n", out)
					continue
				}
				require.Error(t, err)
				assert.Empty(t, out)
				assert.Contains(t, stderr+err.Error(), tt.want)
				var untrusted *trust.Error
				if !errors.As(err, &untrusted) {
					assert.Contains(t, stderr, "hint: read it first: it would run on a schedule")
				}
			}
		})
	}
}
