package connectors

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

// desk is a rig with Zendesk.
type desk struct {
	*rig
	zendesk *zendesk.Server
	url     string
	rate    string // in Lua
	// rejected is what the last run that ended well rejected.
	rejected string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	r := newRig(t)
	d := &desk{rig: r, zendesk: zendesk.New(r.clock), rate: `{ "100000/1s", export = "100000/1s" }`}
	d.zendesk.Configure(func(s *zendesk.Settings) { s.PerMinute, s.Exports = 0, 0 }) // the clock stands still
	d.url = serve(t, d.zendesk)
	d.with(t, map[string]string{"ZENDESK_TOKEN": zendesk.Token})
	return d
}

// with starts a runtime with these environment variables.
func (d *desk) with(t *testing.T, variables map[string]string) {
	t.Helper()
	d.options.Env = func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	d.start(t)
}

func (d *desk) sync(t *testing.T, options string) (map[string]any, error) {
	t.Helper()
	script := `local options = ` + options + `
		options.settings = { subdomain = "northwind", base = "` + d.url + `", rate = ` + d.rate + `, page = options.page }
		options.page = nil
		return require("connectors.zendesk").sync(options)`
	result, err := d.runtime.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(script)})
	if err != nil {
		return nil, err
	}
	d.rejected = fmt.Sprint(result.Rejected)
	return result.Values[0].(map[string]any), nil
}

func (d *desk) must(t *testing.T, options string) map[string]any {
	t.Helper()
	values, err := d.sync(t, options)
	require.NoError(t, err, d.log.String())
	return values
}

// count returns a number of what a run did with a stream.
func count(did map[string]any, stream, what string) int {
	number, _ := did[stream].(map[string]any)[what].(float64)
	return int(number)
}

func zd(id int64) string { return "zd-" + strconv.FormatInt(id, 10) }

// sent counts the bulk calls that Planhat received.
func (d *desk) sent() int { return d.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}) }

// minute lets the vendor show what has changed so far.
func (d *desk) minute() { d.clock.Advance(2 * time.Minute) }

// northwind adds a company with a person and an agent.
func (d *desk) northwind() (company, kim, agent int64) {
	company = d.zendesk.Add(zendesk.Organizations, zendesk.Body{
		"name": "Northwind", "domain_names": []any{"WWW.Northwind.example", "nw.example"}, "details": "Malmö", "tags": []any{"vip"}, "external_id": "crm-7",
	})
	kim = d.zendesk.Add(zendesk.Users, zendesk.Body{"name": "Kim Lund", "email": "kim@northwind.example", "organization_id": company, "phone": "+46 40 123"})
	agent = d.zendesk.Add(zendesk.Users, zendesk.Body{"name": "Ada", "email": "ada@support.example", "role": "agent"})
	return company, kim, agent
}

func TestZendesk(t *testing.T) {
	d := newDesk(t)
	company, kim, agent := d.northwind()
	created := d.clock.Now()
	ticket := d.zendesk.Add(zendesk.Tickets, zendesk.Body{
		"subject": "Export fails", "description": "It times out.", "requester_id": kim, "assignee_id": agent, "organization_id": company,
		"status": "open", "priority": "high", "type": "incident", "tags": []any{"export", "csv"},
	})
	other := d.zendesk.Add(zendesk.Tickets, zendesk.Body{"requester_id": d.zendesk.Add(zendesk.Users, zendesk.Body{"email": "lo@nw.example", "name": "Lo"})})
	d.minute()
	d.must(t, `{}`)

	got := d.records("company")[zd(company)]
	require.NotNil(t, got, d.log.String())
	assert.Equal(t, "Northwind", got["name"])
	assert.Equal(t, []any{"northwind.example", "nw.example"}, got["domains"])
	assert.Equal(t, "Malmö", got["description"])
	assert.Equal(t, []any{"vip"}, got["tags"])
	person := d.records("enduser")[zd(kim)]
	assert.Equal(t, "kim@northwind.example", person["email"])
	assert.Equal(t, "Kim Lund", person["name"])
	assert.Equal(t, "+46 40 123", person["phone"])
	assert.Equal(t, got["_id"], person["companyId"])
	assert.NotContains(t, d.records("enduser"), zd(agent))
	tickets := d.records("ticket")
	require.Len(t, tickets, 2, d.log.String())
	for property, want := range map[string]any{
		"source": "zendesk", "email": "kim@northwind.example", "name": "Kim Lund", "agentEmail": "ada@support.example", "companyId": got["_id"],
		"title": "Export fails", "description": "It times out.", "status": "open", "severity": "high", "tags": []any{"export", "csv"},
		"url": "https://northwind.zendesk.com/agent/tickets/" + strconv.FormatInt(ticket, 10), "subType": "incident",
	} {
		assert.Equal(t, want, tickets[zd(ticket)][property], property)
	}
	assert.Contains(t, tickets[zd(ticket)]["createdAt"], created.Format("2006-01-02T15:04:05"))
	assert.Equal(t, got["_id"], tickets[zd(other)]["companyId"], "by the domain of the requester")

	// A second run sends nothing, nor does one that reads everything.
	before := d.sent()
	d.minute()
	d.must(t, `{}`)
	d.must(t, `{ full = true }`)
	require.Equal(t, before, d.sent(), d.log.String())

	d.zendesk.Update(zendesk.Tickets, ticket, zendesk.Body{"status": "solved", "priority": nil})
	d.zendesk.Update(zendesk.Organizations, company, zendesk.Body{"name": "Northwind Ltd", "details": nil})
	d.minute()
	did := d.must(t, `{}`)
	assert.Equal(t, 1, count(did, "tickets", "updated"))
	assert.Equal(t, "solved", d.records("ticket")[zd(ticket)]["status"])
	assert.Nil(t, d.records("ticket")[zd(ticket)]["severity"])
	assert.Equal(t, "Northwind Ltd", d.records("company")[zd(company)]["name"])
	assert.Nil(t, d.records("company")[zd(company)]["description"])
	assert.Equal(t, 0, d.zendesk.Log.Count(func(r *standin.Request) bool { return r.Status >= 400 }))
}
