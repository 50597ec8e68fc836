package connectors

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// Stages that the connector's own map translates and an account has deleted are a warning.
func TestHubSpotStagesThatAreGone(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	r.clock.Advance(time.Hour)
	r.must(t, ``)
	assert.NotContains(t, r.log.String(), "cannot be")
	r.hubspot.DeleteProperty("companies", "lifecyclestage")
	r.hubspot.AddProperty("companies", hubspot.Property{Name: "lifecyclestage", Type: "enumeration", FieldType: "select", Options: []string{"customer", "lead"}})
	r.must(t, ``)
	assert.Contains(t, r.log.String(), `HubSpot companies: the map of status translates \"marketingqualifiedlead\", \"opportunity\", \"salesqualifiedlead\", \"subscriber\", which properties.lifecyclestage cannot be; it can be customer, lead`)
	_, err := r.sync(t, `map = { companies = { status = F.keep(F.enum("properties.lifecyclestage", { customer = "customer", subscriber = "prospect" })) } }`)
	require.ErrorContains(t, err, `translates "subscriber"`)

	// If the key cannot read the list, nothing is checked.
	r.server.Faults.On(standin.Is("GET", "/lifecyclestage"), -1, standin.Answer(403, `{"message":"no"}`))
	r.log.Reset()
	r.must(t, ``)
	assert.NotContains(t, r.log.String(), "cannot be")
}

// The company of a record can be chosen by its label, which the account must have.
func TestHubSpotCompanyLabels(t *testing.T) {
	r := newHubSpot(t)
	billing := hubspot.Label{TypeID: 77, Category: "USER_DEFINED", Name: "Billing"}
	first := r.hubspot.Add("companies", map[string]string{"name": "First"})
	second := r.hubspot.Add("companies", map[string]string{"name": "Second"})
	both := r.hubspot.Add("contacts", map[string]string{"email": "a@people.example"})
	r.hubspot.Associate("contacts", both, "companies", first, hubspot.Primary)
	r.hubspot.Associate("contacts", both, "companies", second, billing)
	one := r.hubspot.Add("contacts", map[string]string{"email": "b@people.example"})
	r.hubspot.Associate("contacts", one, "companies", first, hubspot.Primary)
	r.clock.Advance(time.Hour)
	const options = `streams = { "companies", "contacts" }, company_labels = { contacts = "%s" }`
	_, err := r.sync(t, fmt.Sprintf(options, "Biling"))
	require.ErrorContains(t, err, `HubSpot: no company of contacts can have the label "Biling", which the option company_labels names; there are "Billing", "Primary"`)
	assert.Empty(t, r.records("company"), "nothing was read")
	_, err = r.sync(t, `company_labels = { companies = "Billing" }`)
	require.ErrorContains(t, err, "for contacts, deals and tickets, not companies = Billing")

	company := func(contact string) any {
		for id, c := range r.records("company") {
			if c["_id"] == r.records("enduser")[contact]["companyId"] {
				return id
			}
		}
		return nil
	}
	r.must(t, `streams = { "companies", "contacts" }`)
	assert.Equal(t, first, company(both))
	r.must(t, fmt.Sprintf(options, "Billing"))
	assert.Contains(t, r.log.String(), "the options that choose records, such as filter, have changed")
	r.must(t, fmt.Sprintf(options, "Billing")+`, full = true`)
	assert.Equal(t, second, company(both))
	assert.Equal(t, first, company(one), "the primary one if none has the label")
}
