package connectors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// as runs a synchronization in a script with a name.
func (r *rig) as(t *testing.T, name, before, options string) map[string]any {
	t.Helper()
	result, err := r.runtime.Run(t.Context(), runtime.Script{Name: name, Source: []byte(before + "\n" + r.script(options))})
	require.NoError(t, err, r.log.String())
	return result.Values[0].(map[string]any)[r.stream].(map[string]any)
}

func from(country string) string {
	return `filter = { companies = function(item) return item.properties.country == "` + country + `" end }`
}

func twoCountries(t *testing.T) *hubspotRig {
	t.Helper()
	r := newHubSpot(t)
	for _, country := range []string{"Sweden", "Germany", "Sweden"} {
		r.hubspot.Add("companies", map[string]string{"name": "In " + country, "country": country})
	}
	r.clock.Advance(time.Hour)
	return r
}

// Two scripts that take different records of one account have different positions.
func TestScriptsHavePositions(t *testing.T) {
	r := twoCountries(t)
	assert.EqualValues(t, 3, r.as(t, "f1.lua", "", from("Sweden"))["read"])
	assert.Len(t, r.records("company"), 2)
	r.clock.Advance(time.Hour)
	assert.EqualValues(t, 3, r.as(t, "f2.lua", "", from("Germany"))["read"])
	assert.Len(t, r.records("company"), 3)
	assert.Contains(t, r.log.String(), "f1.lua reads this account with other options")
	r.log.Reset()
	for _, name := range []string{"f1.lua", "f2.lua", "f1.lua"} {
		r.clock.Advance(time.Hour)
		country := map[string]string{"f1.lua": "Sweden", "f2.lua": "Germany"}[name]
		assert.EqualValues(t, 0, r.as(t, name, "", from(country))["read"], name)
	}
	assert.NotContains(t, r.log.String(), "position for itself")
	assert.NotContains(t, r.log.String(), "have changed")

	// A script that is renamed continues, and one that means something else does not.
	assert.EqualValues(t, 0, r.as(t, "renamed.lua", "", from("Sweden"))["read"])
	assert.EqualValues(t, 3, r.as(t, "third.lua", "", `map = { companies = { ["custom.Country"] = "properties.country" } }`)["read"])
}

// A script can read one stream several times, each time other records.
func TestCallsHavePositions(t *testing.T) {
	r := twoCountries(t)
	script := func() map[string]any {
		return r.as(t, "both.lua", `require("connectors.hubspot").sync{ streams = { "companies" }, settings = { base = "`+r.web.URL+`", rate = `+r.rate()+` }, `+from("Sweden")+` }`, from("Germany"))
	}
	assert.EqualValues(t, 3, script()["read"])
	assert.Len(t, r.records("company"), 3)
	r.clock.Advance(time.Hour)
	r.log.Reset()
	assert.EqualValues(t, 0, script()["read"])
	assert.NotContains(t, r.log.String(), "have changed")
	assert.NotContains(t, r.log.String(), "position for itself")
}

// If a script takes other records than before, each run says so until everything was read again.
func TestFilterThatChanges(t *testing.T) {
	r := twoCountries(t)
	const code = `filter = { companies = function(item) return item.properties.country == country end }`
	r.as(t, "f.lua", `local country = "Sweden"`, code)
	for range 2 {
		r.clock.Advance(time.Hour)
		assert.EqualValues(t, 0, r.as(t, "f.lua", `local country = "Sweden"`, code)["read"])
	}
	assert.NotContains(t, r.log.String(), "have changed")
	for range 2 {
		r.log.Reset()
		r.clock.Advance(time.Hour)
		r.as(t, "f.lua", "-- moved\n"+`local country = "Germany"`, code)
		assert.Contains(t, r.log.String(), "the options that choose records, such as filter, have changed")
	}
	assert.EqualValues(t, 1, r.as(t, "f.lua", `local country = "Germany"`, code+`, full = true`)["created"])
	r.log.Reset()
	r.as(t, "f.lua", `local country = "Germany"`, code)
	assert.NotContains(t, r.log.String(), "have changed")
}

// Positions that earlier versions stored are kept.
func TestPositionsOfEarlierVersions(t *testing.T) {
	r := twoCountries(t)
	r.as(t, "f.lua", "", from("Sweden"))
	_, err := r.run(t, `local kept = require("state").open("connector hubspot default")
assert(kept:get("hubspot companies reader"))
kept:set("hubspot companies reader", nil)
local saved = kept:get("hubspot companies")
assert(saved.takes)
saved.takes = nil
kept:set("hubspot companies", saved)
return {}`, "")
	require.NoError(t, err)
	r.clock.Advance(time.Hour)
	r.log.Reset()
	assert.EqualValues(t, 0, r.as(t, "f.lua", "", from("Sweden"))["read"])
	assert.NotContains(t, r.log.String(), "have changed")
}

// Rows that Planhat rejected are mapped anew, so a mapping that was corrected mends them.
func TestRejectedRowsAreMappedAnew(t *testing.T) {
	r := twoCountries(t)
	mapped := func(status string) string {
		return `map = { companies = { status = F.compute({ "properties.country" }, function(country) return country == "Germany" and "` + status + `" or nil end) } }`
	}
	assert.EqualValues(t, 1, r.did(t, mapped("cust"))["rejected"])
	r.clock.Advance(time.Hour)
	assert.EqualValues(t, 1, r.did(t, mapped("cust"))["rejected"], "it is sent again")

	// What an earlier version stored is sent as it is.
	_, err := r.run(t, `local kept = require("state").open("connector hubspot default")
for _, key in ipairs(kept:keys()) do
	local mark = key:find(" rejected ", 1, true) and kept:get(key)
	if mark then
		assert(mark.item.properties.country == "Germany")
		kept:set("copy", mark.item)
		mark.item = nil
		kept:set(key, mark)
	end
end
return {}`, "")
	require.NoError(t, err)
	r.clock.Advance(time.Hour)
	assert.EqualValues(t, 1, r.did(t, mapped("cust"))["rejected"])
	_, err = r.run(t, `local kept = require("state").open("connector hubspot default")
for _, key in ipairs(kept:keys()) do
	local mark = key:find(" rejected ", 1, true) and kept:get(key)
	if mark then
		assert(not mark.item)
		mark.item = kept:get("copy")
		kept:set(key, mark)
	end
end
return {}`, "")
	require.NoError(t, err)

	r.clock.Advance(time.Hour)
	did := r.did(t, mapped("customer"))
	assert.EqualValues(t, 0, did["rejected"], r.log.String())
	assert.EqualValues(t, 0, did["read"])
	require.Len(t, r.records("company"), 3)
	r.clock.Advance(time.Hour)
	calls := r.upserts("company")
	r.did(t, mapped("customer"))
	assert.Equal(t, calls, r.upserts("company"), "it is not stored any more")
}
