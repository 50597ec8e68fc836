package connectors

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

// org is Salesforce, a Planhat, and a runtime that keeps what scripts store.
type org struct {
	*salesforce.Server
	clock     *standin.Clock
	web       *httptest.Server
	planhat   *simulator.Server
	log       bytes.Buffer
	rejected  []planhat.TalliedRow // of the last run
	variables map[string]string
	options   runtime.Options
	runtime   *runtime.Runtime
}

func newOrg(t *testing.T) *org {
	t.Helper()
	o := &org{clock: standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))}
	o.Server = salesforce.New(o.clock)
	o.Configure(func(s *salesforce.Settings) { s.JobPolls = 0 })
	o.web = httptest.NewServer(o.Server)
	t.Cleanup(o.web.Close)
	var err error
	o.planhat, err = simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = o.planhat.Close() })
	o.variables = map[string]string{"SALESFORCE_CLIENT_ID": salesforce.ClientID, "SALESFORCE_CLIENT_SECRET": salesforce.ClientSecret}
	o.options = runtime.Options{
		WorkDir: t.TempDir(), Stdout: &o.log, Now: o.clock.Now, AllowNet: []string{"127.0.0.1"}, WriteDirs: []string{"out"},
		Logger:  slog.New(slog.NewTextHandler(&o.log, nil)),
		Env:     func(name string) (string, bool) { value, ok := o.variables[name]; return value, ok },
		Planhat: planhat.Config{APIToken: o.planhat.APIToken(), TenantToken: o.planhat.TenantToken(), BaseURL: o.planhat.URL(), AnalyticsURL: o.planhat.AnalyticsURL()},
		Quota:   planhat.LimiterConfig{CallsPerMinute: -1},
	}
	o.start(t)
	return o
}

// start makes a new runtime, which has no values that scripts kept.
func (o *org) start(t *testing.T) {
	t.Helper()
	var err error
	o.runtime, err = runtime.New(o.options)
	require.NoError(t, err)
}

// sync runs a synchronization with options and settings in Lua, and returns what it did.
func (o *org) sync(t *testing.T, options string) (map[string]any, error) {
	t.Helper()
	script := `local options = ` + options + `
		options.settings = options.settings or {}
		options.settings.base = "` + o.web.URL + `"
		return require("connectors.salesforce").sync(options)`
	result, err := o.runtime.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(script)})
	if err != nil {
		return nil, err
	}
	o.rejected = result.Rejected
	return result.Values[0].(map[string]any), nil
}

func (o *org) must(t *testing.T, options string) map[string]map[string]any {
	t.Helper()
	values, err := o.sync(t, options)
	require.NoError(t, err, o.log.String())
	streams := map[string]map[string]any{}
	for name, counts := range values {
		streams[name] = counts.(map[string]any)
	}
	return streams
}

// accounts is a number of the accounts.
func accounts(did map[string]map[string]any, name string) int {
	n, _ := strconv.Atoi(fmt.Sprint(did["accounts"][name]))
	return n
}

// records are Planhat's records by a key.
func (o *org) records(model, key string) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, record := range o.planhat.Records(model) {
		if id, ok := record[key].(string); ok {
			all[id] = record
		}
	}
	return all
}

// upserts counts the bulk calls that Planhat received.
func (o *org) upserts() int { return o.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}) }

// filled adds a customer with everything that belongs to it.
func (o *org) filled(t *testing.T) map[string]string {
	t.Helper()
	require.NoError(t, o.planhat.Put("user", map[string]any{"email": "Kim@Ours.Example", "nickName": "Kim"}))
	ids := map[string]string{}
	ids["owner"] = o.Add("User", salesforce.Values{"Email": "kim@ours.example"})
	ids["account"] = o.Add("Account", salesforce.Values{
		"Name": "Northwind Ltd", "Website": "https://WWW.Northwind.example/about", "BillingCountry": "Sweden", "OwnerId": ids["owner"], "Description": "A \"good\" one,\nsince 2020",
	})
	ids["contact"] = o.Add("Contact", salesforce.Values{
		"FirstName": "Ada", "LastName": "Lund", "Email": "ada@northwind.example", "Title": "CTO", "Phone": "+46 8 1", "AccountId": salesforce.Short(ids["account"]),
	})
	ids["deal"] = o.Add("Opportunity", salesforce.Values{
		"Name": "Renewal", "StageName": "Negotiation", "Amount": 12000.5, "CloseDate": "2026-12-15", "AccountId": ids["account"], "OwnerId": ids["owner"],
	})
	ids["won"] = o.Add("Opportunity", salesforce.Values{"Name": "Won", "StageName": "Closed Won", "IsClosed": true, "IsWon": true, "AccountId": ids["account"]})
	ids["lost"] = o.Add("Opportunity", salesforce.Values{"Name": "Lost", "StageName": "Closed Lost", "IsClosed": true, "AccountId": ids["account"]})
	ids["case"] = o.Add("Case", salesforce.Values{
		"Subject": "It is slow", "Status": "Working", "Priority": "High", "ContactId": ids["contact"], "ContactEmail": "ada@northwind.example", "AccountId": ids["account"],
	})
	ids["task"] = o.Add("Task", salesforce.Values{
		"Subject": "Call Ada", "ActivityDate": "2026-11-25", "Status": "Not Started", "AccountId": ids["account"], "OwnerId": ids["owner"],
	})
	ids["old"] = o.Add("Task", salesforce.Values{
		"Subject": "Called Ada", "ActivityDate": "2024-11-25", "Status": "Completed", "IsClosed": true, "CompletedDateTime": "2024-11-25T10:00:00.000+0000", "AccountId": ids["account"],
	})
	ids["event"] = o.Add("Event", salesforce.Values{
		"Subject": "Review", "StartDateTime": "2026-11-26T09:00:00.000+0000", "EndDateTime": "2026-11-26T10:00:00.000+0000", "AccountId": ids["account"],
	})
	o.Add("Task", salesforce.Values{"Subject": "For nobody"})
	o.Add("Event", salesforce.Values{"Subject": "Review", "IsChild": true, "AccountId": ids["account"]})
	o.clock.Advance(time.Hour)
	return ids
}

// part is what a record has of other fields.
func part(record map[string]any, like map[string]any) map[string]any {
	found := map[string]any{}
	for name := range like {
		found[name] = record[name]
	}
	return found
}
