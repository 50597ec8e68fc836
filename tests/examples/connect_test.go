package examples

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/aha"
	"github.com/phscript/phscript/tests/standin/asknicely"
	"github.com/phscript/phscript/tests/standin/gcal"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/intercom"
	"github.com/phscript/phscript/tests/standin/jira"
	"github.com/phscript/phscript/tests/standin/productboard"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
	"github.com/phscript/phscript/tests/standin/typeform"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// connection is a system that a user connects.
type connection struct {
	system string
	path   string // of the API, at the vendor
	vendor func(clock *standin.Clock) http.Handler
	env    []string
	issued func(vendor http.Handler) string // one more variable, from the vendor; it may be nil
	secret string                           // must not be in what connect prints
	set    string                           // the settings, as --set takes them, separated by spaces
	says   []string
	script string // part of the script
	// after checks the vendor when the system is connected. It may be nil.
	after func(t *testing.T, vendor http.Handler)
}

var connections = []connection{
	{
		system: "aha", env: []string{"AHA_TOKEN=" + aha.Token}, secret: aha.Token, set: "subdomain=" + aha.Subdomain,
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := aha.New(clock)
			vendor.Fill(3, 9, 2)
			return vendor
		},
		says: []string{"ok      ideas: the first 9 records fit", "ok      features: the first 2 records fit"}, script: `settings = { subdomain = "northwind" },`,
	},
	{
		system: "asknicely", env: []string{"ASKNICELY_KEY=" + asknicely.Key}, secret: asknicely.Key, set: "domain=" + asknicely.Domain,
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := asknicely.New(clock)
			vendor.Fill(5)
			return vendor
		},
		says: []string{"ok      responses: the first 5 records fit"}, script: `settings = { domain = "northwind" },`,
	},
	{
		system: "google_calendar", path: "/calendar/v3", set: "user=" + gcal.Account, secret: "PRIVATE KEY",
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := gcal.New(clock)
			vendor.Fill(5)
			return vendor
		},
		issued: func(vendor http.Handler) string { return "GOOGLE_CALENDAR_KEY=" + vendor.(*gcal.Server).Key() },
		says:   []string{"ok      events: no meetings with customers; left out: 5 without a guest"}, script: `settings = { user = "am@ours.example" },`,
	},
	{
		system: "hubspot", env: []string{"HUBSPOT_TOKEN=" + hubspot.ServiceKey}, secret: hubspot.ServiceKey,
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := hubspot.New(clock)
			vendor.Fill(hubspot.Sizes{Companies: 3, Contacts: 9, Deals: 4, Tickets: 5, Owners: 1})
			return vendor
		},
		says: []string{"ok      companies: the first 3 records fit", "ok      contacts: the first 9 records fit", "ok      deals", "ok      tickets"},
	},
	{
		system: "intercom", env: []string{"INTERCOM_TOKEN=" + intercom.Token}, secret: intercom.Token, set: "host=api.eu.intercom.io",
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := intercom.New(clock)
			vendor.Fill(intercom.Sizes{Companies: 3, Contacts: 9, Conversations: 20})
			return vendor
		},
		says: []string{
			"ok      companies: the first 3 records fit", "ok      contacts: the first 9 records fit", "ok      conversations: the first 20 records fit",
		},
		script: `settings = { host = "api.eu.intercom.io" },`,
		after: func(t *testing.T, vendor http.Handler) {
			t.Helper()
			r, w := httptest.NewRequest(http.MethodGet, "/companies/scroll", nil), httptest.NewRecorder()
			r.Header.Set("Authorization", "Bearer "+intercom.Token)
			vendor.ServeHTTP(w, r)
			assert.Equal(t, http.StatusOK, w.Code, "an open scroll would let the first run wait")
		},
	},
	{
		system: "jira", env: []string{"JIRA_EMAIL=" + jira.Email, "JIRA_TOKEN=" + jira.Token}, secret: jira.Token, set: "site=" + jira.Site,
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := jira.New(clock)
			vendor.Add(jira.Fields{"summary": "CSV export times out"})
			return vendor
		},
		says: []string{"ok      issues: the first 1 records fit"}, script: `settings = { site = "northwind" },`,
	},
	{
		system: "productboard", env: []string{"PRODUCTBOARD_TOKEN=" + productboard.Token}, secret: productboard.Token,
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := productboard.New(clock)
			vendor.Fill(3, 2, 9)
			return vendor
		},
		says: []string{"ok      features: the first 2 records fit", "ok      notes: the first 9 records fit"},
	},
	{
		system: "surveymonkey", env: []string{"SURVEYMONKEY_TOKEN=" + surveymonkey.Token}, secret: surveymonkey.Token, set: "host=api.surveymonkey.com",
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := surveymonkey.New(clock)
			vendor.AddSurvey("Others", surveymonkey.Scale)
			vendor.Fill(20)
			vendor.AddSurvey("More", surveymonkey.NPS)
			return vendor
		},
		says: []string{"ok      responses: the first 20 records fit"}, script: `settings = { host = "api.surveymonkey.com" },`,
		after: func(t *testing.T, vendor http.Handler) {
			t.Helper()
			sent := vendor.(*surveymonkey.Server).Log.Requests(nil)
			assert.Len(t, sent, 4, "the list, two designs and a page: it spends few requests of the day")
		},
	},
	{
		system: "typeform", env: []string{"TYPEFORM_TOKEN=" + typeform.Token}, secret: typeform.Token, set: "form=fOrm01 region=eu",
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := typeform.New(clock)
			vendor.Fill(20)
			return vendor
		},
		says: []string{"ok      responses: the first 20 records fit"}, script: `settings = { form = "fOrm01", region = "eu" },`,
	},
	{
		system: "zendesk", env: []string{"ZENDESK_CLIENT_ID=" + zendesk.ClientID, "ZENDESK_CLIENT_SECRET=" + zendesk.ClientSecret}, secret: zendesk.ClientSecret,
		set: "subdomain=northwind",
		vendor: func(clock *standin.Clock) http.Handler {
			vendor := zendesk.New(clock)
			vendor.Fill(zendesk.Sizes{Organizations: 3, Users: 9, Tickets: 20})
			clock.Advance(2 * time.Minute)
			return vendor
		},
		says: []string{
			"ok      organizations: the first 3 records fit", "ok      users: the first 9 records fit", "ok      tickets: the first 20 records fit", "ok      satisfaction",
		},
		script: `settings = { subdomain = "northwind" },`,
	},
}

// TestConnect connects each system as a user does, and runs the test that connect
// writes.
func TestConnect(t *testing.T) {
	t.Parallel()
	for _, c := range connections {
		t.Run(c.system, func(t *testing.T) {
			t.Parallel()
			vendor := c.vendor(standin.RunningClock(time.Now()))
			web := httptest.NewServer(vendor)
			t.Cleanup(web.Close)
			server, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, server.Close()) })
			dir := t.TempDir()
			phscript := func(args ...string) string {
				cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
				cmd.Dir = dir
				cmd.Env = append(append(os.Environ(), server.Environment()...), "XDG_STATE_HOME="+dir)
				cmd.Env = append(cmd.Env, c.env...)
				if c.issued != nil {
					cmd.Env = append(cmd.Env, c.issued(vendor))
				}
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				return string(out)
			}
			args := []string{"connect", c.system, "--base", web.URL + c.path, "--allow-net", "127.0.0.1"}
			for set := range strings.FieldsSeq(c.set) {
				args = append(args, "--set", set)
			}
			out := phscript(args...)
			for _, want := range append(c.says, "created "+c.system+".lua", "created "+c.system+"_test.lua") {
				assert.Contains(t, out, want)
			}
			assert.NotContains(t, out, c.secret)
			if c.after != nil {
				c.after(t, vendor)
			}
			script, err := os.ReadFile(dir + "/" + c.system + ".lua")
			require.NoError(t, err)
			settings := `settings = { base = "` + web.URL + c.path + `"`
			rest, more := strings.CutPrefix(c.script, "settings = { ")
			assert.Contains(t, string(script), settings)
			assert.Contains(t, string(script), rest)
			assert.True(t, !more || strings.Contains(string(script), settings+", "+rest), "%s", script)
			assert.Zero(t, server.Count(simulator.Filter{Operation: "bulk_upsert"}), "connect writes nothing")
			assert.Contains(t, phscript("test", "."), "✓ "+c.system+"_test.lua")
		})
	}
}
