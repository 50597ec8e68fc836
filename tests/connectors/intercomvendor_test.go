package connectors

import (
	"maps"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/intercom"
)

func intercomVendor() vendor {
	return vendor{
		name:  "intercom",
		start: func(clock *standin.Clock) *system { return intercomSystem(intercom.New(clock), intercom.Contacts) },
		without: map[string]string{
			"F": "access tokens do not expire",
			"N": "nothing is written back to Intercom",
			"R": "no end of the version is announced",
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestIntercom},
	}
}

func intercomConversations() vendor {
	v := intercomVendor()
	v.name = "intercom conversations"
	v.start = func(clock *standin.Clock) *system { return intercomSystem(intercom.New(clock), intercom.Conversations) }
	v.without = maps.Clone(v.without)
	v.without["G"] = "tickets have no custom fields in Planhat: see the contacts"
	v.without["J"] = v.without["G"]
	v.without["Q"] = "a scroll is forgotten after a minute: see TestIntercomCompaniesInParts"
	v.without["many"] = "it is read as contacts are"
	return v
}

func intercomCompanies() vendor {
	v := intercomVendor()
	v.name = "intercom companies"
	v.start = func(clock *standin.Clock) *system { return intercomSystem(intercom.New(clock), intercom.Companies) }
	v.without = maps.Clone(v.without)
	v.without["B"] = "a scroll that may have lost a page is read again as a whole: see TestIntercomCompaniesKilled"
	v.without["G"] = "Intercom leaves out fields without a value, so one that is hidden cannot be told from one that is empty"
	v.without["I"] = "it reads since a date, which the scroll cannot: see TestIntercomCompaniesAgain"
	v.without["J"] = v.without["I"]
	v.without["L"] = "errors are as those of contacts; a run waits for the end of the scroll that a failed one left open"
	v.without["Q"] = "a scroll is forgotten after a minute: see TestIntercomCompaniesInParts"
	v.without["many"] = "it is about runs that read what changed"
	return v
}

// intercomSystem is the declaration of companies, contacts or conversations.
func intercomSystem(z *intercom.Server, kind string) *system {
	set := func(text string) intercom.Body {
		if kind == intercom.Conversations {
			return intercom.Body{"title": text}
		}
		return intercom.Body{"name": text}
	}
	field, list := "name", "data"
	if kind == intercom.Conversations {
		field, list = "title", "conversations"
	}
	n := 0
	one := func() intercom.Body {
		n++
		fields := set("Record " + strconv.Itoa(n))
		if kind == intercom.Contacts {
			fields["email"] = "c" + strconv.Itoa(n) + "@northwind.example"
		}
		return fields
	}
	s := &system{
		name: "intercom", handler: z, server: z.Server, env: map[string]string{"INTERCOM_TOKEN": intercom.Token},
		module: "connectors.intercom", stream: kind, model: "enduser", key: "sourceId", prefix: "ic-", property: "name", path: field, settle: time.Minute + time.Second,
		seed: func(t *testing.T, p *simulator.Server) {
			t.Helper()
			require.NoError(t, p.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
		},
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				ids[i] = z.AddAt(kind, at, one())
			}
			return ids
		},
		touch:    func(id, text string) { z.Update(kind, id, set(text)) },
		value:    func(id string) string { text, _ := z.Get(kind, id)[field].(string); return text },
		bump:     func(id string) { z.Update(kind, id, nil) },
		silently: func(id, text string) { z.SetSilently(kind, id, set(text)) },
		remove:   func(id string) { z.Delete(kind, id) },
		missing:  "delete",
		page:     standin.Is(http.MethodPost, "/"+kind+"/search"), pageSize: 150,
		lastPage: `{"type":"list","` + list + `":[],"total_count":0,"pages":{"type":"pages","page":1,"per_page":150,"total_pages":0}}`,
		limit: func(on bool) {
			z.Configure(func(s *intercom.Settings) {
				s.PerWindow = 0
				if on {
					s.PerWindow = 167
				}
			})
		},
		most:    []limit{{nil, 167, 10 * time.Second}},
		largest: func(n int) { z.Configure(func(s *intercom.Settings) { s.LargestPage = n }) },
		zone:    func(l *time.Location) { z.Configure(func(s *intercom.Settings) { s.Zone = l }) },
		hide:    func() { z.Hide(field, "") },
		rename:  func() { z.Hide(field, "display_"+field) },
		drop:    func() { z.Hide(field, "") },
		create: func(name, value string) string {
			z.AddAttribute(kind, name)
			for _, id := range z.IDs(kind) {
				z.SetSilently(kind, id, intercom.Body{"custom_attributes": intercom.Body{name: value}})
			}
			return "join.attribute." + name
		},
		errors: []failure{
			{status: 401, body: `{"type":"error.list","request_id":"r-7","errors":[{"code":"unauthorized","message":"Access Token Invalid"}]}`,
				says: []string{"Intercom", "401", "Access Token Invalid", "r-7", "check the credentials"}},
			{status: 403, body: `{"type":"error.list","errors":[{"code":"api_plan_restricted","message":"Active subscription needed."}]}`,
				says: []string{"403", "Active subscription needed", "permission"}},
			{status: 404, body: `{"type":"error.list","errors":[{"code":"not_found","message":"The requested resource was not found"}]}`, says: []string{"404", "was not found"}},
			{status: 400, body: `{"type":"error.list","errors":[{"code":"intercom_version_invalid","message":"The requested version could not be found"}]}`,
				says: []string{"400", "The requested version could not be found"}},
			{status: 429, body: `{"type":"error.list","errors":[{"code":"rate_limit_exceeded","message":"Exceeded rate limit of 167 in 10_seconds"}]}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Exceeded rate limit", "run it again in 67 minutes"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"` + list + `":null}`, says: []string{`has no list "` + list + `"`}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
	}
	switch kind {
	case intercom.Conversations:
		return conversationSystem(z, s, one)
	case intercom.Companies:
		return companySystem(z, s)
	}
	s.swept = true
	s.restore, s.merge = z.Unarchive, z.Merge
	s.mapped = `["custom.Role"] = F.enum("role", { user = "User" })`
	s.unmapped = func(ids []string) string {
		for _, id := range ids {
			z.Update(kind, id, intercom.Body{"role": "lead"})
		}
		return "lead"
	}
	firm := z.AddAt(intercom.Companies, z.Clock.Now(), nil)
	s.bad = func() (ids, reasons []string) {
		bad := func(reason string, fields intercom.Body) {
			ids, reasons = append(ids, z.Add(kind, fields)), append(reasons, reason)
		}
		for i := range 2 {
			n := strconv.Itoa(i)
			bad("the contact has no address", intercom.Body{"companies": intercom.Body{"data": []any{intercom.Body{"id": firm}}}})
			bad(`"many" is not a number`, intercom.Body{"email": "lo" + n + "@northwind.example", "phone": "many"})
			bad("companyId", intercom.Body{"email": "lo" + n + "@unknown.example"}) // Planhat itself rejects these
		}
		bad("the record has no id", intercom.Body{"email": "ki@northwind.example", "phone": "none"})
		return ids, reasons
	}
	s.badMap = `email = F.required("email", "the contact has no address"),
		["custom.Seats"] = F.number(F.compute({ "phone" }, function(id) return id == "many" and id or nil end)),
		sourceId = F.compute({ "id", "phone" }, function(id, own) return own ~= "none" and id or nil end)`
	return s
}

// conversationSystem completes the declaration of conversations, which become tickets.
func conversationSystem(z *intercom.Server, s *system, one func() intercom.Body) *system {
	const kind = intercom.Conversations
	s.model, s.property = "ticket", "title"
	s.mapped = `severity = F.enum("priority", { none = "normal" })`
	s.unmapped = func(ids []string) string {
		for _, id := range ids {
			z.Update(kind, id, intercom.Body{"priority": "priority"})
		}
		return "priority"
	}
	source := func(email string) intercom.Body {
		return intercom.Body{"type": "conversation", "subject": "", "body": "<p>Hello</p>", "author": intercom.Body{"type": "user", "email": email, "name": "Lo"}}
	}
	s.bad = func() (ids, reasons []string) {
		bad := func(reason string, more intercom.Body) {
			fields := one()
			maps.Copy(fields, more)
			ids, reasons = append(ids, z.Add(kind, fields)), append(reasons, reason)
		}
		for range 2 {
			bad("nobody in the conversation has an e-mail address", intercom.Body{"source": source("")})
			bad(`"many" is not a number`, intercom.Body{"state": "many"})
			bad("No company found", intercom.Body{"source": source("lo@unknown.example")}) // Planhat itself rejects these
		}
		bad("the record has no id", intercom.Body{"state": "none"})
		return ids, reasons
	}
	s.badMap = `timeSpent = F.number(F.compute({ "state" }, function(state) return state == "many" and state or nil end)),
		sourceId = F.compute({ "id", "state" }, function(id, state) return state ~= "none" and id or nil end)`
	return s
}

// companySystem completes the declaration of companies, which are all read in each run.
func companySystem(z *intercom.Server, s *system) *system {
	const kind = intercom.Companies
	s.model, s.seed = "company", nil
	s.page, s.largest = standin.Is(http.MethodGet, "/companies/scroll"), nil
	s.pageSize, s.lastPage = 100, `{"type":"list","data":[],"pages":null,"total_count":null,"scroll_param":"s"}`
	s.create = func(name, value string) string {
		for _, id := range z.IDs(kind) {
			z.SetSilently(kind, id, intercom.Body{"custom_attributes": intercom.Body{name: value}})
		}
		return "custom_attributes." + name
	}
	s.mapped = `["custom.Plan"] = F.enum("plan.name", { Basic = "basic" })`
	s.unmapped = func(ids []string) string {
		for _, id := range ids {
			z.Update(kind, id, intercom.Body{"plan": intercom.Body{"name": "Gold"}})
		}
		return "Gold"
	}
	s.bad = func() (ids, reasons []string) {
		bad := func(reason string, fields intercom.Body) {
			ids, reasons = append(ids, z.Add(kind, fields)), append(reasons, reason)
		}
		for range 2 {
			bad("the company has no name", intercom.Body{"name": ""})
			bad(`"many" is not a number`, intercom.Body{"name": "Large", "industry": "many"})
			bad("nonsense", intercom.Body{"name": "Odd", "industry": "odd"}) // Planhat itself rejects these
		}
		bad("the record has no id", intercom.Body{"name": "Keyless", "industry": "none"})
		return ids, reasons
	}
	s.badMap = `["custom.Seats"] = F.number(F.compute({ "industry" }, function(of) return of == "many" and of or nil end)),
		status = F.compute({ "industry" }, function(of) return of == "odd" and "nonsense" or nil end),
		sourceId = F.compute({ "id", "industry" }, function(id, of) return of ~= "none" and id or nil end)`
	return s
}
