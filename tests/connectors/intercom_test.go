package connectors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin/intercom"
)

func TestIntercom(t *testing.T) {
	r := rigOf(t, intercomVendor())
	z := r.handler.(*intercom.Server)
	z.AddAdmin("814860", "Ada", "ada@support.example")
	company := z.Add(intercom.Companies, intercom.Body{"name": "North &amp; West", "website": "https://www.Northwind.example"})
	of := intercom.Body{"type": "list", "data": []any{intercom.Body{"type": "company", "id": company}}, "total_count": 1, "has_more": false}
	kim := z.Add(intercom.Contacts, intercom.Body{"email": "kim@northwind.example", "name": "Kim &amp; Co", "phone": "+46 40 123", "companies": of})
	talk := z.Add(intercom.Conversations, intercom.Body{
		"admin_assignee_id": 814860, "contacts": intercom.Body{"type": "contact.list", "contacts": []any{intercom.Body{"type": "contact", "id": kim}}},
		"source": intercom.Body{"subject": "", "body": "<p>It fails</p><p>Help</p>", "author": intercom.Body{"type": "admin", "email": "ada@support.example"}},
	})
	r.clock.Advance(time.Hour)
	const streams = `streams = { "companies", "contacts", "conversations" }`
	r.must(t, streams)
	got := r.records("company")["ic-"+company]
	require.NotNil(t, got, r.log.String())
	assert.Equal(t, "North & West", got["name"])
	assert.Equal(t, []any{"northwind.example"}, got["domains"])
	person := r.records("enduser")["ic-"+kim]
	require.NotNil(t, person, r.log.String())
	for property, want := range map[string]any{"email": "kim@northwind.example", "name": "Kim & Co", "phone": "+46 40 123", "companyId": got["_id"]} {
		assert.Equal(t, want, person[property], property)
	}
	ticket := r.records("ticket")["ic-"+talk]
	require.NotNil(t, ticket, r.log.String())
	for property, want := range map[string]any{
		"email": "kim@northwind.example", "companyId": got["_id"], "agentEmail": "ada@support.example", "title": "It fails", "description": "It fails\n\nHelp", "status": "open",
	} {
		assert.Equal(t, want, ticket[property], property)
	}
	before := r.planhat.Count(simulator.Filter{Operation: "bulk_upsert"})
	r.clock.Advance(time.Hour)
	r.must(t, streams)
	assert.Equal(t, before, r.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}), "the second run sends nothing")
	z.Update(intercom.Contacts, kim, intercom.Body{"phone": "+1"})
	r.clock.Advance(time.Hour)
	r.must(t, streams)
	assert.Equal(t, "+1", r.records("enduser")["ic-"+kim]["phone"])
}
