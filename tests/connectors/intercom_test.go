package connectors

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/intercom"
)

func TestIntercom(t *testing.T) {
	r := rigOf(t, intercomVendor())
	z := r.handler.(*intercom.Server)
	z.AddAdmin("814860", "Ada", "ada@support.example")
	company := z.Add(intercom.Companies, intercom.Body{"name": "North &amp; West", "website": "https://www.Northwind.example"})
	of := intercom.Body{"type": "list", "data": []any{intercom.Body{"type": "company", "id": company}}, "total_count": 1, "has_more": false}
	kim := z.Add(intercom.Contacts, intercom.Body{"email": "kim@northwind.example", "name": "Kim &amp; Co", "phone": "+46 40 123", "companies": of})
	talk := z.Add(intercom.Conversations, intercom.Body{
		"admin_assignee_id": 814860, "contacts": intercom.Body{"type": "contact.list", "contacts": []any{intercom.Body{"type": "contact", "id": kim}}},
		"source": intercom.Body{"subject": "", "body": "<p>It fails</p><p>Help</p>", "author": intercom.Body{"type": "admin", "email": "ada@support.example"}},
	})
	r.clock.Advance(time.Hour)
	const streams = `streams = { "companies", "contacts", "conversations" }`
	r.must(t, streams)
	got := r.records("company")["ic-"+company]
	require.NotNil(t, got, r.log.String())
	assert.Equal(t, "North & West", got["name"])
	assert.Equal(t, []any{"northwind.example"}, got["domains"])
	person := r.records("enduser")["ic-"+kim]
	require.NotNil(t, person, r.log.String())
	for property, want := range map[string]any{"email": "kim@northwind.example", "name": "Kim & Co", "phone": "+46 40 123", "companyId": got["_id"]} {
		assert.Equal(t, want, person[property], property)
	}
	ticket := r.records("ticket")["ic-"+talk]
	require.NotNil(t, ticket, r.log.String())
	for property, want := range map[string]any{
		"email": "kim@northwind.example", "companyId": got["_id"], "agentEmail": "ada@support.example", "title": "It fails", "description": "It fails\n\nHelp", "status": "open",
	} {
		assert.Equal(t, want, ticket[property], property)
	}
	before := r.planhat.Count(simulator.Filter{Operation: "bulk_upsert"})
	r.clock.Advance(time.Hour)
	r.must(t, streams)
	assert.Equal(t, before, r.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}), "the second run sends nothing")
	z.Update(intercom.Contacts, kim, intercom.Body{"phone": "+1"})
	r.clock.Advance(time.Hour)
	r.must(t, streams)
	assert.Equal(t, "+1", r.records("enduser")["ic-"+kim]["phone"])
}

// TestIntercomFindsCompanies lets contacts and conversations find companies that
// another system has brought: by company_id, then by the website, then by e-mail.
func TestIntercomFindsCompanies(t *testing.T) {
	r := rigOf(t, intercomVendor())
	z := r.handler.(*intercom.Server)
	for _, company := range []map[string]any{
		{"name": "By external id", "externalId": "own-1"}, {"name": "By source id", "sourceId": "own-2"},
		{"name": "By website", "domains": []any{"third.example"}}, {"name": "By e-mail", "domains": []any{"fourth.example"}},
	} {
		require.NoError(t, r.planhat.Put("company", company))
	}
	want := map[string]string{}
	for i, company := range []intercom.Body{
		{"company_id": "own-1", "website": "https://third.example"}, {"company_id": "own-2"}, {"company_id": "own-3", "website": "https://www.third.example/x"}, {"company_id": "own-4"},
	} {
		id := z.Add(intercom.Companies, company)
		of := intercom.Body{"type": "list", "data": []any{intercom.Body{"type": "company", "id": id}}, "total_count": 1, "has_more": false}
		name := []string{"By external id", "By source id", "By website", "By e-mail"}[i]
		for range 2 {
			email := fmt.Sprintf("kim%d@fourth.example", len(want))
			contact := z.Add(intercom.Contacts, intercom.Body{"email": email, "companies": of})
			talk := z.Add(intercom.Conversations, intercom.Body{
				"contacts": intercom.Body{"contacts": []any{intercom.Body{"id": contact}}}, "source": intercom.Body{"body": "Hello", "author": intercom.Body{"type": "user", "email": email}},
			})
			want["ic-"+contact], want["ic-"+talk] = name, name
		}
	}
	r.clock.Advance(time.Hour)
	all := func(options string) error { // in the streams that run by default
		_, err := r.run(t, strings.Replace(r.script(options), `options.streams = options.streams or { "contacts" }`, "", 1), "")
		return err
	}
	require.NoError(t, all(`companies = "company_id"`), r.log.String())
	names := map[any]string{}
	for _, company := range r.planhat.Records("company") {
		names[company["_id"]] = company["name"].(string)
	}
	assert.Len(t, names, 5, "no company was brought")
	for _, model := range []string{"enduser", "ticket"} {
		records := r.records(model)
		assert.Len(t, records, 8)
		for key, record := range records {
			assert.Equal(t, want[key], names[record["companyId"]], "%s %s", model, key)
		}
	}
	ofCompany := func(r *standin.Request) bool { return strings.HasPrefix(r.Path, "/companies/") }
	assert.Equal(t, 4, z.Log.Count(ofCompany), "each company is read once")
	assert.Contains(t, r.log.String(), "match no company of Planhat")

	// By e-mail alone, no company is read.
	require.NoError(t, all(`companies = "domains", full = true`), r.log.String())
	assert.Equal(t, 4, z.Log.Count(ofCompany))
	assert.ErrorContains(t, all(`companies = "tags"`), `companies must be "companies", "company_id" or "domains", not "tags"`)
}

// TestIntercomCompaniesKilled kills the program while it reads companies. The scroll has
// moved past a page that the program did not send, and the next run finds it.
func TestIntercomCompaniesKilled(t *testing.T) {
	t.Parallel()
	v := intercomCompanies()
	p := newProcess(t, v)
	ids := p.add(5*p.pageSize, p.clock.Now())
	p.clock.Advance(time.Hour)
	writes := 0
	p.intercept(nil, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.Method == http.MethodPut {
			if writes++; writes == 2 {
				p.end()
			}
		}
		next.ServeHTTP(w, req)
	})
	code, out := p.execute(t, p.script(`batch = 100`))
	require.Equal(t, -1, code, out)
	there := len(p.main())
	require.Less(t, there, len(ids))
	p.intercept(nil, nil)
	code, out = p.execute(t, p.script(`batch = 100`))
	require.Zero(t, code, out)
	all(t, p.main(), ids)
	assert.LessOrEqual(t, p.pages(), 3+5+6, "what was read, what was left of the scroll, and the whole once more")
}

// TestIntercomCompaniesAgain reads the same companies several times: nothing is sent.
func TestIntercomCompaniesAgain(t *testing.T) {
	t.Parallel()
	r := rigOf(t, intercomCompanies())
	ids := r.add(250, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	calls := r.upserts(r.model)
	for _, options := range []string{``, `full = true`, ``} {
		assert.EqualValues(t, 250, r.did(t, options)["unchanged"])
		assert.Equal(t, calls, r.upserts(r.model))
	}
	r.silently(ids[1], "without a time")
	r.did(t, ``)
	assert.Equal(t, "without a time", r.text(r.main()[ids[1]]), "each run compares all")
	_, err := r.sync(t, `since = "2026-01-01"`)
	assert.ErrorContains(t, err, "cannot be asked what changed since a date")

	// A scroll that repeats its page would never end.
	z := r.handler.(*intercom.Server)
	z.Faults.On(func(req *standin.Request) bool { return r.page(req) && req.Query.Get("scroll_param") != "" }, -1,
		standin.Answer(http.StatusOK, `{"type":"list","data":[{"type":"company","id":"1","name":"Loop"}],"scroll_param":"s"}`))
	_, err = r.sync(t, ``)
	assert.ErrorContains(t, err, "returned the same page twice")
}

// TestIntercomCompaniesInParts ends each run after a few pages. The next one continues the
// scroll, without reading a page twice.
func TestIntercomCompaniesInParts(t *testing.T) {
	t.Parallel()
	r := rigOf(t, intercomCompanies())
	ids := r.add(12*r.pageSize, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.server.After(func(*standin.Request) { r.clock.Advance(10 * time.Second) })
	runs, complete := 0, false
	for ; !complete; runs++ {
		require.Less(t, runs, 12)
		complete, _ = r.did(t, `minutes = 0.5`)["complete"].(bool)
	}
	all(t, r.main(), ids)
	assert.Greater(t, runs, 2)
	assert.Equal(t, 13, r.pages())
}
