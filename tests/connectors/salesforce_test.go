package connectors

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

func TestSalesforce(t *testing.T) {
	for _, way := range []string{"soql", "bulk"} {
		t.Run(way, func(t *testing.T) {
			o := newOrg(t)
			ids := o.filled(t)
			options := `{}`
			if way == "bulk" {
				options = `{ settings = { bulk_above = 0 } }`
			}
			o.must(t, options)
			user := o.planhat.Records("user")[0]["_id"]
			company := o.records("company", "sourceId")[ids["account"]]
			require.NotNil(t, company, o.log.String())
			for model, expected := range map[string]map[string]map[string]any{
				"company": {ids["account"]: {"name": "Northwind Ltd", "domains": []any{"northwind.example"}, "country": "Sweden", "owner": user, "description": "A \"good\" one,\nsince 2020"}},
				"enduser": {ids["contact"]: {"firstName": "Ada", "lastName": "Lund", "email": "ada@northwind.example", "position": "CTO", "phone": "+46 8 1", "companyId": company["_id"]}},
				"opportunity": {
					ids["deal"]: {"title": "Renewal", "salesStage": "Negotiation", "status": "active", "nrr": 12000.5, "closeDate": "2026-12-15T00:00:00.000Z", "ownerId": user, "companyId": company["_id"], "externalId": ids["deal"]},
					ids["won"]:  {"title": "Won", "status": "won", "closeDate": nil, "nrr": nil},
					ids["lost"]: {"title": "Lost", "status": "lost"},
				},
				"ticket": {ids["case"]: {"email": "ada@northwind.example", "companyId": company["_id"]}},
				"task": {
					ids["task"]:  {"mainType": "task", "action": "Call Ada", "startTime": "2026-11-25T00:00:00.000Z", "noSpecificTime": true, "dateDone": nil, "status": "Not Started", "ownerId": user, "companyId": company["_id"]},
					ids["old"]:   {"action": "Called Ada", "dateDone": "2024-11-25T10:00:00.000Z"},
					ids["event"]: {"mainType": "event", "action": "Review", "startTime": "2026-11-26T09:00:00.000Z", "endTime": "2026-11-26T10:00:00.000Z", "noSpecificTime": false},
				},
			} {
				records := o.records(model, "sourceId")
				assert.Len(t, records, len(expected), model)
				for id, like := range expected {
					require.Contains(t, records, id, o.log.String())
					assert.Equal(t, like, part(records[id], like), model)
				}
			}
			assert.Zero(t, o.Jobs(), "they are deleted")
			left, err := filepath.Glob(filepath.Join(o.options.WorkDir, "out", "*"))
			require.NoError(t, err)
			assert.Empty(t, left)

			// A second run sends nothing, and neither does a complete pass.
			before := o.upserts()
			o.must(t, options)
			o.must(t, strings.Replace(options, "{", "{ full = true,", 1))
			assert.Equal(t, before, o.upserts(), o.log.String())

			// Deleted activities are not read again.
			o.Delete("Task", ids["task"])
			o.clock.Advance(time.Hour)
			did := o.must(t, strings.Replace(options, "{", "{ full = true,", 1))
			assert.EqualValues(t, 1, did["tasks"]["missing"])
			assert.EqualValues(t, 1, did["tasks"]["read"], "the archived one")

			// Later runs read what changed, and clear what was cleared.
			o.Update("Account", ids["account"], salesforce.Values{"Name": "Northwind AB", "BillingCountry": nil})
			o.clock.Advance(time.Hour)
			did = o.must(t, options)
			assert.EqualValues(t, 1, did["accounts"]["updated"])
			assert.EqualValues(t, 0, did["opportunities"]["read"])
			company = o.records("company", "sourceId")[ids["account"]]
			assert.Equal(t, "Northwind AB", company["name"])
			assert.Nil(t, company["country"])
			assert.NotContains(t, o.log.String(), salesforce.ClientSecret)
		})
	}
}

// Thousands of records have one SystemModstamp, pages are small, and records change
// between any two pages.
func TestSalesforceBoundaries(t *testing.T) {
	o := newOrg(t)
	o.Configure(func(s *salesforce.Settings) { s.Daily, s.LargestPage, s.LargestSet = 0, 700, 1100 })
	o.Add("Account", salesforce.Values{"Name": "First"})
	o.clock.Advance(time.Hour)
	o.must(t, `{ streams = { "accounts" } }`)
	at := o.clock.Now()
	var ids []string
	for i := range 3000 {
		ids = append(ids, o.AddAt("Account", at, salesforce.Values{"Name": "C" + strconv.Itoa(i)}))
	}
	o.clock.Advance(time.Hour)
	touched, quiet := 0, false
	o.Before(func(*standin.Request) {
		for range 5 {
			if !quiet {
				touched++
				o.Update("Account", ids[touched*397%len(ids)], salesforce.Values{"Description": "touched " + strconv.Itoa(touched)})
			}
		}
	})
	check := func() {
		quiet = true
		o.clock.Advance(time.Hour)
		o.must(t, `{ streams = { "accounts" } }`)
		companies := o.records("company", "sourceId")
		for _, id := range ids {
			require.Contains(t, companies, id)
			require.Equal(t, o.Get("Account", id).Values["Description"], companies[id]["description"])
		}
		quiet = false
	}
	did := o.must(t, `{ streams = { "accounts" } }`)
	assert.GreaterOrEqual(t, accounts(did, "read"), 2900)
	check()
	for _, settings := range []string{`{ bulk_above = 1000 }`, `{}`} {
		o.start(t) // as if it was the first run
		o.Configure(func(s *salesforce.Settings) { s.LargestPage = 2000 })
		did = o.must(t, `{ streams = { "accounts" }, settings = `+settings+` }`)
		assert.Equal(t, 3001, accounts(did, "read"))
		check()
	}
}

// A run that is killed while it reads bulk results continues in them.
func TestSalesforceBulkResumes(t *testing.T) {
	o := newOrg(t)
	o.Configure(func(s *salesforce.Settings) { s.LargestSet = 5000 })
	for i := range 9000 {
		o.Add("Account", salesforce.Values{"Name": "C" + strconv.Itoa(i)})
	}
	o.clock.Advance(time.Hour)
	const options = `{ streams = { "accounts" }, settings = { bulk_above = 1000 } }`
	results := standin.Is("GET", "/results")
	o.Faults.On(func(r *standin.Request) bool { return results(r) && r.Query.Get("locator") != "" }, 1, standin.Answer(400, `[{"errorCode":"INVALIDJOBSTATE","message":"not now"}]`))
	_, err := o.sync(t, options)
	require.Error(t, err)
	read := len(o.records("company", "sourceId"))
	require.Positive(t, read)
	require.Less(t, read, 9000)
	did := o.must(t, options)
	assert.Len(t, o.records("company", "sourceId"), 9000)
	assert.Equal(t, 1, o.Log.Count(standin.Is("POST", "/jobs/query")), "the same job")
	assert.LessOrEqual(t, accounts(did, "read"), 4000)

	// Salesforce forgets jobs: another one is started.
	o.start(t)
	o.Faults.On(func(r *standin.Request) bool { return results(r) && r.Query.Get("locator") != "" }, 1, standin.Answer(400, `[]`))
	_, err = o.sync(t, options)
	require.Error(t, err)
	o.ForgetJobs()
	did = o.must(t, options)
	assert.EqualValues(t, 9000, did["accounts"]["read"])

	// A job that fails says so.
	o.start(t)
	o.Configure(func(s *salesforce.Settings) { s.FailJobs = 1 })
	_, err = o.sync(t, options)
	require.ErrorContains(t, err, "ended as Failed: InternalServerError")
}

func TestSalesforceDeletions(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.planhat.Put("company", map[string]any{"name": "From elsewhere", "sourceId": "zd-1"}))
	var companies, contacts []string
	for i := range 30 {
		companies = append(companies, o.Add("Account", salesforce.Values{"Name": "A" + strconv.Itoa(i)}))
		contacts = append(contacts, o.Add("Contact", salesforce.Values{"Email": fmt.Sprint("p", i, "@x.example"), "AccountId": companies[i]}))
	}
	o.clock.Advance(time.Hour)
	const streams = `streams = { "accounts", "contacts" }`
	o.must(t, `{ `+streams+` }`)
	require.Len(t, o.records("enduser", "sourceId"), 30)
	o.Delete("Contact", contacts[0])
	o.Merge("Account", companies[2], companies[1])
	o.clock.Advance(time.Hour)
	did := o.must(t, `{ `+streams+` }`)
	assert.EqualValues(t, 1, did["contacts"]["missing"])
	assert.EqualValues(t, 1, did["accounts"]["missing"])
	assert.NotEqual(t, true, o.records("enduser", "sourceId")[contacts[0]]["archived"], "the default is to report")
	assert.Equal(t, o.records("company", "sourceId")[companies[2]]["_id"], o.records("enduser", "sourceId")[contacts[1]]["companyId"], "of the merged account")
	o.must(t, `{ `+streams+`, missing = "archive" }`)
	assert.Equal(t, true, o.records("enduser", "sourceId")[contacts[0]]["archived"])
	assert.Contains(t, o.records("company", "sourceId"), companies[1])
	assert.Contains(t, o.log.String(), "salesforce accounts: Planhat does not archive such records")

	// A record that was removed for good is found by a complete pass, others of Planhat stay.
	o.Purge("Contact", contacts[3])
	o.clock.Advance(time.Hour)
	did = o.must(t, `{ streams = { "contacts" }, missing = "archive", full = true }`)
	assert.EqualValues(t, 1, did["contacts"]["missing"])
	assert.Equal(t, true, o.records("enduser", "sourceId")[contacts[3]]["archived"])
	did = o.must(t, `{ streams = { "accounts" }, missing = "delete", full = true }`)
	assert.EqualValues(t, 1, did["accounts"]["deleted"])
	assert.NotContains(t, o.records("company", "sourceId"), companies[1])
	assert.Contains(t, o.records("company", "sourceId"), "zd-1", "a record of another system")
}

// A field that the user may not read is an error that names it, and clears nothing.
func TestSalesforceHiddenField(t *testing.T) {
	o := newOrg(t)
	id := o.Add("Account", salesforce.Values{"Name": "Northwind", "BillingCountry": "Sweden"})
	o.clock.Advance(time.Hour)
	o.must(t, `{ streams = { "accounts" } }`)
	o.HideField("Account", "BillingCountry", true)
	o.Update("Account", id, salesforce.Values{"Name": "N"})
	o.clock.Advance(time.Hour)
	_, err := o.sync(t, `{ streams = { "accounts" } }`)
	require.ErrorContains(t, err, `no record of accounts has "BillingCountry", which country is mapped to`)
	assert.Equal(t, "Sweden", o.records("company", "sourceId")[id]["country"])
	o.must(t, `{ streams = { "accounts" }, map = { accounts = { country = false } } }`)
	assert.Equal(t, "N", o.records("company", "sourceId")[id]["name"])
	_, err = o.sync(t, `{ streams = { "accounts" }, full = true, map = { accounts = { country = false, description = "Owner.Nothing__c" } } }`)
	require.ErrorContains(t, err, `"Owner.Nothing__c", which description is mapped to`)
	_, err = o.sync(t, `{ streams = { "accounts" }, settings = { fields = { accounts = { "Nothing__c" } } }, map = { accounts = { country = false } } }`)
	require.ErrorContains(t, err, `the field "Nothing__c" of the setting fields does not exist in Account`)
	_, err = o.sync(t, `{ streams = { "accounts" }, settings = { where = { accounts = "Nothing__c = 1" } }, map = { accounts = { country = false } } }`)
	require.ErrorContains(t, err, "INVALID_FIELD: No such column 'Nothing__c' on entity 'Account'")
	assert.Contains(t, hintOf(err), "field-level security")
}

func TestSalesforceSettings(t *testing.T) {
	o := newOrg(t)
	o.AddField("Opportunity", salesforce.Field{Name: "CurrencyIsoCode", Type: "picklist"})
	o.AddField("Account", salesforce.Field{Name: "Tier__c", Type: "picklist"})
	gold := o.Add("Account", salesforce.Values{"Name": "Gold", "Tier__c": "Gold"})
	other := o.Add("Account", salesforce.Values{"Name": "Other"})
	deal := o.Add("Opportunity", salesforce.Values{"Name": "Deal", "Amount": 100, "AccountId": gold, "CurrencyIsoCode": "SEK"})
	plain := o.Add("Opportunity", salesforce.Values{"Name": "Deal", "Amount": 100, "AccountId": gold})
	o.clock.Advance(time.Hour)
	o.must(t, `{ streams = { "accounts", "opportunities" },
		settings = { amount = "arr", currency = "EUR", where = { accounts = "Tier__c != null" }, fields = { accounts = { "Industry" } } },
		map = { accounts = { description = function(account) return account.Industry == json.null and "none" or "read " .. tostring(account.Industry) end } } }`)
	companies, deals := o.records("company", "sourceId"), o.records("opportunity", "externalId")
	assert.Equal(t, "none", companies[gold]["description"])
	assert.NotContains(t, companies, other)
	assert.EqualValues(t, 100, deals[deal]["arr"])
	assert.Nil(t, deals[deal]["nrr"])
	assert.Equal(t, []any{"SEK", "EUR"}, []any{deals[deal]["_currency"], deals[plain]["_currency"]})
	o.AddField("Account", salesforce.Field{Name: "Phase__c", Type: "picklist", Values: []string{"Live"}, Restricted: true})
	_, err := o.sync(t, `{ streams = { "accounts" }, map = { accounts = { phase = require("connector.fields").enum("Phase__c", { Churned = "churned" }) } } }`)
	require.ErrorContains(t, err, `translates "Churned", which Phase__c cannot be; it can be Live`)
	for settings, expected := range map[string]string{
		`{ instance = "acme.salesforce.com" }`: "must be your My Domain", `{}`: "set settings.instance to your My Domain",
		`{ instance = "acme.my.salesforce.com", amount = "x" }`: "must be nrr, arr or mrr",
	} {
		_, err := o.runtime.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(`require("connectors.salesforce").sync{ settings = ` + settings + ` }`)})
		assert.ErrorContains(t, err, expected)
	}
}
