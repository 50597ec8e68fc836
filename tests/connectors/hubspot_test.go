package connectors

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// hubspotRig is a rig with HubSpot's stand-in.
type hubspotRig struct {
	*rig
	hubspot *hubspot.Server
}

func newHubSpot(t *testing.T) *hubspotRig {
	t.Helper()
	r := newRig(t)
	return &hubspotRig{r, r.handler.(*hubspot.Server)}
}

func TestHubSpot(t *testing.T) {
	r := newHubSpot(t)
	require.NoError(t, r.planhat.Put("user", map[string]any{"email": "Kim@Ours.Example", "nickName": "Kim"}))
	owner := r.hubspot.AddOwner(hubspot.Owner{Email: "kim@ours.example"})
	company := r.hubspot.Add("companies", map[string]string{
		"name": "Northwind", "domain": "WWW.Northwind.example", "hs_additional_domains": "nw.example;https://nw.example/x", "country": "Sweden",
		"lifecyclestage": "customer", "hubspot_owner_id": owner,
	})
	other := r.hubspot.Add("companies", map[string]string{"name": "Other"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@northwind.example", "firstname": "Ada", "lastname": "Lund", "jobtitle": "CTO"})
	r.hubspot.Associate("contacts", contact, "companies", other)
	r.hubspot.Associate("contacts", contact, "companies", company, hubspot.Label{Name: "Primary"})
	r.clock.Advance(time.Hour)
	r.must(t, `streams = { "companies", "contacts" }`)

	companies := r.records("company")
	require.Len(t, companies, 2)
	got := companies[company]
	assert.Equal(t, "Northwind", got["name"])
	assert.Equal(t, []any{"northwind.example", "nw.example"}, got["domains"])
	assert.Equal(t, "customer", got["status"])
	assert.Equal(t, r.planhat.Records("user")[0]["_id"], got["owner"])
	person := r.records("enduser")[contact]
	assert.Equal(t, "Ada", person["firstName"])
	assert.Equal(t, got["_id"], person["companyId"], "the primary company")

	// A second run sends nothing.
	before := r.upserts("company") + r.upserts("enduser")
	r.must(t, `streams = { "companies", "contacts" }`)
	r.must(t, `full = true`)
	assert.Equal(t, before, r.upserts("company")+r.upserts("enduser"))

	// Later runs read what changed, and clear what was cleared.
	r.hubspot.Update("companies", company, map[string]string{"name": "Northwind Ltd", "country": ""})
	r.clock.Advance(time.Hour)
	did := r.must(t, `streams = { "companies", "contacts" }`)
	assert.EqualValues(t, 1, did["companies"].(map[string]any)["updated"])
	got = r.records("company")[company]
	assert.Equal(t, "Northwind Ltd", got["name"])
	assert.Nil(t, got["country"])
}

// A map that translates a value that the property cannot have stops the run before it reads.
func TestHubSpotValuesThatAreGone(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "tier", Type: "enumeration", FieldType: "select", Options: []string{"gold", "silver"}})
	r.hubspot.Add("companies", map[string]string{"name": "Northwind", "tier": "gold"})
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies" }, map = { companies = { ["custom.Tier"] = F.keep(F.enum("properties.tier", { gold = "Gold", %s = "Other" })) } }`
	_, err := r.sync(t, fmt.Sprintf(options, "bronze"))
	require.ErrorContains(t, err, `HubSpot companies: the map of custom.Tier translates "bronze", which properties.tier cannot be; it can be gold, silver`)
	assert.Empty(t, r.records("company"))
	r.must(t, fmt.Sprintf(options, "silver"))
	assert.Len(t, r.records("company"), 1)
}

// Rows that Planhat rejects are sent again until it accepts them.
func TestRejectedRowsAreRetried(t *testing.T) {
	r := newHubSpot(t)
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	r.hubspot.Associate("contacts", contact, "companies", company)
	r.clock.Advance(time.Hour)
	did := r.must(t, `streams = { "contacts" }`)
	assert.EqualValues(t, 1, did["contacts"].(map[string]any)["rejected"], "its company is not in Planhat yet")
	r.clock.Advance(24 * time.Hour)
	r.must(t, `streams = { "companies", "contacts" }`)
	did = r.must(t, `streams = { "companies", "contacts" }`)
	assert.Contains(t, r.records("enduser"), contact)
	assert.EqualValues(t, 0, did["contacts"].(map[string]any)["rejected"])
}

// hubspotArchive: contacts can be archived in Planhat. Those that are back in HubSpot are
// taken out of the archive, those that a user archived are left there.
func hubspotArchive(t *testing.T) {
	r := newHubSpot(t)
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
	var ids []string
	for i := range 30 {
		ids = append(ids, r.hubspot.Add("contacts", map[string]string{"email": fmt.Sprintf("p%d@northwind.example", i)}))
	}
	r.clock.Advance(time.Hour)
	const archive = `streams = { "contacts" }, missing = "archive", sole_source = true, max_missing = 1`
	archived := func(id string) bool { return r.records("enduser")[id]["archived"] == true }
	r.must(t, archive)
	record := r.records("enduser")[ids[5]]
	record["archived"] = true
	require.NoError(t, r.planhat.Put("enduser", record))
	r.hubspot.Archive("contacts", ids[0])
	r.clock.Advance(time.Hour)
	did := r.must(t, archive)
	assert.EqualValues(t, 1, did["contacts"].(map[string]any)["archived"])
	assert.True(t, archived(ids[0]))
	assert.False(t, archived(ids[1]))
	r.hubspot.Restore("contacts", ids[0])
	did = r.must(t, archive+`, full = true`)
	assert.EqualValues(t, 1, did["contacts"].(map[string]any)["restored"])
	assert.False(t, archived(ids[0]))
	assert.True(t, archived(ids[5]), "not by the connector")

	// Companies cannot be archived, and are reported.
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	r.must(t, `streams = { "companies" }`)
	r.hubspot.Archive("companies", company)
	r.must(t, `streams = { "companies" }, missing = "archive"`)
	assert.Contains(t, r.log.String(), "Planhat does not archive such records")
	assert.Contains(t, r.records("company"), company)

	// A run reads some pages of a long list of archived records, the next run the following ones.
	r = newHubSpot(t)
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
	ids = nil
	for i := range 4500 {
		ids = append(ids, r.hubspot.Add("contacts", map[string]string{"email": fmt.Sprintf("p%d@northwind.example", i)}))
	}
	r.clock.Advance(time.Hour)
	r.must(t, archive)
	for _, id := range ids[:4400] {
		r.hubspot.Archive("contacts", id)
	}
	for range 3 {
		r.clock.Advance(time.Hour)
		before := r.hubspot.Log.Count(nil)
		r.must(t, archive)
		assert.Less(t, r.hubspot.Log.Count(nil)-before, 30)
	}
	assert.True(t, archived(ids[4399]))
}

// hubspotAssociations: the primary company counts, on whichever page it is, and of each
// record that was asked for, HubSpot's answer is known.
func hubspotAssociations(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.Configure(func(s *hubspot.Settings) { s.AssociationPage = 2 })
	var companies, contacts []string
	for i := range 6 {
		companies = append(companies, r.hubspot.Add("companies", map[string]string{"name": "C" + strconv.Itoa(i)}))
	}
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "By domain", "domains": []any{"people.example"}}))
	for i := range 1001 {
		contacts = append(contacts, r.hubspot.Add("contacts", map[string]string{"email": fmt.Sprintf("p%d@people.example", i)}))
		if i >= 10 {
			r.hubspot.Associate("contacts", contacts[i], "companies", companies[i%6])
		}
	}
	r.hubspot.Associate("contacts", contacts[1], "companies", companies[1])
	for i := range 5 { // the primary one is on the third page
		labels := []hubspot.Label{{TypeID: 77, Category: "USER_DEFINED", Name: "Buyer"}}
		if i == 4 {
			labels = append(labels, hubspot.Primary)
		}
		r.hubspot.Associate("contacts", contacts[2], "companies", companies[i], labels...)
	}
	r.hubspot.Associate("contacts", contacts[3], "companies", companies[2], hubspot.Label{TypeID: 77, Category: "USER_DEFINED", Name: "Buyer"})
	r.clock.Advance(time.Hour)
	const both = `streams = { "companies", "contacts" }`
	r.must(t, both)
	company := func(id string) any {
		at := r.records("enduser")[id]
		require.NotNil(t, at, id)
		for sourceID, c := range r.records("company") {
			if c["_id"] == at["companyId"] {
				return sourceID
			}
		}
		return nil
	}
	assert.Nil(t, company(contacts[0]))
	assert.Equal(t, companies[1], company(contacts[1]))
	assert.Equal(t, companies[4], company(contacts[2]))
	assert.Equal(t, companies[2], company(contacts[3]))
	assert.Equal(t, companies[1000%6], company(contacts[1000]))
	assert.NotContains(t, r.log.String(), "left out")

	// A record whose associations are left out of the answer keeps what it has.
	r.hubspot.Configure(func(s *hubspot.Settings) { s.DropAssociations = []string{contacts[2], contacts[20]} })
	r.hubspot.Before(func(req *standin.Request) {
		if strings.HasSuffix(req.Path, "/contacts/companies/batch/read") { // these are gone between the two requests
			for _, id := range contacts[5:8] {
				if !r.hubspot.Get("contacts", id).Archived {
					r.hubspot.Archive("contacts", id)
				}
			}
		}
	})
	for _, id := range contacts[:30] {
		r.hubspot.Update("contacts", id, map[string]string{"firstname": "New"})
	}
	r.clock.Advance(time.Hour)
	did := r.must(t, both)["contacts"].(map[string]any)
	assert.EqualValues(t, 0, did["rejected"])
	assert.Equal(t, companies[4], company(contacts[2]))
	assert.Equal(t, "New", r.records("enduser")[contacts[2]]["firstName"])
	assert.Contains(t, r.log.String(), "HubSpot left out the companies of 2 contacts, such as "+contacts[2])
}

// Deals become opportunities and tickets tickets: stages by their labels, the e-mail
// address of a ticket by its contact.
func TestHubSpotDealsAndTickets(t *testing.T) {
	r := newHubSpot(t)
	require.NoError(t, r.planhat.Put("user", map[string]any{"email": "kim@ours.example", "nickName": "Kim"}))
	owner := r.hubspot.AddOwner(hubspot.Owner{Email: "kim@ours.example"})
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind", "domain": "northwind.example"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@private.example"})
	r.hubspot.Associate("contacts", contact, "companies", company, hubspot.Primary)
	deal := func(stage string) string {
		id := r.hubspot.Add("deals", map[string]string{
			"dealname": "Deal " + stage, "amount": "1200.50", "deal_currency_code": "EUR", "pipeline": "default", "dealstage": stage,
			"closedate": "2026-12-24T10:00:00Z", "hubspot_owner_id": owner,
		})
		r.hubspot.Associate("deals", id, "companies", company, hubspot.Primary)
		return id
	}
	open, won, lost := deal("contractsent"), deal("closedwon"), deal("closedlost")
	r.hubspot.Add("deals", map[string]string{"dealname": "Without company", "dealstage": "closedwon"})
	ticket := r.hubspot.Add("tickets", map[string]string{
		"subject": "Broken", "content": "It does not work.", "hs_pipeline": "0", "hs_pipeline_stage": "3", "hs_ticket_priority": "HIGH",
	})
	r.hubspot.Associate("tickets", ticket, "companies", company, hubspot.Primary)
	r.hubspot.Associate("tickets", ticket, "contacts", contact)
	r.hubspot.Add("tickets", map[string]string{"subject": "Nobody's"})
	r.clock.Advance(time.Hour)
	did := r.must(t, `streams = { "tickets", "deals", "contacts", "companies" }`)
	opportunities := r.recordsBy("opportunity", "externalId")
	require.Len(t, opportunities, 3, r.log.String())
	got := opportunities["hubspot-"+open]
	assert.Equal(t, "Deal contractsent", got["title"])
	assert.Equal(t, "Contract Sent", got["salesStage"])
	assert.Equal(t, "active", got["status"])
	assert.EqualValues(t, 1200.5, got["nrr"])
	assert.Equal(t, "EUR", got["_currency"])
	assert.Equal(t, r.records("company")[company]["_id"], got["companyId"])
	assert.Equal(t, r.planhat.Records("user")[0]["_id"], got["ownerId"])
	assert.Contains(t, got["closeDate"], "2026-12-24")
	assert.Equal(t, "won", opportunities["hubspot-"+won]["status"])
	assert.Equal(t, "lost", opportunities["hubspot-"+lost]["status"])
	assert.EqualValues(t, 1, did["deals"].(map[string]any)["rejected"], "the one without a company")
	tickets := r.records("ticket")
	require.Len(t, tickets, 1)
	assert.Equal(t, "ada@private.example", tickets[ticket]["email"])
	assert.Equal(t, []any{"northwind.example"}, tickets[ticket]["domains"])
	assert.Equal(t, "Waiting on us", tickets[ticket]["status"])
	assert.Equal(t, "HIGH", tickets[ticket]["severity"])
	assert.EqualValues(t, 1, did["tickets"].(map[string]any)["rejected"], "the one without a contact")
	sent := r.upserts("opportunity") + r.upserts("ticket")
	r.must(t, `streams = { "deals", "tickets" }, full = true`)
	assert.Equal(t, sent, r.upserts("opportunity")+r.upserts("ticket"), "nothing is sent again")

	// A stage gets another label.
	r.hubspot.SetPipelines("deals", hubspot.Pipeline{ID: "default", Label: "Sales", Stages: []hubspot.Stage{
		{ID: "contractsent", Label: "Contract", Metadata: map[string]string{"isClosed": "false", "probability": "0.9"}},
	}})
	r.must(t, `streams = { "deals" }, full = true`)
	assert.Equal(t, "Contract", r.recordsBy("opportunity", "externalId")["hubspot-"+open]["salesStage"])
}
