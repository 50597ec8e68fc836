package simulator

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func acme(t *testing.T, o Options) (*peer, string) {
	t.Helper()
	p := start(t, o)
	return p, p.make("/companies", `{"name":"Acme","externalId":"a","domains":["acme.example"]}`)
}

func TestLicensesMakeACompanysFigures(t *testing.T) {
	p, id := acme(t, Options{})
	first := p.make("/licenses", `{"companyId":"extid-a","externalId":"1","product":"Base","_currency":"EUR","value":2400,"fromDate":"2026-01-01","toDate":"2026-12-31"}`)
	assert.Subset(t, p.Record("license", first), map[string]any{
		"mrr": 200.0, "arr": 2400.0, "length": 12.0, "fixedPeriod": true, "renewalStatus": "ongoing", "renewalDaysFromNow": 296.0,
	})
	p.make("/licenses", `{"companyId":"extid-a","externalId":"2","product":"Extra","mrr":50,"fixedPeriod":false,"fromDate":"2026-02-01"}`)
	p.make("/licenses", `{"companyId":"extid-a","externalId":"3","mrr":500,"fromDate":"2024-01-01","toDate":"2024-12-31"}`)
	p.make("/sales", `{"companyId":"extid-a","value":70,"salesDate":"2026-03-01"}`)
	company := p.Record("company", id)
	assert.Subset(t, company, map[string]any{
		"mrr": 250.0, "arr": 3000.0, "mr": 320.0, "nrr30": 70.0, "products": []any{"Base", "Extra"},
		"customerFrom": "2026-01-01T00:00:00.000Z", "customerTo": "2026-12-31T00:00:00.000Z",
	})
	require.Len(t, company["licenses"], 3)
	embedded := company["licenses"].([]any)[0].(map[string]any)
	assert.Equal(t, "EUR", embedded["_currency"].(map[string]any)["symbol"])

	assert.Equal(t, 200, p.do("PUT", "/licenses/"+first, `{"value":4800}`).status)
	assert.EqualValues(t, 450, p.Record("company", id)["mrr"])
	assert.Equal(t, 200, p.do("DELETE", "/licenses/"+first, "").status)
	assert.EqualValues(t, 50, p.Record("company", id)["mrr"])
}

func TestDealsAndLineItems(t *testing.T) {
	p, id := acme(t, Options{})
	product := p.make("/products", `{"name":"Seat","mrr":10,"renewalMrr":12,"currency":"USD","length":12}`)
	deal := p.make("/deals", `{"companyId":"extid-a","mrr":5}`)
	assert.EqualValues(t, 60, p.Record("deal", deal)["arr"])
	item := p.make("/lineitems", `{"dealId":"`+deal+`","productId":"`+product+`","fromDate":"2026-01-01","toDate":"2026-12-31"}`)
	assert.Subset(t, p.Record("line_item", item), map[string]any{
		"companyId": id, "product": "Seat", "mrr": 10.0, "arr": 120.0, "value": 120.0, "renewalArr": 144.0, "status": "ongoing", "currency": "USD",
	})
	second := p.make("/lineitems", `{"dealId":"`+deal+`","arr":1200}`)
	assert.EqualValues(t, 100, p.Record("line_item", second)["mrr"])
	p.make("/lineitems", `{"dealId":"`+deal+`","type":"fee","value":30}`)
	assert.Subset(t, p.Record("deal", deal), map[string]any{
		"mrr": 110.0, "fees": 30.0, "total": 150.0, "subscriptions": 2.0, "endDate": "2026-12-31T00:00:00.000Z",
	})
	r := p.do("PUT", "/deals/"+deal, `{"mrr":1,"total":1,"stage":"Closed Won"}`)
	assert.Subset(t, r.object, map[string]any{"mrr": 110.0, "total": 150.0, "stage": "Closed Won"})
	assert.Equal(t, 200, p.do("PUT", "/lineitems/"+second, `{"mrr":200}`).status)
	assert.EqualValues(t, 210, p.Record("deal", deal)["mrr"])
}

func TestEndusers(t *testing.T) {
	p, id := acme(t, Options{})
	r := p.do("POST", "/endusers", `{"email":"Ada@acme.example","firstName":"Ada","lastName":"L"}`)
	assert.Subset(t, r.object, map[string]any{"companyId": id, "companyName": "Acme", "name": "Ada L", "archived": false})
	r = p.do("PUT", "/endusers/"+r.object["_id"].(string), `{"lastName":"Lovelace"}`)
	assert.Equal(t, "Ada Lovelace", r.object["name"])
}

func TestNPSFindsItsEnduser(t *testing.T) {
	p, id := acme(t, Options{})
	person := p.make("/endusers", `{"email":"ada@acme.example"}`)
	answer := p.make("/nps", `{"email":"ADA@acme.example","score":9,"comment":"Good"}`)
	assert.Subset(t, p.Record("nps", answer), map[string]any{"cId": id, "euId": person})
	assert.Subset(t, p.Record("enduser", person), map[string]any{"nps": 9.0, "npsComment": "Good"})
	unknown := p.make("/nps", `{"email":"new@acme.example","score":1}`)
	assert.Equal(t, id, p.Record("nps", unknown)["cId"], "by domain")
}

func TestTickets(t *testing.T) {
	p, id := acme(t, Options{})
	r := p.do("PUT", "/tickets", `[{"sourceId":"7","email":"new@acme.example","name":"New Person","domains":["acme.example"],"title":"Help","description":"<b>Now</b> &amp; here"}]`)
	assert.Equal(t, [3]int{1, 0, 0}, r.counts(), r.body)
	ticket := p.Records("ticket")[0]
	assert.Subset(t, ticket, map[string]any{"companyId": id, "subject": "Help", "type": "ticket", "externalId": "7", "snippet": "Now & here"})
	assert.Equal(t, "New Person", p.Records("enduser")[0]["name"], "an unknown submitter of a known company is created")
	r = p.do("PUT", "/tickets", `{"sourceId":"7","status":"solved"}`)
	assert.Equal(t, [3]int{0, 1, 0}, r.counts(), "the old documentation sends one object")
	assert.Equal(t, "solved", p.do("GET", "/tickets/"+ticket["_id"].(string), "").object["status"])
	r = p.do("PUT", "/tickets", `[{"sourceId":"8","email":"a@nowhere.example","domains":["nowhere.example"]}]`)
	assert.Equal(t, 400, r.status)
	assert.Len(t, p.do("GET", "/conversations", "").array, 1, "tickets are conversations")
	p = start(t, Options{Switches: Switches{swTicketGet: "no"}})
	assert.Equal(t, 404, p.do("GET", "/tickets/"+ticket["_id"].(string), "").status)
}

func TestConversationTypes(t *testing.T) {
	p, _ := acme(t, Options{})
	for given, stored := range map[string]string{"call": "call", "lunch": "note", "": "note"} {
		id := p.make("/conversations", `{"companyId":"extid-a","type":"`+given+`"}`)
		assert.Equal(t, stored, p.Record("conversation", id)["type"])
	}
	id := p.make("/conversations", `{"companyExternalId":"a"}`)
	assert.Equal(t, "Acme", p.Record("conversation", id)["companyName"])
}

func TestIssuesNameTheirCompanies(t *testing.T) {
	p, id := acme(t, Options{})
	p.make("/licenses", `{"companyId":"extid-a","mrr":50,"fromDate":"2026-02-01"}`)
	r := p.do("POST", "/issues", `{"title":"Bug","companyIds":["extid-a"]}`)
	assert.Subset(t, r.object, map[string]any{"companyIds": []any{id}, "mrrCombined": 50.0})
	assert.Equal(t, []any{map[string]any{"_id": id, "name": "Acme"}}, r.object["companies"])
}

func TestTasks(t *testing.T) {
	p, _ := acme(t, Options{})
	assert.Equal(t, 400, p.do("POST", "/tasks", `{"companyId":"extid-a"}`).status)
	p, _ = acme(t, Options{Switches: Switches{swTaskMainType: "fill"}})
	assert.Equal(t, "task", p.do("POST", "/tasks", `{"companyId":"extid-a"}`).object["mainType"])
}

func TestTimeEntries(t *testing.T) {
	for _, value := range []string{"bulk", "array"} {
		p, _ := acme(t, Options{Switches: Switches{swDuplicateAnswer: value}})
		id := p.make("/timeentries", `{"date":"2026-03-01","hours":2.5,"billableRate":100,"costRate":40,"companyId":"extid-a"}`)
		assert.Subset(t, p.Record("time_entry", id), map[string]any{"totalBilled": 250.0, "totalCost": 100.0, "timesheetStatus": "draft"})
		r := p.do("POST", "/timeentries/duplicate", `{"ids":["`+id+`","000000000000000000000000"]}`)
		assert.Equal(t, 200, r.status, r.body)
		if value == "bulk" {
			assert.Equal(t, [3]int{1, 0, 0}, r.counts())
		} else {
			assert.Equal(t, []any{250.0}, r.names("totalBilled"))
		}
		assert.Len(t, p.Records("time_entry"), 2)
		assert.Equal(t, 400, p.do("POST", "/timeentries/duplicate", `{"id":"x"}`).status)
	}
}

func TestTimesheetApproval(t *testing.T) {
	p := start(t, Options{})
	user := p.make("/users", `{"nickName":"Ada","email":"a@x.example","firstName":"A","lastName":"L"}`)
	entry := p.make("/timeentries", `{"date":"2026-03-01","hours":1}`)
	sheet := p.make("/timesheets", `{"assignedModel":"User","assignedId":"`+user+`","dateFrom":20156,"dateTo":20163,"timeEntries":[{"_id":"`+entry+`"}]}`)
	assert.Subset(t, p.Record("timesheet", sheet), map[string]any{"status": "submitted", "timeEntries": []any{entry}, "dateFrom": 20156.0})
	r := p.do("PUT", "/timesheets/"+sheet, `{"status":"approved"}`)
	assert.Subset(t, r.object, map[string]any{"approvedBy": user, "dateOfApproval": "2026-03-10T12:00:00.000Z"})
	assert.Subset(t, p.Record("time_entry", entry), map[string]any{"timesheetId": sheet, "timesheetStatus": "approved"})
}

// A value that a related record does not have is absent, and the answer stays JSON.
func TestOwnersWithoutAName(t *testing.T) {
	s, err := New(Options{})
	require.NoError(t, err)
	require.NoError(t, s.Put("user", map[string]any{"email": "kim@ours.example"}))
	require.NoError(t, s.Put("company", map[string]any{"externalId": "a"}))
	require.NoError(t, s.Put("task", map[string]any{"action": "Call", "companyId": s.Records("company")[0]["_id"], "ownerId": s.Records("user")[0]["_id"]}))
	tasks := s.Records("task")
	require.Len(t, tasks, 1)
	assert.Equal(t, "Call", tasks[0]["action"])
	assert.NotContains(t, tasks[0], "ownerName")
}
