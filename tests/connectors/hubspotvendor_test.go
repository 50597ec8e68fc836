package connectors

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

func hubspotVendor() vendor {
	return vendor{
		name:  "hubspot",
		start: func(clock *standin.Clock) *system { return hubspotSystem(hubspot.New(clock)) },
		without: map[string]string{
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"D": hubspotArchive, "H": hubspotAssociations},
	}
}

func hubspotSystem(h *hubspot.Server) *system {
	const kind = "companies"
	set := func(text string) map[string]string { return map[string]string{"description": text} }
	isPage := func(r *standin.Request) bool {
		if r.Query.Get("archived") == "true" {
			return false
		}
		return r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/"+kind) || strings.HasSuffix(r.Path, "/"+kind+"/search")
	}
	n := 0
	return &system{
		name: "hubspot", handler: h, server: h.Server, env: map[string]string{"HUBSPOT_TOKEN": hubspot.ServiceKey},
		module: "connectors.hubspot", stream: kind, related: "contacts", model: "company", key: "sourceId",
		property: "description", path: "properties.description", field: "description", classes: []string{"search"}, settle: 2 * time.Minute,
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				ids[i] = h.AddAt(kind, at, map[string]string{"name": "Company " + strconv.Itoa(n)})
			}
			return ids
		},
		touch:    func(id, text string) { h.Update(kind, id, set(text)) },
		value:    func(id string) string { return h.Get(kind, id).Properties["description"] },
		bump:     func(id string) { h.Update(kind, id, nil) },
		silently: func(id, text string) { h.SetSilently(kind, id, set(text)) },
		remove:   func(id string) { h.Archive(kind, id) },
		restore:  func(id string) { h.Restore(kind, id) },
		merge:    func(kept, gone string) { h.Merge(kind, kept, gone) },
		missing:  "delete",
		oauth: func() map[string]string {
			h.OAuth.Rotate, h.OAuth.RevokeFamily = true, true
			return map[string]string{
				"HUBSPOT_CLIENT_ID": hubspot.ClientID, "HUBSPOT_CLIENT_SECRET": hubspot.ClientSecret, "HUBSPOT_REFRESH_TOKEN": h.Install().Refresh,
			}
		},
		expire: h.OAuth.ExpireAccess, tokens: h.OAuth.Counts,
		page: isPage, pageSize: 100, lastPage: `{"results":[]}`,
		limit: func(on bool) {
			h.Configure(func(s *hubspot.Settings) {
				s.Burst, s.Search = 0, 0
				if on {
					s.Burst, s.Search = 100, 5
				}
			})
		},
		most: []limit{
			{standin.Is("POST", "/search"), 5, time.Second},
			{nil, 100, 10 * time.Second},
		},
		daily:   func(n int) { h.Configure(func(s *hubspot.Settings) { s.Daily = n }) },
		largest: func(n int) { h.Configure(func(s *hubspot.Settings) { s.LargestPage = n }) },
		hide:    func() { h.HideProperty(kind, "description", true) },
		rename:  func() { h.RenameProperty(kind, "description", "about") },
		drop:    func() { h.DeleteProperty(kind, "description") },
		create: func(name, value string) string {
			h.AddProperty(kind, hubspot.Property{Name: name, Label: name, Type: "string", FieldType: "text"})
			for _, record := range h.Records(kind) {
				h.SetSilently(kind, record.ID, map[string]string{name: value})
			}
			return "properties." + name
		},
		unmapped: func(ids []string) string {
			for _, id := range ids {
				h.Update(kind, id, map[string]string{"lifecyclestage": "evangelist"})
			}
			return "evangelist"
		},
		bad: func() (ids, reasons []string) {
			owner := func(properties map[string]string) {
				ids = append(ids, h.Add(kind, properties))
			}
			for range 2 {
				owner(map[string]string{"country": "Sweden"})
				reasons = append(reasons, "the company has no name")
			}
			for i := range 2 {
				owner(map[string]string{"name": "Large", "domain": fmt.Sprintf("d%d.example", i), "numberofemployees": "many"})
				reasons = append(reasons, `"many" is not a number`)
			}
			for range 2 {
				owner(map[string]string{"name": "Odd", "city": "odd"}) // Planhat itself rejects these
				reasons = append(reasons, "nonsense")
			}
			owner(map[string]string{"name": "Keyless", "phone": "none"})
			reasons = append(reasons, "the record has no id")
			return ids, reasons
		},
		badMap: `["custom.Seats"] = F.number("properties.numberofemployees"),
			status = F.compute({ "properties.city" }, function(city) return city == "odd" and "nonsense" or nil end),
			sourceId = F.compute({ "id", "properties.phone" }, function(id, phone) return phone ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: `{"status":"error","message":"Authentication credentials not found.","correlationId":"c-1","category":"INVALID_AUTHENTICATION"}`,
				says: []string{"HubSpot", "401", "Authentication credentials not found", "INVALID_AUTHENTICATION", "c-1", "check the credentials"}},
			{status: 403, body: `{"status":"error","message":"This app hasn't been granted all required scopes to make this call.","correlationId":"c-2","category":"MISSING_SCOPES","errors":[{"message":"One or more of the following scopes are required.","context":{"requiredScopes":["crm.objects.companies.read"]}}]}`,
				says: []string{"403", "hasn't been granted all required scopes", "MISSING_SCOPES", "permission"}},
			{status: 400, body: `{"status":"error","message":"Invalid input JSON","correlationId":"c-3","category":"VALIDATION_ERROR"}`, says: []string{"400", "Invalid input JSON", "VALIDATION_ERROR", "c-3"}},
			{status: 404, body: `{"status":"error","message":"resource not found","correlationId":"c-4","category":"OBJECT_NOT_FOUND"}`, says: []string{"404", "resource not found", "c-4"}},
			{status: 410, body: `Gone`, says: []string{"410", "2026-09", "may have ended"}},
			{status: 429, body: `{"status":"error","message":"You have reached your daily limit.","errorType":"RATE_LIMIT","correlationId":"c-5","policyName":"DAILY","requestId":"r"}`,
				header: []string{"Retry-After", "40000"}, says: []string{"accepts no more requests for now", "daily limit", "RATE_LIMIT", "run it again in 667 minutes"}},
			{status: 429, body: `slow down`, header: []string{"Retry-After", "4000", "Content-Type", "text/plain"}, says: []string{"accepts no more requests for now", "slow down"}},
			{status: 403, body: `<html><head><title>Blocked</title></head></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"403", `HTML page titled "Blocked"`}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"results":null}`, says: []string{`has no list "results"`, "/companies"}},
			{status: 200, body: `{"results":{"a":1}}`, says: []string{`has no list "results"`, "/companies"}},
			{status: 200, body: `[]`, says: []string{`has no list "results"`}},
			{status: 200, body: ``, says: []string{"is not JSON"}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
			{status: 423, body: `{"message":"This account is locked","category":"LOCKED"}`, says: []string{"423", "This account is locked", "LOCKED"}},
			{status: 477, body: `{"status":"error","message":"Migration in progress","category":"MIGRATION"}`, says: []string{"477", "Migration in progress"}},
		},
		writes:    func() int { return len(h.Writes(kind)) },
		normalize: func(change func(string) string) { h.Normalize(kind, "description", change) },
		sunset:    time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC),
	}
}
