package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/intercom"
)

func TestIntercomStandIn(t *testing.T) {
	vendor := intercom.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	vendor.Configure(func(s *intercom.Settings) { s.CompanyPage = 2 })
	vendor.Fill(intercom.Sizes{Companies: 3, Contacts: 5, Conversations: 5})
	vendor.AddAttribute(intercom.Contacts, "seats")
	company, contact := vendor.IDs(intercom.Companies)[0], vendor.IDs(intercom.Contacts)[0]
	talk := vendor.IDs(intercom.Conversations)[0]
	vendor.Delete(intercom.Conversations, vendor.IDs(intercom.Conversations)[1])
	vendor.Update(intercom.Contacts, contact, intercom.Body{"custom_attributes": intercom.Body{"seats": "5"}})
	c := checker(t, "intercom")
	for _, send := range []struct {
		method, url, body string
		status            int
	}{
		{"POST", "/companies/list?per_page=2", "", 200},
		{"GET", "/companies/scroll", "", 200},
		{"GET", "/companies/scroll", "", 400},
		{"GET", "/companies/scroll?scroll_param=unknown", "", 404},
		{"GET", "/companies/" + company, "", 200},
		{"GET", "/companies/1", "", 404},
		{"POST", "/contacts/search", `{"query":{"field":"updated_at","operator":">","value":1},"sort":{"field":"updated_at","order":"ascending"},"pagination":{"per_page":2}}`, 200},
		{"POST", "/contacts/search", `{"query":{"field":"id","operator":"IN","value":["` + contact + `"]},"pagination":{"per_page":150}}`, 200},
		{"POST", "/contacts/search", `{"query":{"field":"updated_at","operator":">","value":1},"sort":{"field":"updated_at","order":"desc"}}`, 400},
		{"POST", "/conversations/search", `{"query":{"field":"created_at","operator":">","value":0},"sort":{"field":"created_at","order":"ascending"},"pagination":{"per_page":2}}`, 200},
		{"GET", "/conversations/" + talk, "", 200},
		{"GET", "/conversations/deleted?page=1&per_page=60&order=desc", "", 200},
		{"GET", "/admins", "", 200},
		{"GET", "/data_attributes?model=contact", "", 200},
	} {
		e := exchange(t, vendor, intercom.Token, send.method, send.url, send.body)
		assert.Equal(t, send.status, e.Status, "%s %s: %s", send.method, send.url, e.AnswerBody)
		check(t, c, e)
	}
	unknown := exchange(t, vendor, "unknown", "GET", "/admins", "")
	assert.Equal(t, 401, unknown.Status)
	check(t, c, unknown)
	vendor.Configure(func(s *intercom.Settings) { s.PerWindow = 1 })
	exchange(t, vendor, intercom.Token, "GET", "/admins", "")
	check(t, c, exchange(t, vendor, intercom.Token, "GET", "/admins", ""))
	if len(c.Unchecked()) > 0 {
		t.Log("only the statuses were checked: there is no intercom-2.16.yaml among the specifications")
		return
	}
	for _, d := range c.Unused() {
		t.Errorf("remove the deviation %s %s: nothing needs it", d.Path, d.Text)
	}
}
