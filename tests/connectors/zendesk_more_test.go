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
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// refused is an answer that ends a run at once.
func refused() standin.Fault {
	return standin.Answer(http.StatusForbidden, `{"error":{"title":"Forbidden","message":"You do not have access to this page."}}`)
}

// Many tickets with one second, in an account that changes between the pages.
func TestZendeskBoundaries(t *testing.T) {
	d := newDesk(t)
	d.zendesk.StartIDs(1_234_567_890_123_456) // longer than numbers that Lua writes exactly
	company, kim, _ := d.northwind()
	var ids []int64
	for i := range 1200 {
		ids = append(ids, d.zendesk.Add(zendesk.Tickets, zendesk.Body{"subject": fmt.Sprint(i), "requester_id": kim, "organization_id": company}))
	}
	d.minute()
	page, quiet := 0, false
	d.zendesk.Before(func(r *standin.Request) {
		if quiet || !strings.Contains(r.Path, "/tickets/") {
			return
		}
		page++
		d.zendesk.Update(zendesk.Tickets, ids[page*7], zendesk.Body{"subject": fmt.Sprint("touched ", page)})
	})
	d.must(t, `{ page = 100 }`)
	quiet = true
	d.minute()
	d.must(t, `{ page = 100 }`)
	tickets := d.records("ticket")
	for _, id := range ids {
		require.Contains(t, tickets, zd(id))
		require.Equal(t, d.zendesk.Get(zendesk.Tickets, id)["subject"], tickets[zd(id)]["title"])
	}
	assert.Equal(t, 12, page)
}

// The export of organizations never passes a second with more of them than a page.
func TestZendeskCrowdedSecond(t *testing.T) {
	d := newDesk(t)
	d.zendesk.Add(zendesk.Organizations, zendesk.Body{"name": "First"})
	d.minute()
	d.must(t, `{ page = 10 }`)
	d.clock.Advance(time.Hour)
	for i := range 25 {
		d.zendesk.Add(zendesk.Organizations, zendesk.Body{"name": fmt.Sprint("Organization ", i)})
	}
	d.clock.Advance(5 * time.Minute)
	d.must(t, `{ page = 10 }`)
	assert.Len(t, d.records("company"), 26)
	assert.Contains(t, d.log.String(), "more changed in one second")
	d.log.Reset()
	d.clock.Advance(time.Hour)
	d.zendesk.Add(zendesk.Organizations, zendesk.Body{"name": "Last"})
	d.minute()
	did := d.must(t, `{ page = 10 }`)
	assert.Equal(t, 1, count(did, "organizations", "read"), "the export works again")
	assert.Len(t, d.records("company"), 27)
}

// A deletion is handled although the run that read it ended in between, and not if
// the ticket was restored.
func TestZendeskDeletions(t *testing.T) {
	d := newDesk(t)
	company, kim, _ := d.northwind()
	var ids []int64
	for range 5 {
		ids = append(ids, d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company}))
	}
	d.minute()
	d.must(t, `{}`)

	d.zendesk.Delete(zendesk.Tickets, ids[0])
	d.minute()
	did := d.must(t, `{}`)
	assert.Equal(t, 1, count(did, "tickets", "missing"))
	assert.Contains(t, d.records("ticket"), zd(ids[0]), "the default is to report")
	assert.Contains(t, d.log.String(), zd(ids[0])+" no longer exists there")
	d.minute()
	assert.Equal(t, 1, count(d.must(t, `{}`), "tickets", "missing"), "as long as it is there")
	did = d.must(t, `{ missing = "delete" }`)
	assert.Equal(t, 1, count(did, "tickets", "deleted"))
	assert.NotContains(t, d.records("ticket"), zd(ids[0]))
	d.minute()
	assert.Zero(t, count(d.must(t, `{ missing = "delete" }`), "tickets", "missing"))

	for i, id := range ids[1:4] {
		d.clock.Advance(time.Second)
		if i < 2 {
			d.zendesk.Delete(zendesk.Tickets, id)
		} else {
			d.zendesk.Update(zendesk.Tickets, id, zendesk.Body{"status": "open"})
		}
	}
	d.minute()
	const small = `{ streams = { "tickets" }, missing = "delete", page = 1, batch = 1 }`
	reads := d.zendesk.Log.Count(standin.Is("GET", "/tickets/cursor.json"))
	d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim})
	d.minute()
	d.zendesk.Faults.On(func(r *standin.Request) bool {
		return standin.Is("GET", "/tickets/cursor.json")(r) && d.zendesk.Log.Count(standin.Is("GET", "/tickets/cursor.json")) == reads+4
	}, 1, refused())
	_, err := d.sync(t, small)
	require.ErrorContains(t, err, "You do not have access")
	assert.Contains(t, d.records("ticket"), zd(ids[1]))
	d.zendesk.Update(zendesk.Tickets, ids[2], zendesk.Body{"status": "open"})
	d.minute()
	d.must(t, small)
	assert.NotContains(t, d.records("ticket"), zd(ids[1]), "its deletion was read by the run that failed")
	assert.Contains(t, d.records("ticket"), zd(ids[2]), "it was restored")

	// Texts of deleted tickets, which Zendesk replaces, do not reach Planhat.
	d.zendesk.Delete(zendesk.Tickets, ids[3])
	d.zendesk.Scrub(ids[3])
	d.minute()
	d.must(t, `{}`)
	assert.NotEqual(t, "SCRUBBED", d.records("ticket")[zd(ids[3])]["title"])

	// A complete pass compares.
	did = d.must(t, `{ streams = { "tickets" }, missing = "delete", full = true, max_missing = 1 }`)
	assert.Equal(t, 1, count(did, "tickets", "deleted"))
	assert.NotContains(t, d.records("ticket"), zd(ids[3]))
	d.minute()
	assert.Zero(t, count(d.must(t, `{ missing = "delete" }`), "tickets", "missing"))
}

func TestZendeskPeople(t *testing.T) {
	d := newDesk(t)
	company, kim, _ := d.northwind()
	old := d.zendesk.Add(zendesk.Users, zendesk.Body{"email": "old@northwind.example", "organization_id": company})
	chat := d.zendesk.Add(zendesk.Users, zendesk.Body{"name": "Visitor"})
	phone := d.zendesk.Add(zendesk.Users, zendesk.Body{"name": "Caller", "organization_id": company})
	silent := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": chat, "organization_id": company})
	d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": old, "organization_id": company})
	d.minute()
	did := d.must(t, `{}`)
	assert.Len(t, d.records("enduser"), 3)
	assert.Contains(t, d.records("enduser"), zd(phone))
	assert.Equal(t, 1, count(did, "tickets", "rejected"))
	assert.NotContains(t, d.records("ticket"), zd(silent))
	assert.Contains(t, d.rejected, "the requester has no e-mail address, and Planhat drops tickets without one")

	d.zendesk.MergeUsers(kim, old)
	d.zendesk.Update(zendesk.Users, chat, zendesk.Body{"email": "visitor@nw.example"})
	d.zendesk.Touch(silent, nil)
	d.minute()
	did = d.must(t, `{ missing = "archive" }`)
	assert.Equal(t, 1, count(did, "users", "archived"))
	assert.Equal(t, true, d.records("enduser")[zd(old)]["archived"])
	assert.Contains(t, d.records("ticket"), zd(silent))
	assert.Equal(t, d.records("company")[zd(company)]["_id"], d.records("enduser")[zd(chat)]["companyId"], "by the domain")
}

// People who did not come with the tickets are read by their ids, a hundred at a time.
func TestZendeskSideloads(t *testing.T) {
	d := newDesk(t)
	company, _, _ := d.northwind()
	var hidden, tickets []int64
	for i := range 150 {
		user := d.zendesk.Add(zendesk.Users, zendesk.Body{"email": fmt.Sprintf("p%d@northwind.example", i)})
		hidden = append(hidden, user)
		tickets = append(tickets, d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": user, "organization_id": company}))
	}
	d.zendesk.Configure(func(s *zendesk.Settings) { s.HideSideloads = hidden })
	d.minute()
	d.must(t, `{}`)
	assert.Len(t, d.records("ticket"), len(tickets))
	assert.Equal(t, 2, d.zendesk.Log.Count(standin.Is("GET", "/users/show_many.json")))
}

// A cursor that Zendesk has forgotten leads to a complete pass.
func TestZendeskForgottenCursor(t *testing.T) {
	d := newDesk(t)
	company, kim, _ := d.northwind()
	first := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
	d.minute()
	d.must(t, `{}`)
	second := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
	d.zendesk.Delete(zendesk.Tickets, first)
	d.zendesk.ForgetCursors()
	d.minute()
	did := d.must(t, `{}`)
	assert.Contains(t, d.log.String(), "the system has forgotten the position")
	assert.Contains(t, d.records("ticket"), zd(second))
	assert.Equal(t, 1, count(did, "tickets", "missing"))
	assert.Zero(t, count(d.must(t, `{}`), "tickets", "read"))
}

// The connector keeps within the limit of the exports, and waits when it is refused.
func TestZendeskLimits(t *testing.T) {
	d := newDesk(t)
	running := standin.RunningClock(d.clock.Now())
	d.clock = running
	d.zendesk = zendesk.New(running)
	d.url = serve(t, d.zendesk)
	d.options.Now = running.Now
	d.with(t, map[string]string{"ZENDESK_TOKEN": zendesk.Token})
	company, kim, _ := d.northwind()
	for i := range 8 {
		d.zendesk.Add(zendesk.Tickets, zendesk.Body{"subject": fmt.Sprint(i), "requester_id": kim, "organization_id": company})
	}
	d.minute()
	d.zendesk.Configure(func(s *zendesk.Settings) { s.Exports, s.Minute = 4, time.Second })
	d.rate = `{ "1000/1s", export = "4/1s" }`
	d.must(t, `{ page = 1 }`)
	assert.Len(t, d.records("ticket"), 8)
	assert.Zero(t, d.zendesk.Log.Count(func(r *standin.Request) bool { return r.Status == http.StatusTooManyRequests }))
	export := func(r *standin.Request) bool { return strings.Contains(r.Path, "/incremental/") }
	assert.LessOrEqual(t, d.zendesk.Log.Busiest(time.Second, export), 4)

	d.rate = `{ "1000/1s", export = "1000/1s" }`
	d.zendesk.Faults.On(standin.Is("GET", "/users/cursor.json"), 1, zendesk.EdgeRefusal("1"))
	d.zendesk.Touch(d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company}), nil)
	d.minute()
	d.must(t, `{ page = 1, full = true }`)
	assert.Positive(t, d.zendesk.Log.Count(func(r *standin.Request) bool { return r.Status == http.StatusTooManyRequests }))
	assert.Len(t, d.records("ticket"), 9)
}

func TestZendeskCredentials(t *testing.T) {
	d := newDesk(t)
	d.northwind()
	d.minute()
	d.with(t, map[string]string{"ZENDESK_CLIENT_ID": zendesk.ClientID, "ZENDESK_CLIENT_SECRET": zendesk.ClientSecret})
	d.zendesk.After(func(r *standin.Request) {
		if strings.HasSuffix(r.Path, "/organizations.json") {
			d.zendesk.OAuth.ExpireAccess() // in the middle of the run
		}
	})
	d.must(t, `{}`)
	d.zendesk.ClearHooks()
	assert.Len(t, d.records("enduser"), 1)
	assert.Equal(t, 2, d.zendesk.Log.Count(standin.Is("POST", "/oauth/tokens")))
	assert.NotContains(t, d.log.String(), zendesk.ClientSecret)

	d.with(t, map[string]string{"ZENDESK_EMAIL": "admin@northwind.example", "ZENDESK_API_TOKEN": zendesk.APIToken})
	d.must(t, `{}`)
	d.zendesk.EndTokens()
	_, err := d.sync(t, `{}`)
	require.ErrorContains(t, err, "Couldn't authenticate you")

	d.with(t, map[string]string{"ZENDESK_CLIENT_ID": zendesk.ClientID})
	_, err = d.sync(t, `{}`)
	require.ErrorContains(t, err, "Zendesk: set ZENDESK_CLIENT_SECRET for OAuth")
	assert.NotContains(t, err.Error(), "API_TOKEN", "nobody should begin with what ends")

	d.with(t, map[string]string{"ZENDESK_TOKEN": zendesk.Token})
	d.zendesk.Configure(func(s *zendesk.Settings) { s.Admin = false })
	_, err = d.sync(t, `{ streams = { "users" } }`)
	require.ErrorContains(t, err, "403")
	for options, want := range map[string]string{
		`{ companies = "names" }`:      `companies must be "domains", "external_id" or "organizations", not "names"`,
		`{ streams = { "articles" } }`: `Zendesk has no stream "articles"`,
	} {
		_, err = d.sync(t, options)
		assert.ErrorContains(t, err, want)
	}
}

// Companies that another system brings are found by their externalId, or by domains.
func TestZendeskCompanies(t *testing.T) {
	for way, field := range map[string]string{"external_id": "externalId", "domains": "domains"} {
		d := newDesk(t)
		company, kim, _ := d.northwind()
		ticket := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
		there := map[string]any{"name": "Northwind", "externalId": "crm-7", "sourceId": "sf-1"}
		if field == "domains" {
			there = map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}, "sourceId": "sf-1"}
		}
		require.NoError(t, d.planhat.Put("company", there))
		d.minute()
		d.must(t, `{ companies = "`+way+`" }`)
		companies := d.records("company")
		require.Len(t, companies, 1, way)
		assert.Equal(t, companies["sf-1"]["_id"], d.records("enduser")[zd(kim)]["companyId"], way)
		assert.Equal(t, companies["sf-1"]["_id"], d.records("ticket")[zd(ticket)]["companyId"], way)
		sent := d.sent()
		d.must(t, `{ companies = "`+way+`", full = true }`)
		assert.Equal(t, sent, d.sent(), way)
	}
}

func TestZendeskSatisfaction(t *testing.T) {
	d := newDesk(t)
	company, kim, _ := d.northwind()
	ticket := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
	d.zendesk.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket})
	rating := d.zendesk.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket, "score": "bad", "comment": "Too slow"})
	d.minute()
	d.must(t, `{}`)
	assert.Empty(t, d.records("nps"), "only if it is named")
	const options = `{ streams = { "satisfaction" } }`
	d.must(t, options)
	answers := d.records("nps")
	require.Len(t, answers, 1, d.log.String())
	assert.EqualValues(t, 0, answers[zd(rating)]["score"])
	assert.Equal(t, "Too slow", answers[zd(rating)]["comment"])
	assert.Equal(t, "kim@northwind.example", answers[zd(rating)]["email"])
	sent := d.sent()
	d.must(t, options)
	assert.Equal(t, sent, d.sent())

	// A rating that changes later is found although Zendesk lists it by its creation.
	d.clock.Advance(10 * 24 * time.Hour)
	d.zendesk.Update(zendesk.Ratings, rating, zendesk.Body{"score": "good"})
	d.minute()
	d.must(t, options)
	assert.EqualValues(t, 10, d.records("nps")[zd(rating)]["score"])
}

func TestZendeskFields(t *testing.T) {
	d := newDesk(t)
	product := d.zendesk.AddField("Product", "tagger")
	company, kim, _ := d.northwind()
	ticket := d.zendesk.Add(zendesk.Tickets, zendesk.Body{
		"requester_id": kim, "organization_id": company, "custom_fields": []any{zendesk.Body{"id": product, "value": "router"}},
	})
	d.minute()
	d.must(t, fmt.Sprintf(`{ map = { tickets = { product = "join.field.%d", type = false } } }`, product))
	assert.Equal(t, "router", d.records("ticket")[zd(ticket)]["product"])
	_, err := d.sync(t, `{ map = { tickets = { product = "join.field.77" } }, full = true }`)
	assert.ErrorContains(t, err, "there is no ticket field 77")
	_, err = d.sync(t, `{ map = { users = { position = "title" } }, full = true }`)
	assert.ErrorContains(t, err, `no record of users has "title"`)

	// What a map translates must be a value that the field can have.
	_, err = d.sync(t, `{ map = { tickets = { severity = require("connector.fields").enum("priority", { hihg = "1" }) } } }`)
	assert.ErrorContains(t, err, `the map of severity translates "hihg", which priority cannot be; it can be high, low, normal, urgent`)
	plan := d.zendesk.AddField("Plan", "tagger", "plan_pro", "plan_team")
	_, err = d.sync(t, fmt.Sprintf(`{ map = { tickets = { product = require("connector.fields").enum("join.field.%d", { plan_pro = "Pro", plan_gone = "?" }) } } }`, plan))
	assert.ErrorContains(t, err, `translates "plan_gone", which join.field.`)
	assert.ErrorContains(t, err, `it can be plan_pro, plan_team`)
	d.must(t, fmt.Sprintf(`{ map = { tickets = { product = require("connector.fields").enum("join.field.%d", { plan_pro = "Pro" }), status = require("connector.fields").enum("status", { new = "new", closed = "done" }) } } }`, plan))
}

// Fields of organizations get Planhat's values once. One that Zendesk refuses does not
// stop the others.
func TestZendeskBack(t *testing.T) {
	d := newDesk(t)
	d.zendesk.DropDown("phase", "onboarding", "live")
	var ids []int64
	for i := range 3 {
		ids = append(ids, d.zendesk.Add(zendesk.Organizations, zendesk.Body{"name": fmt.Sprint("Organization ", i), "organization_fields": zendesk.Body{"phase": nil}}))
	}
	d.minute()
	const options = `{ streams = { "organizations" }, back = { organizations = { phase = "phase" } } }`
	d.must(t, options)
	for i, phase := range []string{"onboarding", "unknown", "live"} {
		record := d.records("company")[zd(ids[i])]
		record["phase"] = phase
		require.NoError(t, d.planhat.Put("company", record))
	}
	for range 3 {
		d.minute()
		d.must(t, options)
	}
	writes := d.zendesk.Writes()
	require.Len(t, writes, 2)
	assert.Equal(t, zendesk.Body{"phase": "onboarding"}, d.zendesk.Get(zendesk.Organizations, ids[0])["organization_fields"])
	assert.Contains(t, d.rejected, "unknown is not a valid option")
	_, err := d.sync(t, `{ streams = { "organizations" }, back = { organizations = { pahse = "phase" } } }`)
	require.ErrorContains(t, err, `no field with the key "pahse"`)
	assert.Equal(t, 1, d.planhat.Count(simulator.Filter{Model: "company", Operation: "bulk_upsert"}))
}
