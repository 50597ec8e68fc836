package connectors

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/productboard"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

// repeating answers requests for a list always in the same way. Its caller must notice soon.
func (r *rig) repeating(matches func(*http.Request) bool, body string) {
	n := 0
	r.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		switch {
		case !matches(req):
			next.ServeHTTP(w, req)
		case n == 20:
			http.Error(w, "the list is read without end", http.StatusTeapot)
		default:
			n++
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		}
	}, nil)
}

func below(part string) func(*http.Request) bool {
	return func(req *http.Request) bool { return strings.Contains(req.URL.Path, part) }
}

// owned gives a record of Planhat an owner.
func (r *rig) owned(t *testing.T, id string) {
	t.Helper()
	const user = "5f1e1e1e1e1e1e1e1e1e1e01"
	require.NoError(t, r.planhat.Put("user", map[string]any{"_id": user, "email": "kim@ours.example"}))
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Owned", "sourceId": id, "owner": user}))
}

// The lists that connectors read besides the records of their streams end as well, if a system returns
// the same page of them again and again.
func TestListsThatRepeat(t *testing.T) {
	for name, c := range map[string]struct {
		vendor        vendor
		matches       func(*http.Request) bool
		body, options string
		prepare       func(t *testing.T, r *rig)
	}{
		"relationships of Productboard": {
			vendor: productboardVendor(), matches: below("/relationships"),
			body: `{"data":[],"links":{"next":"https://api.productboard.com/v2/notes?pageCursor=again"}}`,
			prepare: func(_ *testing.T, r *rig) {
				r.handler.(*productboard.Server).Configure(func(s *productboard.Settings) { s.Bare = true })
				r.add(1, r.clock.Now())
			},
		},
		"votes of Aha!": {
			vendor: ahaVendor(), matches: below("/endorsements"),
			body: `{"idea_endorsements":[],"pagination":{"current_page":1,"total_pages":2,"total_records":1}}`,
		},
		"associations of HubSpot": {
			vendor: hubspotVendor(), matches: below("/contacts/companies/batch/read"), options: `streams = { "contacts" }`,
			body: `{"status":"COMPLETE","results":[{"from":{"id":"1"},"to":[],"paging":{"next":{"after":"again"}}}]}`,
			prepare: func(_ *testing.T, r *rig) {
				r.handler.(*hubspot.Server).Add("contacts", map[string]string{"email": "kim@northwind.example"})
			},
		},
		"owners that a lookup of HubSpot reads": {
			vendor: hubspotVendor(), matches: below("/owners"), body: `{"results":[],"paging":{"next":{"after":"again"}}}`,
			prepare: func(_ *testing.T, r *rig) {
				r.handler.(*hubspot.Server).Add("companies", map[string]string{"name": "Northwind", "hubspot_owner_id": "7"})
			},
		},
		"owners that HubSpot gets": {
			vendor: hubspotVendor(), matches: below("/owners"), body: `{"results":[],"paging":{"next":{"after":"again"}}}`,
			options: `map = { companies = { owner = false } }, back = { companies = { hubspot_owner_id = "owner" } }`,
			prepare: func(t *testing.T, r *rig) {
				r.owned(t, r.handler.(*hubspot.Server).Add("companies", map[string]string{"name": "Northwind"}))
			},
		},
		"archived records of HubSpot": {
			vendor: hubspotVendor(), body: `{"results":[],"paging":{"next":{"after":"again"}}}`,
			matches: func(req *http.Request) bool { return req.URL.Query().Get("archived") == "true" },
		},
		"fields of Zendesk": {
			vendor: zendeskOrganizations(), matches: below("/organization_fields"), options: `back = { organizations = { phase = "phase" } }`,
			body: `{"organization_fields":[],"meta":{"has_more":true,"after_cursor":"again"}}`,
		},
		"users of Salesforce": {
			vendor: salesforceVendor(), options: `map = { accounts = { owner = false } }, back = { accounts = { OwnerId = "owner" } }`,
			matches: func(req *http.Request) bool {
				return strings.HasSuffix(req.URL.Path, "/again") || strings.Contains(req.URL.Query().Get("q"), "FROM User")
			},
			body: `{"done":false,"totalSize":1,"records":[],"nextRecordsUrl":"/services/data/v60.0/query/again"}`,
			prepare: func(t *testing.T, r *rig) {
				r.owned(t, r.handler.(*salesforce.Server).Add("Account", salesforce.Values{"Name": "Northwind"}))
			},
		},
		"deleted records of Salesforce": {
			vendor: salesforceVendor(), body: `{"done":false,"totalSize":1,"records":[{"Id":"001000000000001AAA"}]}`,
			matches: func(req *http.Request) bool {
				return strings.Contains(req.URL.Query().Get("q"), "IsDeleted = true")
			},
		},
		"surveys of SurveyMonkey": {
			vendor: surveyMonkeyVendor(), body: `{"data":[],"links":{"next":"https://api.surveymonkey.com/v3/surveys?page=2"}}`,
			matches: func(req *http.Request) bool { return strings.HasSuffix(req.URL.Path, "/v3/surveys") },
		},
		"deleted conversations of Intercom": {
			vendor: intercomConversations(), matches: below("/conversations/deleted"),
			body: `{"conversations":[{"id":"1","deleted_at":4000000000}],"pages":{"total_pages":1000000000}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigOf(t, c.vendor)
			if c.prepare != nil {
				c.prepare(t, r)
			} else {
				r.add(1, r.clock.Now())
			}
			r.clock.Advance(time.Hour)
			r.repeating(c.matches, c.body)
			_, err := r.sync(t, c.options)
			require.ErrorContains(t, err, "twice, so reading it would never end", r.log.String())
		})
	}
}

// A connector that a user writes can read lists to their end.
func TestEach(t *testing.T) {
	pages := []string{`{"rows":[{"id":1},{"id":2}],"next":"a"}`, `{"rows":[{"id":3}],"next":"b"}`, `{"rows":[],"next":null}`}
	r, n := newRig(t), 0
	web := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if n++; n > 20 {
			http.Error(w, "the list is read without end", http.StatusTeapot)
			return
		}
		page := map[string]int{"": 0, "a": 1, "b": 2}[req.URL.Query().Get("after")]
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(pages[page]))
	}))
	script := `local conn = require("connector").new{ name = "harbor", title = "Harbor", base = ` + strconv.Quote(web) + `, auth = function() return {} end }
		conn.settings = {}
		local ids = {}
		conn:each({ get = "/rows", query = {}, items = "rows", next = "next", send = "after" }, function(row) ids[#ids + 1] = row.id end)
		return { ids = table.concat(ids, " ") }`
	did, err := r.run(t, script, "")
	require.NoError(t, err)
	assert.Equal(t, "1 2 3", did["ids"])
	pages[2] = `{"rows":[],"next":"a"}`
	_, err = r.run(t, script, "")
	require.ErrorContains(t, err, `Harbor: the list of /rows returned the position "a" twice, so reading it would never end`)
	// An object is not an empty list.
	pages[2] = `{"rows":{"a":1},"next":null}`
	_, err = r.run(t, script, "")
	require.ErrorContains(t, err, `Harbor: the response to /rows has no list "rows"`)
}

// Of two runs that read one account at once, the second one to store its position says what happened.
func TestTwoRunsAtOnce(t *testing.T) {
	r := newRig(t)
	r.add(1, r.clock.Now())
	r.clock.Advance(time.Hour)
	first := true
	r.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if first && r.page(&standin.Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query()}) {
			first = false
			_, err := r.sync(t, ``)
			assert.NoError(t, err)
		}
		next.ServeHTTP(w, req)
	}, nil)
	_, err := r.sync(t, ``)
	require.ErrorContains(t, err, "hubspot companies: another run has read this account meanwhile. Nothing was lost")
	assert.Contains(t, said(err), "its own account")
	_, err = r.sync(t, ``)
	require.NoError(t, err)
}
