package connectors

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// A map that names what Planhat does not have stops the run before anything is read.
func TestMapsAreCheckedWithPlanhat(t *testing.T) {
	r := newHubSpot(t)
	require.NoError(t, r.planhat.Put("custom_field", map[string]any{"name": "Seats", "parent": "company", "type": "number", "isHidden": false}))
	require.NoError(t, r.planhat.Put("custom_field", map[string]any{"name": "Score", "parent": "enduser", "type": "number", "isHidden": false}))
	require.NoError(t, r.planhat.Put("custom_field", map[string]any{"name": "Tier", "parent": "company", "type": "list", "listValues": []any{"Gold", "Silver"}, "isHidden": false}))
	r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	companies := func(mapped string) string { return `map = { companies = { ` + mapped + ` } }` }
	for options, want := range map[string]string{
		companies(`descriptionn = "properties.name"`):                                               `HubSpot companies: company has no property "descriptionn"; did you mean "description"?`,
		companies(`["custom.Seets"] = "properties.name"`):                                           `HubSpot companies: Planhat has no custom field "Seets" of company; did you mean "Seats"?`,
		companies(`status = F.keep(F.enum("properties.lifecyclestage", { customer = "custmer" }))`): `status is mapped to the value "custmer", which Planhat does not have; it has canceled, coming, customer, lost, prospect`,
		companies(`status = F.default("properties.name", "none")`):                                  `status is mapped to the value "none"`,
		companies(`status = F.constant("always")`):                                                  `status is mapped to the value "always"`,
		`back = { companies = { planhat_health = "cssm", planhat_seats = "custom.seats" } }`:        `HubSpot companies, back: Planhat has no custom field "seats" of company; did you mean "Seats"?`,
		`back = { companies = { planhat_name = "nmae" } }`:                                          `HubSpot companies, back: company has no property "nmae"; did you mean "name"?`,
	} {
		_, err := r.sync(t, options)
		require.ErrorContains(t, err, want)
	}
	assert.Zero(t, r.hubspot.Log.Count(nil), "nothing was asked of HubSpot")
	assert.Empty(t, r.records("company"))

	// What is not surely wrong is a warning.
	r.hubspot.Add("companies", map[string]string{"name": "Northwind", "country": "Sweden"})
	r.clock.Advance(time.Hour)
	r.must(t, companies(`["custom.Region"] = "properties.country", ["custom.Score"] = "properties.country", region9 = "properties.country",
		["custom.Tier"] = F.enum("properties.country", { Sweden = "Bronze" })`))
	for _, want := range []string{`no custom field \"Region\" of company`, `no custom field \"Score\" of company`, `unknown company property 'region9'`, `custom.Tier is mapped to the value \"Bronze\"`} {
		assert.Contains(t, r.log.String(), want)
	}
	r.log.Reset()
	calls := r.planhat.Count(simulator.Filter{Model: "custom_field"})
	r.must(t, companies(`["custom.Seats"] = "properties.country"`))
	assert.Equal(t, calls+1, r.planhat.Count(simulator.Filter{Model: "custom_field"}))
	assert.NotContains(t, r.log.String(), "no custom field")
	r.must(t, ``)
	assert.Equal(t, calls+1, r.planhat.Count(simulator.Filter{Model: "custom_field"}), "only if custom fields are mapped")

	// A token that cannot read them is not an error.
	r.intercept(nil, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if strings.HasPrefix(req.URL.Path, "/customfields") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, req)
	})
	r.must(t, companies(`["custom.Seats"] = "properties.country"`))
	assert.Contains(t, r.log.String(), "custom fields cannot be read")
}

// A path that lacks its beginning gets a hint.
func TestPathWithoutItsBeginning(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	for _, path := range []string{"lifecyclestage", "property.lifecyclestage"} {
		_, err := r.sync(t, `map = { companies = { description = "`+path+`" } }`)
		require.ErrorContains(t, err, `Did you mean "properties.lifecyclestage"?`)
	}
}
