package examples

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/jira"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// TestConnectZendesk connects Zendesk as a user does, and runs the test that connect
// writes.
func TestConnectZendesk(t *testing.T) {
	t.Parallel()
	vendor := zendesk.New(standin.RunningClock(time.Now()))
	vendor.Fill(zendesk.Sizes{Organizations: 3, Users: 9, Tickets: 20})
	vendor.Clock.Advance(2 * time.Minute)
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	dir := t.TempDir()
	phscript := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), server.Environment()...)
		cmd.Env = append(cmd.Env, "ZENDESK_CLIENT_ID="+zendesk.ClientID, "ZENDESK_CLIENT_SECRET="+zendesk.ClientSecret, "XDG_STATE_HOME="+dir)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	out := phscript("connect", "zendesk", "--set", "subdomain=northwind", "--base", web.URL, "--allow-net", "127.0.0.1")
	for _, want := range []string{
		"ok      organizations: the first 3 records fit", "ok      users: the first 9 records fit", "ok      tickets: the first 20 records fit",
		"ok      satisfaction", "created zendesk.lua", "created zendesk_test.lua",
	} {
		assert.Contains(t, out, want)
	}
	script, err := os.ReadFile(dir + "/zendesk.lua")
	require.NoError(t, err)
	assert.Contains(t, string(script), `settings = { subdomain = "northwind" },`)
	assert.Empty(t, server.Records("ticket"))
	assert.Contains(t, phscript("test", "."), "✓ zendesk_test.lua")
}

// TestConnectJira connects Jira as a user does, and runs the test that connect writes.
func TestConnectJira(t *testing.T) {
	t.Parallel()
	vendor := jira.New(standin.RunningClock(time.Now()))
	vendor.Add(jira.Fields{"summary": "CSV export times out"})
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	dir := t.TempDir()
	phscript := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), server.Environment()...)
		cmd.Env = append(cmd.Env, "JIRA_EMAIL="+jira.Email, "JIRA_TOKEN="+jira.Token, "XDG_STATE_HOME="+dir)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	out := phscript("connect", "jira", "--set", "site="+jira.Site, "--base", web.URL, "--allow-net", "127.0.0.1")
	assert.Contains(t, out, "ok      issues: the first 1 records fit")
	assert.NotContains(t, out, jira.Token)
	script, err := os.ReadFile(dir + "/jira.lua")
	require.NoError(t, err)
	assert.Contains(t, string(script), `settings = { site = "northwind" },`)
	assert.Empty(t, vendor.Writes())
	assert.Contains(t, phscript("test", "."), "✓ jira_test.lua")
}
