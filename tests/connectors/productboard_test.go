package connectors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/productboard"
)

// board is a rig with Productboard, and a Planhat with three companies.
type board struct {
	*rig
	vendor                    *productboard.Server
	northwind, umbrella, acme string // ids in Planhat
}

func newBoard(t *testing.T) *board {
	t.Helper()
	r := rigOf(t, productboardVendor())
	b := &board{rig: r, vendor: r.handler.(*productboard.Server)}
	for _, company := range []map[string]any{
		{"name": "Northwind", "externalId": "crm-7", "domains": []any{"other.example"}},
		{"name": "Umbrella", "sourceId": "sf-9"},
		{"name": "Acme", "domains": []any{"acme.example"}},
	} {
		require.NoError(t, r.planhat.Put("company", company))
	}
	for _, record := range r.planhat.Records("company") {
		id, _ := record["_id"].(string)
		switch record["name"] {
		case "Northwind":
			b.northwind = id
		case "Umbrella":
			b.umbrella = id
		default:
			b.acme = id
		}
	}
	return b
}

// both synchronizes features and notes.
func (b *board) both(t *testing.T, options string) map[string]any {
	t.Helper()
	return b.must(t, `streams = { "features", "notes" }, `+options)
}

func TestProductboard(t *testing.T) {
	b := newBoard(t)
	acme := b.vendor.Add("company", productboard.Body{"name": "Acme", "domain": "WWW.acme.example"})
	feature := b.vendor.Add("feature", productboard.Body{"name": "Faster export", "description": "<p>Stream <b>CSV</b></p>", "status": productboard.Body{"id": "b2", "name": "In progress"}})
	part := b.vendor.Add("subfeature", productboard.Body{"name": "Progress bar", "archived": true})
	gone := b.vendor.Add("feature", productboard.Body{"name": "Dropped"})
	b.vendor.Add("component", productboard.Body{"name": "Exports"})
	note := b.vendor.Add(productboard.Note, productboard.Body{"name": "Export is slow", "content": "<p>It takes <i>hours</i>.</p>", "processed": true})
	old := b.vendor.Add(productboard.Note, productboard.Body{"name": "Old wish", "archived": true})
	b.vendor.Relate(note, "customer", acme)
	b.vendor.Relate(note, "link", feature)
	b.clock.Advance(time.Hour)
	b.both(t, ``)
	issues := b.records("issue")
	require.Len(t, issues, 5, b.log.String())
	for id, want := range map[string]map[string]any{
		"pb-feature-" + feature: {
			"title": "Faster export", "description": "Stream CSV", "status": "In progress", "archived": false, "source": "productboard",
			"sourceUrl": "https://northwind.productboard.com/entity-detail/" + feature, "companyIds": []any{b.acme},
		},
		"pb-feature-" + part: {"title": "Progress bar", "archived": true, "status": "New idea"},
		"pb-note-" + note: {
			"title": "Export is slow", "description": "It takes hours.", "status": "processed", "archived": false, "source": "productboard",
			"sourceUrl": "https://northwind.productboard.com/inbox/notes/" + note, "companyIds": []any{b.acme},
		},
		"pb-note-" + old: {"title": "Old wish", "archived": true, "status": "unprocessed"},
	} {
		for property, value := range want {
			assert.Equal(t, value, issues[id][property], "%s of %s", property, id)
		}
	}

	// A second run sends nothing, nor does one that reads everything.
	sent := b.upserts("issue")
	b.clock.Advance(time.Hour)
	b.both(t, ``)
	b.both(t, `full = true`)
	assert.Equal(t, sent, b.upserts("issue"), b.log.String())

	// A note that is archived moves to another list. A feature that is gone is found by each run.
	b.vendor.Update(note, productboard.Body{"archived": true})
	b.vendor.Update(feature, productboard.Body{"description": "", "status": nil})
	b.vendor.Delete(gone)
	b.clock.Advance(time.Hour)
	did := b.both(t, ``)
	assert.Equal(t, 1, count(did, "features", "missing"))
	assert.Contains(t, b.log.String(), "pb-feature-"+gone+" no longer exists there")
	issues = b.records("issue")
	assert.Equal(t, true, issues["pb-note-"+note]["archived"])
	assert.Nil(t, issues["pb-feature-"+feature]["status"])
	assert.Nil(t, issues["pb-feature-"+feature]["description"])
	b.both(t, `missing = "delete", max_missing = 1`)
	assert.NotContains(t, b.records("issue"), "pb-feature-"+gone)
	wish := b.vendor.Add(productboard.Note, productboard.Body{"name": "New wish"})
	b.clock.Advance(time.Hour)
	b.both(t, ``)
	b.vendor.Delete(wish)
	b.clock.Advance(time.Hour)
	assert.Zero(t, count(b.both(t, ``), "notes", "missing"), "only a complete pass finds deleted notes")
	assert.Equal(t, 1, count(b.both(t, `full = true`), "notes", "missing"))
	assert.Equal(t, 0, b.vendor.Log.Count(func(r *standin.Request) bool { return r.Status >= 400 }))
}

// Customers lead to companies of Planhat by key, by domain, or by the address of a person.
func TestProductboardCustomers(t *testing.T) {
	for name, change := range map[string]func(*productboard.Settings){
		"inline": func(*productboard.Settings) {}, "bare": func(s *productboard.Settings) { s.Bare = true },
		"paged": func(s *productboard.Settings) { s.Related = 1 },
		"keyed": func(s *productboard.Settings) { s.DomainKey = "7c0f2a10-9d1e-4a0e-8a51-5a4f1a3f0001" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t)
			b.vendor.Configure(change)
			byKey := b.vendor.Add("company", productboard.Body{"name": "Northwind", "domain": "acme.example"})
			b.vendor.Origin(byKey, "salesforce", "crm-7")
			bySource := b.vendor.Add("company", productboard.Body{"name": "Umbrella"})
			b.vendor.Origin(bySource, "salesforce", "sf-9")
			byDomain := b.vendor.Add("company", productboard.Body{"name": "Acme Inc", "domain": "acme.example"})
			member := b.vendor.Add("user", productboard.Body{"name": "Kim", "email": "kim@gmail.example"})
			b.vendor.Relate(member, "parent", bySource)
			alone := b.vendor.Add("user", productboard.Body{"name": "Lo", "email": "Lo@ACME.example"})
			stranger := b.vendor.Add("user", productboard.Body{"name": "Bo", "email": "bo@nowhere.example"})
			for range 30 { // so many that they are read as a list
				b.vendor.Add("company", productboard.Body{"name": "Another", "domain": "another.example"})
			}
			feature := b.vendor.Add("feature", productboard.Body{"name": "Faster export"})
			note := func(archived bool, customers ...string) string {
				id := b.vendor.Add(productboard.Note, productboard.Body{"name": "Note", "archived": archived})
				b.vendor.Relate(id, "link", feature)
				for _, one := range customers {
					b.vendor.Relate(id, "customer", one)
				}
				return "pb-note-" + id
			}
			key, source, domain, person, address := note(false, byKey), note(false, bySource), note(true, byDomain), note(false, member), note(false, alone)
			none, nobody := note(false, stranger), note(false)
			for _, company := range b.vendor.IDs("company")[3:] {
				note(false, company)
			}
			b.clock.Advance(time.Hour)
			b.both(t, ``)
			issues := b.records("issue")
			for id, want := range map[string][]any{key: {b.northwind}, source: {b.umbrella}, domain: {b.acme}, person: {b.umbrella}, address: {b.acme}} {
				assert.Equal(t, want, issues[id]["companyIds"])
			}
			assert.Empty(t, issues[none]["companyIds"])
			assert.Empty(t, issues[nobody]["companyIds"])
			assert.ElementsMatch(t, []any{b.northwind, b.umbrella, b.acme}, issues["pb-feature-"+feature]["companyIds"])
			assert.Contains(t, b.log.String(), "match no company of Planhat")
			assert.Equal(t, 0, b.vendor.Log.Count(func(r *standin.Request) bool { return r.Status >= 400 }))

			// What was linked by hand stays, and a deleted customer stops nothing.
			record := issues[nobody]
			record["companyIds"] = []any{b.acme}
			require.NoError(t, b.planhat.Put("issue", record))
			b.vendor.Delete(alone)
			b.both(t, `full = true`)
			assert.Equal(t, []any{b.acme}, b.records("issue")[nobody]["companyIds"])

			// Without companies in the map, nothing is asked about customers.
			b.vendor.Log.Reset()
			b.both(t, `full = true, map = { features = { companyIds = false }, notes = { companyIds = false } }`)
			assert.Equal(t, 3, b.vendor.Log.Count(nil))
		})
	}
}

// Before a script is written, connect maps the first records of each stream.
func TestProductboardChecked(t *testing.T) {
	b := newBoard(t)
	b.vendor.Relate(b.vendor.Add(productboard.Note, productboard.Body{"name": "Wish"}), "customer", b.vendor.Add("company", nil))
	values, err := b.run(t, `return { results = require("connector.setup").check("productboard", { base = "`+b.web.URL+`" }) }`, "")
	require.NoError(t, err)
	results := values["results"].([]any)
	require.Len(t, results, 2)
	assert.Equal(t, "no records; look at the permissions if that is wrong", results[0].(map[string]any)["message"])
	assert.Equal(t, "the first 1 records fit", results[1].(map[string]any)["message"])
}

// Version 1 has ended. A connector that still asked for it would say so.
func TestProductboardRetired(t *testing.T) {
	b := newBoard(t)
	b.settings = `, base = "` + b.web.URL + `/v1"`
	_, err := b.sync(t, ``)
	require.ErrorContains(t, err, "The Productboard API v1 has been retired for this workspace")
	assert.Contains(t, said(err), "version v2 of the API may have ended")
}
