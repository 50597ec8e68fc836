package connectors

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

func zendeskVendor() vendor {
	return vendor{
		name:  "zendesk",
		start: func(clock *standin.Clock) *system { return zendeskSystem(zendesk.New(clock)) },
		without: map[string]string{
			"many": "the position is one cursor of fixed length, and so many pages take minutes",
			"G":    "tickets have no custom fields in Planhat: see the organizations",
			"J":    "tickets have no custom fields in Planhat: see the organizations",
			"E":    "ten exports in a minute take too long here: TestZendeskLimits has a shorter minute, and no limit is by the day",
			"F":    "client credentials give another token each time, without a refresh token: see TestZendeskCredentials",
			"M":    "the map of tickets translates no values",
			"N":    "tickets are not written back: TestZendeskBack is about organizations",
			"R":    "no end of the version is announced",
			"S":    "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestZendeskSideloads},
	}
}

// zendeskOrganizations are read from a list, and then by time.
func zendeskOrganizations() vendor {
	return vendor{
		name:  "zendesk organizations",
		start: func(clock *standin.Clock) *system { return organizationSystem(zendesk.New(clock)) },
		without: map[string]string{
			"many": "the position is a second or one cursor, and so many pages take minutes",
			"J":    "the export by time repeats its last second, so a usual run repairs what the test spoils",
			"B":    "so many at one time are listed again: see TestZendeskCrowdedSecond", "L": "the export by time repeats its last second, so a run always reads something",
			"E": "see zendesk", "F": "see zendesk", "H": "organizations refer to nothing", "M": "the map of organizations translates no values",
			"N": "only fields that organizations do not map are written back: see TestZendeskBack", "R": "see zendesk", "S": "see zendesk",
		},
	}
}

func organizationSystem(z *zendesk.Server) *system {
	const kind = zendesk.Organizations
	s := zendeskSystem(z)
	z.Configure(func(s *zendesk.Settings) { s.DeletedOrganizations = true })
	number := func(id string) int64 { n, _ := strconv.ParseInt(id, 10, 64); return n }
	set := func(text string) zendesk.Body { return zendesk.Body{"details": text} }
	fields := zendesk.Body{} // all organizations have all fields
	n := 0
	s.stream, s.model, s.property, s.path, s.seed, s.restore = "organizations", "company", "description", "details", nil, nil
	s.add = func(count int, at time.Time) []string {
		ids := make([]string, count)
		for i := range ids {
			n++
			ids[i] = strconv.FormatInt(z.AddAt(kind, at, zendesk.Body{"name": "Organization " + strconv.Itoa(n), "organization_fields": maps.Clone(fields)}), 10)
		}
		return ids
	}
	s.touch = func(id, text string) { z.Update(kind, number(id), set(text)) }
	s.value = func(id string) string { text, _ := z.Get(kind, number(id))["details"].(string); return text }
	s.bump = func(id string) { z.Update(kind, number(id), nil) }
	s.silently = func(id, text string) { z.SetSilently(kind, number(id), set(text)) }
	s.remove = func(id string) { z.Delete(kind, number(id)) }
	s.page = func(r *standin.Request) bool { return strings.HasSuffix(r.Path, "/organizations.json") }
	s.lastPage = `{"organizations":[],"meta":{"has_more":false}}`
	s.hide = func() { z.Hide(kind, "details", "") }
	s.rename = func() { z.Hide(kind, "details", "about") }
	s.drop = s.hide
	s.create = func(name, value string) string {
		fields[name] = nil
		for _, id := range z.IDs(kind) {
			z.SetSilently(kind, id, zendesk.Body{"organization_fields": zendesk.Body{name: value}})
		}
		return "organization_fields." + name
	}
	s.bad = func() (ids, reasons []string) {
		bad := func(reason string, fields zendesk.Body) {
			ids = append(ids, strconv.FormatInt(z.Add(kind, fields), 10))
			reasons = append(reasons, reason)
		}
		for range 2 {
			bad("the organization has no name", zendesk.Body{"name": ""})
			bad(`"many" is not a number`, zendesk.Body{"name": "Large", "external_id": "many"})
			bad("nonsense", zendesk.Body{"name": "Odd", "notes": "odd"}) // Planhat itself rejects these
		}
		bad("the record has no id", zendesk.Body{"name": "Keyless", "notes": "none"})
		return ids, reasons
	}
	s.badMap = `["custom.Seats"] = F.number("external_id"),
		status = F.compute({ "notes" }, function(notes) return notes == "odd" and "nonsense" or nil end),
		sourceId = F.compute({ "id", "notes" }, function(id, notes) return notes ~= "none" and id or nil end)`
	return s
}

func zendeskSystem(z *zendesk.Server) *system {
	const kind = zendesk.Tickets
	number := func(id string) int64 { n, _ := strconv.ParseInt(id, 10, 64); return n }
	set := func(text string) zendesk.Body { return zendesk.Body{"subject": text} }
	add := func(at time.Time, fields zendesk.Body) string {
		return strconv.FormatInt(z.AddAt(kind, at, fields), 10)
	}
	created := z.Clock.Now().Add(-time.Hour)
	kim := z.AddAt(zendesk.Users, created, zendesk.Body{"name": "Kim", "email": "kim@northwind.example"})
	stranger := z.AddAt(zendesk.Users, created, zendesk.Body{"name": "Lo", "email": "lo@unknown.example"})
	silent := z.AddAt(zendesk.Users, created, zendesk.Body{"name": "Visitor"})
	n := 0
	return &system{
		name: "zendesk", handler: z, server: z.Server, env: map[string]string{"ZENDESK_TOKEN": zendesk.Token},
		module: "connectors.zendesk", settings: `, subdomain = "northwind", page = 100`, account: zendesk.Subdomain,
		stream: "tickets", model: "ticket", key: "sourceId", prefix: "zd-",
		property: "title", path: "subject", classes: []string{"export"}, settle: time.Minute + time.Second,
		seed: func(t *testing.T, p *simulator.Server) {
			t.Helper()
			require.NoError(t, p.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
		},
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				ids[i] = add(at, zendesk.Body{"subject": "Ticket " + strconv.Itoa(n), "requester_id": kim})
			}
			return ids
		},
		touch:    func(id, text string) { z.Update(kind, number(id), set(text)) },
		value:    func(id string) string { text, _ := z.Get(kind, number(id))["subject"].(string); return text },
		bump:     func(id string) { z.Update(kind, number(id), nil) },
		silently: func(id, text string) { z.SetSilently(kind, number(id), set(text)) },
		remove:   func(id string) { z.Delete(kind, number(id)) },
		restore:  func(id string) { z.Update(kind, number(id), zendesk.Body{"status": "open"}) },
		missing:  "delete",
		page:     standin.Is(http.MethodGet, "/incremental/tickets/cursor.json"), pageSize: 100,
		lastPage: `{"tickets":[],"users":[],"organizations":[],"after_cursor":null,"end_of_stream":true}`,
		limit: func(on bool) {
			z.Configure(func(s *zendesk.Settings) {
				s.PerMinute, s.Exports = 0, 0
				if on {
					s.PerMinute, s.Exports = 400, 10
				}
			})
		},
		largest: func(n int) { z.Configure(func(s *zendesk.Settings) { s.LargestPage = n }) },
		hide:    func() { z.Hide(kind, "subject", "") },
		rename:  func() { z.Hide(kind, "subject", "title") },
		drop:    func() { z.Hide(kind, "subject", "") },
		create: func(name, value string) string {
			field := z.AddField(name, "text")
			for _, id := range z.IDs(kind) {
				z.SetSilently(kind, id, zendesk.Body{"custom_fields": []any{zendesk.Body{"id": field, "value": value}}})
			}
			return fmt.Sprintf("join.field.%d", field)
		},
		bad: func() (ids, reasons []string) {
			now := z.Clock.Now()
			bad := func(reason string, fields zendesk.Body) {
				ids, reasons = append(ids, add(now, fields)), append(reasons, reason)
			}
			for range 2 {
				bad("the requester has no e-mail address", zendesk.Body{"requester_id": silent})
				bad(`"many" is not a number`, zendesk.Body{"requester_id": kim, "external_id": "many"})
				bad("No company found", zendesk.Body{"requester_id": stranger}) // Planhat itself rejects these
			}
			bad("the record has no id", zendesk.Body{"requester_id": kim, "recipient": "none"})
			return ids, reasons
		},
		badMap: `timeSpent = F.number("external_id"),
			sourceId = F.compute({ "id", "recipient" }, function(id, recipient) return recipient ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: `{"error":"invalid_token","error_description":"The access token provided is expired, revoked, malformed or invalid for other reasons."}`,
				says: []string{"Zendesk", "401", "The access token provided is expired", "check the credentials"}},
			{status: 401, body: `{"error":"Couldn't authenticate you"}`, says: []string{"401", "Couldn't authenticate you"}},
			{status: 403, body: `{"error":{"title":"Forbidden","message":"You do not have access to this page."}}`, says: []string{"403", "You do not have access to this page", "permission"}},
			{status: 404, body: `{"error":"InvalidEndpoint","description":"Not found"}`, says: []string{"404", "Not found"}},
			{status: 422, body: `{"error":"InvalidValue","description":"Too recent start_time. Use a start_time older than 60 seconds"}`, says: []string{"422", "Too recent start_time"}},
			{status: 400, body: `{"error":{"title":"Invalid attribute","message":"You passed an invalid value for the start_time attribute."}}`, says: []string{"400", "You passed an invalid value"}},
			{status: 429, body: `Number of allowed incremental ticket export API requests per minute exceeded`, header: []string{"Retry-After", "4000", "Content-Type", "text/plain"},
				says: []string{"accepts no more requests for now", "per minute exceeded", "run it again in 67 minutes"}},
			{status: 429, body: `{"title":"Too Many Requests","status":429,"detail":"Rate limited by Zendesk edge protection"}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "edge protection"}},
			{status: 403, body: `<html><head><title>Blocked</title></head></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"403", `HTML page titled "Blocked"`}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"tickets":null}`, says: []string{`has no list "tickets"`}},
			{status: 200, body: `[]`, says: []string{`has no list "tickets"`}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
	}
}
