package connectors

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/intercom"
	"github.com/phscript/phscript/tests/standin/salesforce"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// A first run finds the companies that Planhat has without a key, by their domains.
func TestCompaniesAreAdopted(t *testing.T) {
	r := newHubSpot(t)
	put := func(record map[string]any) { require.NoError(t, r.planhat.Put("company", record)) }
	put(map[string]any{"name": "Northwind", "domains": []any{"https://www.Northwind.example/"}, "phase": "Live"})
	put(map[string]any{"name": "Mail", "domains": []any{"gmail.com", "yahoo.co.uk"}})
	for range 2 {
		put(map[string]any{"name": "Twice", "domains": []any{"twice.example"}})
	}
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind Ltd", "domain": "northwind.example"})
	second := r.hubspot.Add("companies", map[string]string{"name": "Northwind South", "domain": "northwind.example"})
	mail := r.hubspot.Add("companies", map[string]string{"name": "Other", "domain": "gmail.com", "hs_additional_domains": "yahoo.co.uk"})
	twice := r.hubspot.Add("companies", map[string]string{"name": "Twice", "domain": "twice.example"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	r.hubspot.Associate("contacts", contact, "companies", company, hubspot.Primary)
	r.clock.Advance(time.Hour)
	const both = `streams = { "companies", "contacts" }`

	r.dry = true
	did := r.must(t, both)["companies"].(map[string]any)
	assert.EqualValues(t, 1, did["adopted"])
	assert.EqualValues(t, 2, did["created"])
	assert.Len(t, r.planhat.Records("company"), 4)
	r.dry = false

	result, err := r.result(t, r.script(both), "")
	require.NoError(t, err)
	did = result.Values[0].(map[string]any)["companies"].(map[string]any)
	assert.EqualValues(t, 1, did["adopted"])
	assert.EqualValues(t, 2, did["created"])
	assert.EqualValues(t, 1, did["rejected"])
	require.Len(t, result.Rejected, 1)
	assert.Regexp(t, `its domains match several records of Planhat: \w+, \w+; set sourceId of the right one to "`+twice+`"`, result.Rejected[0].Message)
	assert.Contains(t, r.log.String(), "adopted=1")
	companies := r.records("company")
	require.Contains(t, companies, company)
	assert.Equal(t, "Northwind Ltd", companies[company]["name"])
	assert.Equal(t, "Live", companies[company]["phase"])
	assert.Equal(t, companies[company]["_id"], r.records("enduser")[contact]["companyId"])
	assert.Contains(t, companies, second, "another company of the same system")
	assert.Contains(t, companies, mail, "nobody is at a mail host")
	assert.NotContains(t, companies, twice)
	assert.Len(t, r.planhat.Records("company"), 6)

	// Later runs find it by its key. A row that was ambiguous is sent again.
	before := r.upserts("company") + r.upserts("enduser")
	did = r.must(t, both+`, full = true`)["companies"].(map[string]any)
	assert.Nil(t, did["adopted"])
	assert.Equal(t, before, r.upserts("company")+r.upserts("enduser"))
	r.must(t, both+`, match = "key"`)
	assert.Contains(t, r.records("company"), twice)

	_, err = r.sync(t, `match = "name"`)
	assert.ErrorContains(t, err, "unknown value of option 'match': \"name\"; there are all, key")
}

// An adoption that Planhat refuses is made by a later run.
func TestAdoptionThatFails(t *testing.T) {
	r := newHubSpot(t)
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind", "domain": "northwind.example"})
	r.clock.Advance(time.Hour)
	r.intercept(nil, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.Method == http.MethodPut {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, req)
	})
	_, _ = r.sync(t, ``)
	r.intercept(nil, nil)
	assert.EqualValues(t, 1, r.did(t, `full = true`)["adopted"])
	assert.Len(t, r.planhat.Records("company"), 1)
	assert.Contains(t, r.records("company"), company)
}

// account is one of several systems on one Planhat, with companies, and people and a record
// of each of the companies.
type account struct {
	*rig
	streams string
	// company, person and about add records, and return their ids as Planhat has them.
	company func(name, domain string) (id string)
	person  func(name, email, company string) (id string)
	about   func(company, person string) (model, id string)
	// change changes the person's property that this system alone maps.
	change func(person, text string)
}

// on lets a rig work on the Planhat of another one.
func (a *account) on(t *testing.T, other *rig) {
	t.Helper()
	a.planhat, a.options.Planhat = other.planhat, other.options.Planhat
	a.start(t)
}

func severalOf(t *testing.T) []*account {
	t.Helper()
	h, z, i, s := rigOf(t, hubspotVendor()), rigOf(t, zendeskVendor()), rigOf(t, intercomVendor()), rigOf(t, salesforceVendor())
	hub, desk, com, force := h.handler.(*hubspot.Server), z.handler.(*zendesk.Server), i.handler.(*intercom.Server), s.handler.(*salesforce.Server)
	number := func(id string) int64 { n, _ := strconv.ParseInt(strings.TrimPrefix(id, "zd-"), 10, 64); return n }
	plain := func(id string) string { return strings.TrimPrefix(id, "ic-") }
	return []*account{
		{rig: h, streams: `"companies", "contacts", "deals"`,
			company: func(name, domain string) string {
				return hub.Add("companies", map[string]string{"name": name, "domain": domain, "country": "Sweden"})
			},
			person: func(name, email, company string) string {
				id := hub.Add("contacts", map[string]string{"email": email, "firstname": name, "jobtitle": "CTO"})
				hub.Associate("contacts", id, "companies", company, hubspot.Primary)
				return id
			},
			about: func(company, _ string) (string, string) {
				id := hub.Add("deals", map[string]string{"dealname": "Deal", "dealstage": "appointmentscheduled"})
				hub.Associate("deals", id, "companies", company, hubspot.Primary)
				return "opportunity", "hubspot-" + id
			},
			change: func(person, text string) { hub.Update("contacts", person, map[string]string{"jobtitle": text}) },
		},
		{rig: z, streams: `"organizations", "users", "tickets"`,
			company: func(name, domain string) string {
				return fmt.Sprint("zd-", desk.Add(zendesk.Organizations, zendesk.Body{"name": name, "domain_names": []any{domain}, "details": "From Zendesk"}))
			},
			person: func(name, email, company string) string {
				return fmt.Sprint("zd-", desk.Add(zendesk.Users, zendesk.Body{"name": name, "email": email, "organization_id": number(company), "tags": []any{"vip"}}))
			},
			about: func(company, person string) (string, string) {
				return "ticket", fmt.Sprint("zd-", desk.Add(zendesk.Tickets, zendesk.Body{"subject": "Help", "requester_id": number(person), "organization_id": number(company)}))
			},
			change: func(person, text string) {
				desk.Update(zendesk.Users, number(person), zendesk.Body{"tags": []any{text}})
			},
		},
		{rig: i, streams: `"companies", "contacts", "conversations"`,
			company: func(name, domain string) string {
				return "ic-" + com.Add(intercom.Companies, intercom.Body{"name": name, "website": domain})
			},
			person: func(name, email, company string) string {
				return "ic-" + com.Add(intercom.Contacts, intercom.Body{"name": name, "email": email, "phone": "+46 40", "companies": intercom.Body{"type": "list", "data": []any{intercom.Body{"type": "company", "id": plain(company)}}}})
			},
			about: func(_, person string) (string, string) {
				return "ticket", "ic-" + com.Add(intercom.Conversations, intercom.Body{"title": "Hello", "contacts": intercom.Body{"type": "contact.list", "contacts": []any{intercom.Body{"type": "contact", "id": plain(person)}}}})
			},
			change: func(person, text string) { com.Update(intercom.Contacts, plain(person), intercom.Body{"phone": text}) },
		},
		{rig: s, streams: `"accounts", "contacts", "opportunities"`,
			company: func(name, domain string) string {
				return force.Add("Account", salesforce.Values{"Name": name, "Website": domain})
			},
			person: func(name, email, company string) string {
				return force.Add("Contact", salesforce.Values{"FirstName": name, "LastName": "Lund", "Email": email, "AccountId": company})
			},
			about: func(company, _ string) (string, string) {
				return "opportunity", force.Add("Opportunity", salesforce.Values{"Name": "More", "StageName": "Prospecting", "CloseDate": "2026-12-24", "AccountId": company})
			},
			change: func(person, text string) { force.Update("Contact", person, salesforce.Values{"LastName": text}) },
		},
	}
}

// Each connector with companies finds those that are there by their domains.
func TestEachConnectorAdopts(t *testing.T) {
	for _, a := range severalOf(t) {
		t.Run(a.name, func(t *testing.T) {
			for _, domain := range []string{"north.example", "unknown.example"} {
				require.NoError(t, a.planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{domain}}))
			}
			company := a.company("Northwind", "https://www.north.example")
			person := a.person("Ada", "ada@north.example", company)
			model, about := a.about(company, person)
			a.clock.Advance(time.Hour)
			streams := `streams = { ` + a.streams + ` }, full = true`
			a.must(t, streams)
			assert.Contains(t, a.log.String(), "adopted=1")
			for _, record := range a.planhat.Records("company") {
				if slices.Contains(record["domains"].([]any), any("north.example")) {
					assert.Equal(t, company, record["sourceId"])
				}
			}
			id := a.records("company")[company]["_id"]
			require.NotNil(t, id)
			assert.Equal(t, id, a.records("enduser")[person]["companyId"])
			key := "sourceId"
			if model == "opportunity" {
				key = "externalId"
			}
			assert.Equal(t, id, a.recordsBy(model, key)[about]["companyId"])
			sent := a.planhat.Count(simulator.Filter{Operation: "bulk_upsert"})
			a.must(t, streams)
			assert.Equal(t, sent, a.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}))
		})
	}
}

// Several systems fill one Planhat: nobody takes the others' records, and runs that
// alternate come to rest.
func TestSeveralSystems(t *testing.T) {
	each := severalOf(t)
	first := each[0].rig
	for _, domain := range []string{"northwind.example", "unknown.example"} {
		require.NoError(t, first.planhat.Put("company", map[string]any{"name": "Other", "domains": []any{domain}}))
	}
	const companies, people = 3, 9
	ids := make([][]string, len(each))
	of := map[string]string{} // the records about companies, and their companies' domains
	for n, a := range each {
		a.on(t, first)
		var own []string
		for i := range companies {
			own = append(own, a.company(fmt.Sprintf("%s company %d", a.name, i), fmt.Sprintf("company%d.example", i)))
		}
		for i := range people {
			ids[n] = append(ids[n], a.person(fmt.Sprintf("%s %d", a.name, i), fmt.Sprintf("P%d@company%d.example", i, i%companies), own[i%companies]))
		}
		for i := range companies {
			_, id := a.about(own[i], ids[n][i])
			of[id] = fmt.Sprintf("company%d.example", i)
		}
		a.clock.Advance(time.Hour)
	}
	options := ``
	pass := func(a *account) (sent int) {
		before := first.planhat.Count(simulator.Filter{Operation: "bulk_upsert"})
		a.clock.Advance(time.Hour)
		for stream, did := range a.must(t, `streams = { `+a.streams+` }`+options) {
			assert.Zero(t, cmp.Or(did.(map[string]any)["missing"], any(0.0)), "%s %s", a.name, stream)
			assert.EqualValues(t, 0, did.(map[string]any)["rejected"], "%s %s", a.name, stream)
		}
		return first.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}) - before
	}
	state := func() map[string][2]any {
		found := map[string][2]any{}
		for _, p := range first.planhat.Records("enduser") {
			if strings.Contains(fmt.Sprint(p["email"]), "@company") {
				found[strings.ToLower(p["email"].(string))] = [2]any{p["sourceId"], p["companyId"]}
			}
		}
		return found
	}
	for _, a := range each {
		require.NotZero(t, pass(a))
	}
	began := state()
	require.Len(t, began, people)
	for i := range people {
		assert.Equal(t, ids[0][i], began[fmt.Sprintf("p%d@company%d.example", i, i%companies)][0], "the first system keeps its people")
	}
	domains := map[any]string{}
	for _, c := range first.planhat.Records("company") {
		for _, domain := range c["domains"].([]any) {
			domains[c["_id"]] = domain.(string)
		}
	}
	require.Len(t, domains, companies+2)
	for _, model := range []string{"opportunity", "ticket"} {
		for _, record := range first.planhat.Records(model) {
			for _, key := range []string{"sourceId", "externalId"} {
				if domain := of[fmt.Sprint(record[key])]; domain != "" {
					assert.Equal(t, domain, domains[record["companyId"]], "%s %s", model, record[key])
				}
			}
		}
	}
	for _, options = range []string{``, `, full = true`, `, full = true`} {
		settled := options == ``
		for range 2 {
			for _, a := range each {
				sent := pass(a)
				if settled {
					assert.Zero(t, sent, "%s %s", a.name, options)
				}
			}
			settled = true
		}
		assert.Equal(t, began, state())
	}

	// What one system alone fills follows its changes; the owner's values win.
	person := func() map[string]any { return first.records("enduser")[ids[0][0]] }
	each[1].change(ids[1][0], "gold")
	options = ``
	require.NotZero(t, pass(each[1]))
	assert.Equal(t, []any{"gold"}, person()["tags"])
	each[3].change(ids[3][0], "Berg")
	each[2].change(ids[2][0], "+1")
	for _, options = range []string{``, `, full = true`, `, full = true`} {
		for _, a := range each {
			pass(a)
		}
	}
	for _, a := range each {
		assert.Zero(t, pass(a), a.name)
	}
	assert.Equal(t, []any{"gold"}, person()["tags"])
	assert.Equal(t, "hubspot 0", person()["firstName"])
	assert.Equal(t, began, state())
}
