package connectors

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// Planhat's own fields are written back once, whatever the vendor makes of them.
func TestHubSpotBack(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "planhat_health", Type: "number"})
	id := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies" }, back = { companies = { planhat_health = "custom.Health" } }`
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
	_, err := r.sync(t, `back = { companies = { name = "name" } }`)
	assert.ErrorContains(t, err, "say who is right when both change")
}

// A value is written in the form that HubSpot takes. What cannot be written is said before
// anything is read, or for the record.
func TestHubSpotBackForms(t *testing.T) {
	r := newHubSpot(t)
	for _, p := range []hubspot.Property{
		{Name: "planhat_tags", Type: "enumeration", FieldType: "checkbox", Options: []string{"a", "b"}},
		{Name: "planhat_custom", Type: "string"}, {Name: "planhat_live", Type: "bool"}, {Name: "planhat_owner", Type: "string"},
		{Name: "planhat_score", Type: "number", ReadOnly: true},
	} {
		r.hubspot.AddProperty("companies", p)
	}
	owner := r.hubspot.AddOwner(hubspot.Owner{Email: "Kim@ours.example"})
	require.NoError(t, r.planhat.Put("user", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e01", "email": "kim@ours.example"}))
	require.NoError(t, r.planhat.Put("user", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e02", "email": "not-there@ours.example"}))
	known := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	other := r.hubspot.Add("companies", map[string]string{"name": "Acme"})
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies" }, map = { companies = { owner = false } }, back = { companies = { planhat_tags = "tags", planhat_custom = "custom",
		planhat_live = "custom.Live", planhat_owner = "owner", hubspot_owner_id = "owner" } }`
	r.must(t, options)
	for id, user := range map[string]string{known: "5f1e1e1e1e1e1e1e1e1e1e01", other: "5f1e1e1e1e1e1e1e1e1e1e02"} {
		record := r.records("company")[id]
		record["tags"], record["owner"], record["custom"] = []any{"a", "b"}, user, map[string]any{"Live": true}
		require.NoError(t, r.planhat.Put("company", record))
	}
	result, err := r.result(t, r.script(options), "")
	require.NoError(t, err)
	did := result.Values[0].(map[string]any)
	counts := did["companies"].(map[string]any)["back"].(map[string]any)
	assert.EqualValues(t, 2, counts["written"], r.log.String())
	assert.Equal(t, "a;b", r.hubspot.Get("companies", known).Properties["planhat_tags"])
	assert.Equal(t, "true", r.hubspot.Get("companies", known).Properties["planhat_live"])
	assert.Equal(t, "kim@ours.example", r.hubspot.Get("companies", known).Properties["planhat_owner"])
	assert.Equal(t, owner, r.hubspot.Get("companies", known).Properties["hubspot_owner_id"])
	assert.Empty(t, r.hubspot.Get("companies", known).Properties["planhat_custom"])
	var said []string
	for _, row := range result.Rejected {
		said = append(said, row.Message)
	}
	assert.Len(t, said, 3, "%q", said)
	assert.Contains(t, strings.Join(said, "\n"), "custom is an object; write one of its values, such as custom.Live")
	assert.Contains(t, strings.Join(said, "\n"), "HubSpot has no owner with the e-mail address not-there@ours.example")

	// A complete pass repairs what somebody changed there.
	r.hubspot.Update("companies", known, map[string]string{"planhat_tags": "b"})
	r.must(t, options)
	assert.Equal(t, "b", r.hubspot.Get("companies", known).Properties["planhat_tags"])
	r.must(t, options+`, full = true`)
	assert.Equal(t, "a;b", r.hubspot.Get("companies", known).Properties["planhat_tags"])
	writes := len(r.hubspot.Writes("companies"))
	r.must(t, options+`, full = true`)
	assert.Len(t, r.hubspot.Writes("companies"), writes)

	// A dry run shows what it would write, and does not say that it has.
	r.hubspot.Update("companies", known, map[string]string{"planhat_tags": "b"})
	r.dry = true
	did = r.must(t, options+`, full = true`)
	r.dry = false
	counts = did["companies"].(map[string]any)["back"].(map[string]any)
	assert.EqualValues(t, 0, counts["written"])
	assert.EqualValues(t, 1, counts["planned"])
	assert.Contains(t, r.log.String(), known+` would get planhat_tags: `)
	assert.Len(t, r.hubspot.Writes("companies"), writes)

	requests := r.server.Log.Count(nil)
	for field, expected := range map[string]string{
		"planhat_helth": `have no property "planhat_helth"`, "planhat_score": "cannot be written",
	} {
		_, err := r.sync(t, `back = { companies = { `+field+` = "h" } }`)
		assert.ErrorContains(t, err, expected)
	}
	assert.LessOrEqual(t, r.server.Log.Count(nil), requests+2)
	_, err = r.sync(t, `back = { companies = { hubspot_owner_id = "owner" } }`)
	assert.ErrorContains(t, err, "leave one of them out")
}

// Values that look alike are told from each other: texts from numbers, false from nothing.
func TestHubSpotBackDiffers(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "planhat_plan", Type: "string"})
	id := r.hubspot.Add("companies", map[string]string{"name": "Northwind", "description": "4.1"})
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies" }, back = { companies = { planhat_plan = "custom.Plan", description = { "description", owner = "hubspot" } } }`
	r.must(t, options)
	for _, one := range []struct {
		value any
		there string
	}{{false, "false"}, {true, "true"}, {false, "false"}, {"1.1", "1.1"}, {"1.10", "1.10"}, {"3.0", "3.0"}, {"3", "3"}, {0.1, "0.1"}, {"007", "007"}, {9007199254740991.0, "9007199254740991"}} {
		record := r.records("company")[id]
		record["custom"] = map[string]any{"Plan": one.value}
		require.NoError(t, r.planhat.Put("company", record))
		r.must(t, options)
		assert.Equal(t, one.there, r.hubspot.Get("companies", id).Properties["planhat_plan"])
	}
	for _, text := range []string{"4.10", "4.100", "4.1"} {
		r.hubspot.Update("companies", id, map[string]string{"description": text})
		r.clock.Advance(time.Hour)
		r.must(t, options)
		assert.Equal(t, text, r.records("company")[id]["description"])
	}
}

// A value that is gone is cleared. If all are gone, the property may have been renamed.
func TestHubSpotBackClears(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "planhat_plan", Type: "string"})
	var ids []string
	for range 8 {
		ids = append(ids, r.hubspot.Add("companies", map[string]string{"name": "Northwind"}))
	}
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies" }, back = { companies = { planhat_plan = "custom.Plan" } }`
	r.must(t, options)
	put := func(id string, custom map[string]any) {
		record := r.records("company")[id]
		record["custom"] = custom
		require.NoError(t, r.planhat.Put("company", record))
	}
	for _, id := range ids {
		put(id, map[string]any{"Plan": "gold"})
	}
	r.must(t, options)
	put(ids[0], map[string]any{})
	r.must(t, options)
	assert.Empty(t, r.hubspot.Get("companies", ids[0]).Properties["planhat_plan"])
	for _, id := range ids {
		put(id, map[string]any{"Plan2": "gold"})
	}
	_, err := r.sync(t, options)
	require.ErrorContains(t, err, "no record of Planhat has a value for custom.Plan, so nothing was cleared: 7 records")
	assert.Equal(t, "gold", r.hubspot.Get("companies", ids[1]).Properties["planhat_plan"])
}
