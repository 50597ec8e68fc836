package connect

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// connected is a trial with HubSpot's stand-in and a simulated Planhat.
func connected(t *testing.T) (*trial.Trial, *hubspot.Server, []string) {
	t.Helper()
	vendor := hubspot.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	vendor.Configure(func(s *hubspot.Settings) { s.Burst, s.Search = 0, 0 })
	vendor.Add("companies", map[string]string{"name": "Northwind"})
	vendor.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	planhat, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, nil)
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = planhat.APIToken(), planhat.URL()
	r.Variables["PLANHAT_ANALYTICS_URL"] = planhat.AnalyticsURL()
	return r, vendor, []string{"hubspot", "--base", web.URL, "--allow-net", "127.0.0.1"}
}

func TestConnect(t *testing.T) {
	r, vendor, args := connected(t)
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	asked := 0
	r.Env.ReadSecret = func(context.Context) (string, error) { asked++; return " " + hubspot.ServiceKey + "\n", nil }
	out, _, err := r.Run(New, append(args, "--way", "key")...)
	require.NoError(t, err, out)
	for _, want := range []string{"1. In HubSpot", "ok      companies: the first 1 records fit", "stored HUBSPOT_TOKEN, encrypted", "created hubspot.lua", "created hubspot_test.lua"} {
		assert.Contains(t, out, want)
	}
	script, err := os.ReadFile(filepath.Join(r.Env.Dir, "hubspot.lua"))
	require.NoError(t, err)
	assert.Contains(t, string(script), "@schedule")
	assert.Equal(t, 1, asked)

	// The script and its test use the base, too.
	base := args[2]
	assert.Contains(t, string(script), `settings = { base = "`+base+`" },`)
	test, err := os.ReadFile(filepath.Join(r.Env.Dir, "hubspot_test.lua"))
	require.NoError(t, err)
	assert.Contains(t, string(test), base+"/crm/objects/2026-09/")
	assert.NotContains(t, string(test), "api.hubapi.com")
	assert.Contains(t, out, "phscript run --allow-net 127.0.0.1 hubspot.lua")
	vendor.Log.Reset()
	stdout, stderr, err := r.Run(run.New, "--allow-net", "127.0.0.1", "--param", "streams=companies", "hubspot.lua")
	require.EqualError(t, err, "exit code 0", stdout+stderr)
	assert.NotZero(t, vendor.Log.Count(nil))

	// The key is nowhere in plain text.
	require.NoError(t, filepath.WalkDir(r.Env.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotContains(t, string(text), hubspot.ServiceKey, path)
		return nil
	}))

	// The stored key is used later, and files that exist are kept.
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "hubspot.lua"), []byte("-- mine"), 0o600))
	r.Env.StdinTTY = false
	out, _, err = r.Run(New, args...)
	require.NoError(t, err, out)
	assert.Contains(t, out, "kept hubspot.lua")
	assert.Equal(t, 1, asked)
}

// Nothing is stored or written if the credentials do not work.
func TestConnectFails(t *testing.T) {
	r, _, args := connected(t)
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	r.Env.ReadSecret = func(context.Context) (string, error) { return "a-wrong-service-key", nil }
	out, _, err := r.Run(New, append(args, "--way", "key")...)
	assert.ErrorContains(t, err, "nothing was stored or written")
	assert.Contains(t, out, "failed  companies")
	assert.NotContains(t, out, "a-wrong-service-key")
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "hubspot.lua"))

	r.Env.StdinTTY = false
	_, _, err = r.Run(New, append(args, "--way", "key")...)
	assert.ErrorContains(t, err, "HUBSPOT_TOKEN is not set")
	r.Variables["HUBSPOT_TOKEN"] = hubspot.ServiceKey
	_, _, err = r.Run(New, append(args, "--set", "subdomain=acme")...)
	assert.ErrorContains(t, err, "setting of HubSpot")
	_, _, err = r.Run(New, "hubpsot")
	assert.ErrorContains(t, err, `there is no connector for "hubpsot"`)
	out, _, err = r.Run(New)
	require.NoError(t, err)
	for _, name := range []string{"hubspot", "salesforce", "zendesk"} {
		assert.Contains(t, "\n"+out, "\n"+name+"\n")
	}
	systems, advice, _ := strings.Cut(out, "\n\n")
	assert.NotContains(t, systems, ".", "parts of connectors")

	// What has nothing to connect is not listed among the systems.
	assert.NotContains(t, systems, "nps_csv")
	assert.Contains(t, advice, "nps_csv needs no connection: write a script that uses it, see 'phscript doc connectors/nps_csv'\n")
	_, _, err = r.Run(New, "nps_csv")
	require.ErrorContains(t, err, "nps_csv needs no connection")
	var hinted interface{ ErrorHint() string }
	require.ErrorAs(t, err, &hinted)
	assert.Equal(t, "write a script that uses it, see 'phscript doc connectors/nps_csv'", hinted.ErrorHint())
	opened, err := runtime.New(runtime.Options{})
	require.NoError(t, err)
	for _, name := range Systems() {
		s, err := describe(t.Context(), opened, &source{name: name})
		require.NoError(t, err, name)
		assert.NotEmpty(t, s.script, name)
	}
}
