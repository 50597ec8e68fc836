package connectors

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// records are Planhat's records by their sourceId.
func (r *rig) records(model string) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, record := range r.planhat.Records(model) {
		if id, ok := record["sourceId"].(string); ok {
			all[id] = record
		}
	}
	return all
}

func TestHubSpot(t *testing.T) {
	r := newRig(t)
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
	r.must(t, `{}`)

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
	r.must(t, `{}`)
	r.must(t, `{ full = true }`)
	assert.Equal(t, before, r.upserts("company")+r.upserts("enduser"))

	// Later runs read what changed, and clear what was cleared.
	r.hubspot.Update("companies", company, map[string]string{"name": "Northwind Ltd", "country": ""})
	r.clock.Advance(time.Hour)
	did := r.must(t, `{}`)
	assert.EqualValues(t, 1, did["companies"].(map[string]any)["updated"])
	got = r.records("company")[company]
	assert.Equal(t, "Northwind Ltd", got["name"])
	assert.Nil(t, got["country"])
}

// Many records with one time, more than a search returns, in a portal that changes
// between the pages.
func TestHubSpotBoundaries(t *testing.T) {
	r := newRig(t)
	r.hubspot.Configure(func(s *hubspot.Settings) { s.Burst, s.Search, s.SearchCap = 0, 0, 1000 })
	r.hubspot.Add("companies", map[string]string{"name": "First"})
	r.clock.Advance(time.Hour)
	r.must(t, `{ streams = { "companies" } }`)
	at := r.clock.Now()
	var ids []string
	for i := range 2500 {
		ids = append(ids, r.hubspot.AddAt("companies", at, map[string]string{"name": "C" + strconv.Itoa(i)}))
	}
	r.clock.Advance(time.Hour)
	page, quiet := 0, false
	r.hubspot.Before(func(*standin.Request) {
		if quiet {
			return
		}
		for range 3 {
			r.hubspot.Update("companies", ids[page*7%len(ids)], map[string]string{"description": "touched " + strconv.Itoa(page)})
			page++
		}
	})
	r.must(t, `{ streams = { "companies" } }`)
	quiet = true
	r.clock.Advance(time.Hour)
	r.must(t, `{ streams = { "companies" } }`)
	companies := r.records("company")
	for _, id := range ids {
		require.Contains(t, companies, id)
		there, _ := companies[id]["description"].(string)
		require.Equal(t, r.hubspot.Get("companies", id).Properties["description"], there)
	}
}

// A field that the vendor does not return is an error, not a value to clear.
func TestHubSpotHiddenProperty(t *testing.T) {
	r := newRig(t)
	r.hubspot.Add("companies", map[string]string{"name": "Northwind", "country": "Sweden"})
	r.clock.Advance(time.Hour)
	r.must(t, `{ streams = { "companies" } }`)
	r.hubspot.HideProperty("companies", "country", true)
	_, err := r.sync(t, `{ streams = { "companies" }, full = true }`)
	assert.ErrorContains(t, err, `"properties.country", which country is mapped to`)
	for _, company := range r.records("company") {
		assert.Equal(t, "Sweden", company["country"])
	}
}

// Planhat's own fields are written back once, whatever the vendor makes of them.
func TestHubSpotBack(t *testing.T) {
	r := newRig(t)
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "planhat_health", Type: "number"})
	id := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	const options = `{ streams = { "companies" }, back = { companies = { planhat_health = "custom.Health" } } }`
	r.must(t, options)
	assert.Empty(t, r.hubspot.Writes("companies"))
	record := r.records("company")[id]
	record["custom"] = map[string]any{"Health": 7.123456}
	require.NoError(t, r.planhat.Put("company", record))
	for range 10 {
		r.clock.Advance(time.Hour)
		r.must(t, options)
		r.hubspot.SetSilently("companies", id, map[string]string{"planhat_health": "7.12"}) // it rounds
	}
	assert.Len(t, r.hubspot.Writes("companies"), 1)
	assert.Equal(t, 1, r.planhat.Count(simulator.Filter{Model: "company", Operation: "bulk_upsert"}))
	_, err := r.sync(t, `{ back = { companies = { name = "name" } } }`)
	assert.ErrorContains(t, err, "each field can have one owner")
}

// Rows that Planhat rejects are sent again until it accepts them.
func TestRejectedRowsAreRetried(t *testing.T) {
	r := newRig(t)
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	r.hubspot.Associate("contacts", contact, "companies", company)
	r.clock.Advance(time.Hour)
	did := r.must(t, `{ streams = { "contacts" } }`)
	assert.EqualValues(t, 1, did["contacts"].(map[string]any)["rejected"], "its company is not in Planhat yet")
	r.clock.Advance(24 * time.Hour)
	r.must(t, `{}`)
	did = r.must(t, `{}`)
	assert.Contains(t, r.records("enduser"), contact)
	assert.EqualValues(t, 0, did["contacts"].(map[string]any)["rejected"])
}

func TestDeletions(t *testing.T) {
	r := newRig(t)
	var ids []string
	for i := range 30 {
		ids = append(ids, r.hubspot.Add("contacts", map[string]string{"email": "p" + strconv.Itoa(i) + "@northwind.example"}))
	}
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
	r.clock.Advance(time.Hour)
	r.must(t, `{ streams = { "contacts" } }`)
	require.Len(t, r.records("enduser"), 30, r.log.String())
	r.hubspot.Archive("contacts", ids[0])
	r.clock.Advance(time.Hour)
	did := r.must(t, `{ streams = { "contacts" } }`)
	assert.EqualValues(t, 1, did["contacts"].(map[string]any)["missing"])
	assert.NotEqual(t, true, r.records("enduser")[ids[0]]["archived"], "the default is to report")
	r.must(t, `{ streams = { "contacts" }, missing = "archive" }`)
	assert.Equal(t, true, r.records("enduser")[ids[0]]["archived"])

	// A pass that lost most records archives nothing.
	for _, id := range ids[1:20] {
		r.hubspot.Merge("contacts", ids[29], id)
	}
	did = r.must(t, `{ streams = { "contacts" }, missing = "archive", full = true }`)
	assert.EqualValues(t, 19, did["contacts"].(map[string]any)["missing"])
	assert.NotEqual(t, true, r.records("enduser")[ids[1]]["archived"])
	assert.Contains(t, r.log.String(), "more than 5%")
}
