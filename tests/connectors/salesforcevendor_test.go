package connectors

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

func salesforceVendor() vendor {
	return vendor{
		name:  "salesforce",
		start: func(clock *standin.Clock) *system { return salesforceSystem(salesforce.New(clock)) },
		without: map[string]string{
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": salesforceReferences},
	}
}

// salesforceReferences: a contact comes with its company, also after it moved.
func salesforceReferences(t *testing.T) {
	r := rigOf(t, salesforceVendor())
	vendor := r.handler.(*salesforce.Server)
	ids := r.add(2, r.clock.Now())
	contact := vendor.Add("Contact", salesforce.Values{"Email": "ada@northwind.example", "AccountId": salesforce.Short(ids[0])})
	r.clock.Advance(time.Hour)
	for _, id := range ids {
		vendor.Update("Contact", contact, salesforce.Values{"AccountId": id})
		r.clock.Advance(time.Hour)
		r.must(t, `streams = { "accounts", "contacts" }`)
		if there := r.records("enduser")[contact]; there["companyId"] != r.main()[id]["_id"] {
			t.Fatal("the contact is at another company", there)
		}
	}
}

func salesforceSystem(s *salesforce.Server) *system {
	const kind = "Account"
	set := func(text string) salesforce.Values { return salesforce.Values{"Description": text} }
	isPage := func(r *standin.Request) bool {
		soql := r.Query.Get("q")
		return r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/query") && strings.Contains(soql, "FROM Account") && !strings.Contains(soql, "COUNT()") && !strings.Contains(soql, " IN (")
	}
	n := 0
	answer := func(status int, code, message string, says ...string) failure {
		return failure{status: status, body: `[{"message":"` + message + `","errorCode":"` + code + `"}]`, header: []string{"Content-Type", "application/json;charset=UTF-8"}, says: append(says, "Salesforce", code, message)}
	}
	return &system{
		name: "salesforce", handler: s, server: s.Server, env: map[string]string{"SALESFORCE_CLIENT_ID": salesforce.ClientID, "SALESFORCE_CLIENT_SECRET": salesforce.ClientSecret},
		module: "connectors.salesforce", settings: ", page = 200, bulk_above = 1000000", stream: "accounts", related: "contacts", model: "company", key: "sourceId",
		property: "description", path: "Description", field: "Description", settle: 2*time.Minute + time.Second, // times have whole seconds
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				ids[i] = s.AddAt(kind, at, salesforce.Values{"Name": "Company " + strconv.Itoa(n)})
			}
			return ids
		},
		touch: func(id, text string) { s.Update(kind, id, set(text)) },
		value: func(id string) string {
			text, _ := s.Get(kind, id).Values["Description"].(string)
			return text
		},
		bump:     func(id string) { s.Update(kind, id, nil) },
		silently: func(id, text string) { s.SetSilently(kind, id, set(text)) },
		remove:   func(id string) { s.Delete(kind, id) },
		restore:  func(id string) { s.Undelete(kind, id) },
		merge:    func(kept, gone string) { s.Merge(kind, kept, gone) },
		missing:  "delete",
		page:     isPage, pageSize: 200, lastPage: `{"totalSize":0,"done":true,"records":[]}`,
		oauth: func() map[string]string {
			s.OAuth.Rotate, s.OAuth.RevokeFamily = true, true
			return map[string]string{"SALESFORCE_CLIENT_ID": salesforce.ClientID, "SALESFORCE_CLIENT_SECRET": salesforce.ClientSecret, "SALESFORCE_REFRESH_TOKEN": s.Install().Refresh}
		},
		expire: s.OAuth.ExpireAccess, tokens: s.OAuth.Counts,
		limit: func(bool) {},
		// A run also asks for the fields, the number of records and what was deleted.
		daily:   func(n int) { s.Configure(func(o *salesforce.Settings) { o.Daily = n + 4 }) },
		refused: http.StatusForbidden,
		largest: func(n int) { s.Configure(func(o *salesforce.Settings) { o.TooMany = n }) },
		hide:    func() { s.HideField(kind, "Description", true) },
		rename:  func() { s.RenameField(kind, "Description", "About__c") },
		drop:    func() { s.DeleteField(kind, "Description") },
		create: func(name, value string) string {
			s.AddField(kind, salesforce.Field{Name: name + "__c", Type: "string"})
			for _, record := range s.Records(kind) {
				s.SetSilently(kind, record.ID, salesforce.Values{name + "__c": value})
			}
			return name + "__c"
		},
		unmapped: func(ids []string) string {
			for _, id := range ids {
				s.Update(kind, id, salesforce.Values{"Type": "Competitor"})
			}
			return "Competitor"
		},
		mapped: `status = F.keep(F.enum("Type", { Prospect = "prospect" }))`,
		bad: func() (ids, reasons []string) {
			bad := func(reason string, values salesforce.Values) {
				ids, reasons = append(ids, s.Add(kind, values)), append(reasons, reason)
			}
			for range 2 {
				bad("the account has no name", nil)
				bad(`"many" is not a number`, salesforce.Values{"Name": "Large", "Phone": "many"})
				bad("nonsense", salesforce.Values{"Name": "Odd", "Industry": "odd"}) // Planhat itself rejects these
			}
			bad("the record has no id", salesforce.Values{"Name": "Keyless", "Phone": "0"})
			return ids, reasons
		},
		badMap: `["custom.Seats"] = F.number("Phone"),
			status = F.compute({ "Industry" }, function(industry) return industry == "odd" and "nonsense" or nil end),
			sourceId = F.compute({ "Id", "Phone" }, function(id, phone) return phone ~= "0" and id or nil end)`,
		errors: []failure{
			answer(400, "INVALID_FIELD", "No such column 'X' on entity 'Account'.", "400", "field-level security"),
			answer(400, "MALFORMED_QUERY", "unexpected token: 'X'"),
			answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "accepts no more requests for now", "run it again later"),
			answer(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", "API Enabled"),
			answer(400, "INVALID_TYPE", "sObject type 'Account' is not supported.", "let the integration user read the object"),
			answer(410, "UNSUPPORTED_API_VERSION", "The requested API version has been retired.", "may have ended"),
			{status: 404, body: `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, says: []string{"404", "NOT_FOUND"}},
			{status: 429, body: `slow down`, header: []string{"Retry-After", "4000", "Content-Type", "text/plain"}, says: []string{"accepts no more requests for now", "slow down"}},
			{status: 403, body: `<html><head><title>Blocked</title></head></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"403", `HTML page titled "Blocked"`}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"records":null}`, says: []string{`has no list "records"`, "/query"}},
			{status: 200, body: `{"records":{"a":1}}`, says: []string{`has no list "records"`, "/query"}},
			{status: 200, body: ``, says: []string{"is not JSON"}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
		writes:    func() int { return len(s.Writes(kind)) },
		normalize: func(change func(string) string) { s.Normalize(kind, "Description", change) },
		sunset:    time.Date(2029, 10, 31, 0, 0, 0, 0, time.UTC),
	}
}
