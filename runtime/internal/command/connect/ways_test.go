package connect

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

// browser opens the addresses that it is shown.
type browser struct {
	io.Writer
	t      *testing.T
	opened int
}

var shown = regexp.MustCompile(`http://\S+/(o/oauth2/v2/auth|oauth/authorize|services/oauth2/authorize)\?\S+`)

func (b *browser) Write(p []byte) (int, error) {
	if address := shown.Find(p); address != nil {
		b.opened++
		go func() { // as it is another program
			res, err := http.Get(string(address))
			if assert.NoError(b.t, err) {
				assert.NoError(b.t, res.Body.Close())
			}
		}()
	}
	return b.Writer.Write(p)
}

func calendar(t *testing.T) (*trial.Trial, *gcal.Server, *browser, []string) {
	t.Helper()
	vendor := gcal.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	vendor.Put(gcal.Account, "review", gcal.Body{"summary": "Review", "start": gcal.Body{"date": "2026-02-01"}, "end": gcal.Body{"date": "2026-02-02"},
		"attendees": []any{gcal.Body{"email": "kim@northwind.example"}}})
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	planhat, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	require.NoError(t, planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
	r := trial.New(t, nil)
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = planhat.APIToken(), planhat.URL()
	r.Variables["PLANHAT_ANALYTICS_URL"] = planhat.AnalyticsURL()
	r.Env.StdinTTY, r.Env.StdoutTTY, r.Env.StderrTTY = true, true, true
	b := &browser{Writer: r.Env.Stderr, t: t}
	r.Env.Stderr = b
	r.Env.ReadSecret = func(context.Context) (string, error) { return gcal.ClientSecret, nil }
	return r, vendor, b, []string{"google_calendar", "--base", web.URL + "/calendar/v3", "--allow-net", "127.0.0.1", "--set", "user=" + gcal.Account}
}

func TestConnectInTheBrowser(t *testing.T) {
	r, _, b, args := calendar(t)
	r.Env.Stdin = strings.NewReader("7\n1\n" + gcal.ClientID + "\n")
	out, stderr, err := r.Run(New, args...)
	require.NoError(t, err, out+stderr)
	for _, want := range []string{
		"1. browser: ", "2. key: ", "Which way (1 to 2)? \nWhich way", "client of the type Desktop app", "GOOGLE_CALENDAR_CLIENT_ID (the client ID of the app): ",
		"ok      events: the first 1 records fit", "stored GOOGLE_CALENDAR_CLIENT_SECRET, encrypted", "created google_calendar.lua", "created google_calendar_test.lua",
	} {
		assert.Contains(t, out, want)
	}
	assert.Equal(t, 1, b.opened)
	script, err := os.ReadFile(filepath.Join(r.Env.Dir, "google_calendar.lua"))
	require.NoError(t, err)
	assert.Contains(t, string(script), `settings = { base = "`+args[2]+`", user = "`+gcal.Account+`" },`)

	// The authorization is stored, so nobody is needed any more.
	r.Env.StdinTTY = false
	out, _, err = r.Run(New, append(args, "--way", "browser")...)
	require.NoError(t, err, out)
	assert.Equal(t, 1, b.opened)
	assert.NotContains(t, out+stderr, gcal.ClientSecret)
}

func TestConnectWithAKeyFile(t *testing.T) {
	r, vendor, b, args := calendar(t)
	r.Variables["HOME"] = filepath.Join(r.Env.Dir, "home")
	require.NoError(t, os.Mkdir(r.Variables["HOME"], 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(r.Variables["HOME"], "key.json"), []byte(vendor.Key()), 0o600))
	r.Env.Stdin = strings.NewReader("key\n~/key.json\n")
	out, stderr, err := r.Run(New, args...)
	require.NoError(t, err, out+stderr)
	assert.Contains(t, out, "GOOGLE_CALENDAR_KEY (the JSON file of the service account's key, as the path of the file): ")
	assert.Contains(t, out, "stored GOOGLE_CALENDAR_KEY, encrypted")
	assert.Equal(t, []string{gcal.Account}, vendor.Subjects())
	require.NoError(t, os.Remove(filepath.Join(r.Variables["HOME"], "key.json")))
	r.Env.StdinTTY = false
	out, _, err = r.Run(New, append(args, "--way", "key")...)
	require.NoError(t, err, "the stored one is used: %s", out)
	assert.Len(t, vendor.Subjects(), 1)

	// Another way takes its place, although the connector would prefer the key.
	r.Env.StdinTTY, r.Env.Stdin = true, strings.NewReader(gcal.ClientID+"\n")
	out, _, err = r.Run(New, append(args, "--way", "browser")...)
	require.NoError(t, err, out)
	assert.Contains(t, out, "removed the stored GOOGLE_CALENDAR_KEY, which this way does not use")
	assert.Equal(t, 1, b.opened)
}

func TestWaysThatAreWrong(t *testing.T) {
	r, vendor, b, args := calendar(t)
	r.Env.Stdin = strings.NewReader("2\nnowhere.json\n")
	_, _, err := r.Run(New, args...)
	assert.ErrorContains(t, err, "cannot read the JSON file of the service account's key")
	r.Env.StdinTTY = false
	_, _, err = r.Run(New, args...)
	assert.ErrorContains(t, err, "there are several ways to connect Google Calendar")
	_, _, err = r.Run(New, append(args, "--way", "carrier-pigeon")...)
	assert.ErrorContains(t, err, `"carrier-pigeon" is not a way to connect`)
	_, _, err = r.Run(New, "zendesk", "--way", "browser")
	assert.ErrorContains(t, err, "there is only one way to connect Zendesk")

	// The variables of a way choose it. Without a terminal, there is nobody to ask.
	r.Variables["GOOGLE_CALENDAR_CLIENT_ID"], r.Variables["GOOGLE_CALENDAR_CLIENT_SECRET"] = gcal.ClientID, gcal.ClientSecret
	out, _, err := r.Run(New, args...)
	assert.ErrorContains(t, err, "nothing was stored or written")
	assert.Contains(t, out, "nobody has authorized the app")
	r.Env.StdinTTY = true
	vendor.Deny(true)
	out, _, err = r.Run(New, args...)
	assert.ErrorContains(t, err, "nothing was stored or written")
	assert.Contains(t, out, "the app was not authorized: access_denied")
	assert.Equal(t, 1, b.opened)
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "google_calendar.lua"))
}

func TestHubSpotInTheBrowser(t *testing.T) {
	r, vendor, args := connected(t)
	r.Env.StdinTTY, r.Env.StdoutTTY, r.Env.StderrTTY = true, true, true
	b := &browser{Writer: r.Env.Stderr, t: t}
	r.Env.Stderr = b
	r.Env.ReadSecret = func(context.Context) (string, error) { return hubspot.ClientSecret, nil }
	r.Env.Stdin = strings.NewReader("browser\n" + hubspot.ClientID + "\n")
	out, stderr, err := r.Run(New, args...)
	require.NoError(t, err, out+stderr)
	for _, want := range []string{
		"1. key: ", "2. browser: ", "redirect URL http://localhost:8976/callback", "ok      companies: the first 1 records fit", "stored HUBSPOT_CLIENT_SECRET, encrypted",
	} {
		assert.Contains(t, out, want)
	}
	assert.Equal(t, 1, b.opened)
	assert.NotContains(t, out+stderr, hubspot.ClientSecret)

	// The script uses the authorization that is stored, and the app gets no more scopes than
	// the connector needs.
	r.Env.StdinTTY = false
	stdout, stderr, err := r.Run(run.New, "--allow-net", "127.0.0.1", "--param", "streams=companies", "hubspot.lua")
	require.EqualError(t, err, "exit code 0", stdout+stderr)
	assert.Contains(t, stderr, "created    1")
	assert.Equal(t, 1, b.opened)
	asked := vendor.Log.Requests(standin.Is("GET", "/oauth/authorize"))
	require.Len(t, asked, 1)
	assert.Equal(t, "oauth crm.objects.companies.read crm.objects.contacts.read crm.objects.deals.read crm.objects.owners.read tickets", asked[0].Query.Get("scope"))
	assert.NotContains(t, asked[0].Query, "optional_scope")
	assert.Regexp(t, `^http://localhost:\d+/callback$`, asked[0].Query.Get("redirect_uri"))
}

// org is a trial with Salesforce's stand-in, at the time of this machine.
func org(t *testing.T) (*trial.Trial, *salesforce.Server, *browser, []string) {
	t.Helper()
	vendor := salesforce.New(standin.NewClock(time.Now()))
	vendor.AddAt("Account", time.Now().Add(-time.Hour), salesforce.Values{"Name": "Northwind"})
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	planhat, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, nil)
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = planhat.APIToken(), planhat.URL()
	r.Variables["PLANHAT_ANALYTICS_URL"] = planhat.AnalyticsURL()
	r.Env.StdinTTY, r.Env.StdoutTTY, r.Env.StderrTTY = true, true, true
	r.Env.Now = time.Now
	b := &browser{Writer: r.Env.Stderr, t: t}
	r.Env.Stderr = b
	r.Env.ReadSecret = func(context.Context) (string, error) { return salesforce.ClientSecret, nil }
	return r, vendor, b, []string{"salesforce", "--base", web.URL, "--allow-net", "127.0.0.1", "--set", "instance=acme.my.salesforce.com"}
}

func TestSalesforceWays(t *testing.T) {
	t.Run("browser", func(t *testing.T) {
		r, vendor, b, args := org(t)
		r.Env.Stdin = strings.NewReader("browser\n" + salesforce.ClientID + "\n")
		out, stderr, err := r.Run(New, args...)
		require.NoError(t, err, out+stderr)
		assert.Contains(t, out, "callback URL http://localhost:8976/callback")
		assert.Contains(t, out, "ok      accounts: the first 1 records fit")
		assert.Equal(t, 1, b.opened)
		script, err := os.ReadFile(filepath.Join(r.Env.Dir, "salesforce.lua"))
		require.NoError(t, err)
		assert.Contains(t, string(script), `sign_in = "browser"`)
		r.Env.StdinTTY = false
		vendor.OAuth.ExpireAccess()
		stdout, stderr, err := r.Run(run.New, "--allow-net", "127.0.0.1", "--param", "streams=accounts", "salesforce.lua")
		require.EqualError(t, err, "exit code 0", stdout+stderr)
		assert.Contains(t, stderr, "created    1")
		renewed, _ := vendor.OAuth.Counts()
		assert.Equal(t, 1, renewed)
	})
	t.Run("key", func(t *testing.T) {
		r, vendor, b, args := org(t)
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		vendor.Certify(&key.PublicKey)
		text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "salesforce.pem"), text, 0o600))
		r.Env.ReadSecret = func(context.Context) (string, error) { return salesforce.ClientID, nil }
		r.Env.Stdin = strings.NewReader("key\nsalesforce.pem\n" + salesforce.Username + "\n")
		out, stderr, err := r.Run(New, args...)
		require.NoError(t, err, out+stderr)
		assert.Contains(t, out, "stored SALESFORCE_PRIVATE_KEY, encrypted")
		assert.Zero(t, b.opened)
		script, err := os.ReadFile(filepath.Join(r.Env.Dir, "salesforce.lua"))
		require.NoError(t, err)
		assert.Contains(t, string(script), `username = "`+salesforce.Username+`"`)

		// The secret takes its place.
		r.Env.ReadSecret = func(context.Context) (string, error) { return salesforce.ClientSecret, nil }
		r.Variables["SALESFORCE_CLIENT_ID"] = salesforce.ClientID
		out, stderr, err = r.Run(New, append(args, "--way", "secret")...)
		require.NoError(t, err, out+stderr)
		assert.Contains(t, out, "removed the stored SALESFORCE_PRIVATE_KEY, which this way does not use")
		_, _, err = r.Run(New, append(args, "--way", "secret", "--set", "username=kim@acme.example")...)
		assert.ErrorContains(t, err, "--set username=kim@acme.example")
	})
}
