package connectors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin/zendesk"
)

// Ratings can go to custom fields of end users in place of NPS answers. The latest one counts.
func TestZendeskCSAT(t *testing.T) {
	d := newDesk(t)
	company, kim, _ := d.northwind()
	ticket := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
	first := d.zendesk.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket, "score": "bad", "comment": "Too slow"})
	d.minute()
	second := d.zendesk.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket, "score": "good"})
	d.minute()
	const options = `{ csat = { score = "custom.CSAT", comment = "custom.Why", ticket = "custom.Ticket" }, missing = "archive", full = true }`
	d.must(t, options)
	custom := func() map[string]any {
		require.Len(t, d.records("enduser"), 1)
		return d.records("enduser")[zd(kim)]["custom"].(map[string]any)
	}
	assert.Equal(t, "good", custom()["CSAT"])
	assert.Nil(t, custom()["Why"])
	assert.Empty(t, d.records("nps"))
	sent := d.sent()
	d.must(t, options)
	assert.Equal(t, sent, d.sent())
	assert.NotEqual(t, true, d.records("enduser")[zd(kim)]["archived"])

	// The earlier one is changed later, so it is the latest.
	d.clock.Advance(24 * time.Hour)
	d.zendesk.Update(zendesk.Ratings, first, zendesk.Body{"score": "bad", "comment": "Still"})
	d.minute()
	d.must(t, options)
	assert.Equal(t, "bad", custom()["CSAT"], second)
	assert.Equal(t, "Still", custom()["Why"])

	// An end user that Planhat does not have is not created.
	other := newDesk(t)
	company, kim, _ = other.northwind()
	ticket = other.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "organization_id": company})
	other.zendesk.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket, "score": "bad"})
	other.minute()
	other.must(t, `{ streams = { "satisfaction" }, csat = { score = "custom.CSAT" } }`)
	assert.Empty(t, other.records("enduser"))

	// The usual way is back without the option.
	d.must(t, `{ streams = { "satisfaction" }, full = true }`)
	assert.Len(t, d.records("nps"), 2)
	for bad, want := range map[string]string{
		`{ csat = {} }`:                                "csat must name custom fields of end users",
		`{ csat = { score = "score" } }`:               `not score = "score"`,
		`{ csat = { score = "custom.A", who = "b" } }`: "not who",
	} {
		_, err := d.sync(t, bad)
		require.ErrorContains(t, err, want)
	}
}
