package connect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

const harborKey = "a-key-of-harbor-4711"

// harbor is a trial with the connector that the guide shows how to write, in a folder,
// and a system that it connects.
func harbor(t *testing.T, file string) (r *trial.Trial, args []string, asked *atomic.Int32) {
	t.Helper()
	guide, err := os.ReadFile("../../../../docs/connectors.md")
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(guide), "```lua file=harbor.lua\n")
	require.True(t, ok)
	code, _, _ = strings.Cut(code, "```")
	asked = &atomic.Int32{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		if req.Header.Get("Authorization") != "Bearer "+harborKey {
			http.Error(w, `{"message": "unknown key"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"accounts": [{"id": "a-1", "name": "Northwind", "website": "northwind.example", "owner": {"email": ""}, "tier": "Gold"}]}`))
	}))
	t.Cleanup(web.Close)
	planhat, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r = trial.New(t, map[string]string{file: code})
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = planhat.APIToken(), planhat.URL()
	r.Variables["PLANHAT_ANALYTICS_URL"] = planhat.AnalyticsURL()
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	r.Env.ReadSecret = func(context.Context) (string, error) { return harborKey, nil }
	return r, []string{"--base", web.URL, "--allow-net", "127.0.0.1"}, asked
}

// A connector of the user's own is connected like a built-in one, and what was entered is
// stored for scripts that may read it.
func TestConnectOwn(t *testing.T) {
	for _, tt := range []struct{ file, system, script string }{
		{"harbor.lua", "./harbor.lua", "harbor_sync.lua"},
		{"harbor.lua", "harbor", "harbor_sync.lua"},
		{"lib/harbor.lua", "harbor", "harbor_sync.lua"},
		{"crm/harbor.lua", "crm.harbor", "harbor_sync.lua"},
		{"crm/harbor.lua", "crm/harbor.lua", filepath.Join("crm", "harbor_sync.lua")},
		{"harbor/init.lua", "harbor", "harbor_sync.lua"},
	} {
		t.Run(tt.system+" in "+tt.file, func(t *testing.T) {
			r, args, asked := harbor(t, tt.file)
			out, stderr, err := r.Run(New, append(args, tt.system)...)
			require.NoError(t, err, out+stderr)
			for _, want := range []string{
				filepath.Join(r.Env.Dir, tt.file) + " gets what you enter, and reaches api.harbor.example", "1. In Harbor, open Settings", "HARBOR_TOKEN (the key, not shown): ",
				"ok      accounts: the first 1 records fit", "stored HARBOR_TOKEN, encrypted", "created " + tt.script,
				"phscript run --allow-net 127.0.0.1 --allow-env HARBOR_TOKEN " + tt.script,
			} {
				assert.Contains(t, out, want)
			}
			assert.NotContains(t, out+stderr, harborKey)
			script, err := os.ReadFile(filepath.Join(r.Env.Dir, tt.script))
			require.NoError(t, err)
			assert.Contains(t, string(script), "-- @schedule \"15 3 * * *\"\n-- @allow net=api.harbor.example\n")
			assert.Equal(t, int32(1), asked.Load())

			stdout, stderr, err := r.Run(run.New, "--allow-net", "127.0.0.1", "--allow-env", "HARBOR_TOKEN", tt.script)
			require.EqualError(t, err, "exit code 0", stdout+stderr)
			assert.Contains(t, stderr, "created    1")
			_, stderr, _ = r.Run(run.New, "--allow-net", "127.0.0.1", tt.script)
			assert.Contains(t, stderr, "the environment variable HARBOR_TOKEN is not declared for scripts")
		})
	}
}

// What is stored for built-in connectors and for others stays apart.
func TestOwnCredentialsAreApart(t *testing.T) {
	r, _, args := connected(t)
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	r.Env.ReadSecret = func(context.Context) (string, error) { return hubspot.ServiceKey, nil }
	_, _, err := r.Run(New, append(args, "--way", "key")...)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "look.lua"), []byte(`print(env.get("HUBSPOT_TOKEN"))`), 0o600))
	out, stderr, err := r.Run(run.New, "--allow-env", "HUBSPOT_TOKEN", "look.lua")
	require.EqualError(t, err, "exit code 0", stderr)
	assert.Equal(t, "nil\n", out)
}

func TestOwnConnectorsThatAreRefused(t *testing.T) {
	r, args, asked := harbor(t, "harbor.lua")
	file := filepath.Join(r.Env.Dir, "harbor.lua")
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	entered := 0
	r.Env.ReadSecret = func(context.Context) (string, error) { entered++; return harborKey, nil }
	for name, tt := range map[string]struct{ from, to, want string }{
		"a built-in connector's variable": {`name = "HARBOR_TOKEN", what`, `name = "HUBSPOT_TOKEN", what`, "asks for HUBSPOT_TOKEN, which is not a credential of harbor"},
		"Planhat's token":                 {`name = "HARBOR_TOKEN", what`, `name = "PLANHAT_API_TOKEN", what`, "asks for PLANHAT_API_TOKEN"},
		"nothing declared":                {`require("connector.setup").add{`, `local _ = {`, "does not say how harbor is connected"},
		"another name":                    {`  name = "harbor", title = "Harbor", connection`, `  name = "hubspot", title = "Harbor", connection`, "does not say how harbor is connected"},
		"no connection":                   {`connection = harbor,`, ``, "connection must be what connector.new returned"},
		"a variable that is not declared": {`C.bearer("HARBOR_TOKEN")`, `C.bearer("HARBOR_OTHER")`, "nothing was stored or written"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(good), tt.from)
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(good), tt.from, tt.to, 1)), 0o600))
			r.Variables["HARBOR_OTHER"] = harborKey
			_, _, err := r.Run(New, append(args, "harbor")...)
			assert.ErrorContains(t, err, tt.want)
			assert.Zero(t, asked.Load())
			assert.NoFileExists(t, filepath.Join(r.Env.Dir, "harbor_sync.lua"))
		})
	}
	entered = 0

	// Whoever can change the file would get the credentials.
	require.NoError(t, os.WriteFile(file, good, 0o600))
	require.NoError(t, os.Chmod(file, 0o666))
	_, _, err = r.Run(New, append(args, "harbor")...)
	assert.ErrorContains(t, err, "every user can change "+file)
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.Chmod(r.Env.Dir, 0o777))
	_, _, err = r.Run(New, append(args, "harbor")...)
	assert.ErrorContains(t, err, "every user can change the folder "+r.Env.Dir)
	require.NoError(t, os.Chmod(r.Env.Dir, 0o700))
	assert.Zero(t, entered)

	for name, want := range map[string]string{
		"./nowhere.lua": `there is no connector for "./nowhere.lua"`,
		"./hubspot.lua": "has the name of a built-in connector",
		"./Harbor.lua":  `"Harbor" cannot be the name of a connector`,
	} {
		if name != "./nowhere.lua" {
			require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, name), good, 0o600))
		}
		_, _, err = r.Run(New, append(args, name)...)
		assert.ErrorContains(t, err, want)
	}

	// Without --base, it reaches only its own host.
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(good), "connection = harbor,", `connection = harbor, hosts = { "other.example" },`, 1)), 0o600))
	out, _, err := r.Run(New, "harbor")
	assert.ErrorContains(t, err, "nothing was stored or written")
	assert.Contains(t, out, "reaches other.example")
	assert.Contains(t, out, "api.harbor.example")
	assert.Contains(t, out, "--allow-net=api.harbor.example")
}
