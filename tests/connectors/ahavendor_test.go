package connectors

import (
	"strconv"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/aha"
)

func ahaVendor() vendor {
	return vendor{
		name:  "aha",
		start: func(clock *standin.Clock) *system { return ahaSystem(aha.New(clock)) },
		without: map[string]string{
			"F": "API keys do not expire",
			"N": "nothing is written back to Aha!",
			"R": "no end of the version is announced",
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestAhaVotes},
	}
}

func ahaSystem(a *aha.Server) *system {
	const kind = aha.Ideas
	body := func(text string) aha.Body {
		return aha.Body{"id": "2", "body": text, "attachments": []any{}}
	}
	set := func(text string) aha.Body { return aha.Body{"name": text} }
	n := 0
	return &system{
		name: "aha", handler: a, server: a.Server, env: map[string]string{"AHA_TOKEN": aha.Token},
		module: "connectors.aha", settings: `, subdomain = "northwind"`, account: aha.Subdomain,
		stream: "ideas", model: "issue", key: "sourceId", prefix: "aha-idea-",
		property: "title", path: "name", settle: time.Minute + time.Second, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				ids[i] = a.AddAt(kind, at, aha.Body{"name": "Idea " + strconv.Itoa(n)})
			}
			return ids
		},
		touch:    func(id, text string) { a.Update(id, set(text)) },
		value:    func(id string) string { text, _ := a.Fields(id)["name"].(string); return text },
		bump:     func(id string) { a.Update(id, nil) },
		silently: func(id, text string) { a.SetSilently(id, set(text)) },
		remove:   a.Delete, restore: a.Restore,
		page: standin.Is("GET", "/api/v1/ideas"), pageSize: 200,
		lastPage: `{"ideas":[],"pagination":{"total_records":0,"total_pages":0,"current_page":1}}`,
		limit: func(on bool) {
			if on {
				a.Limit(20, 300)
			} else {
				a.Limit(0, 0)
			}
		},
		most:   []limit{{nil, 20, time.Second}, {nil, 300, time.Minute}},
		hide:   func() { a.Hide("name", "") },
		rename: func() { a.Hide("name", "title") },
		drop:   func() { a.Hide("name", "") },
		create: func(name, value string) string {
			for _, id := range a.IDs(kind) {
				a.SetSilently(id, aha.Body{"custom_fields": []any{aha.Body{"key": name, "name": name, "value": value, "type": "string"}}})
			}
			return "join.custom." + name
		},
		mapped: `description = false, priority = F.enum("description.body", { Soon = "high" })`,
		unmapped: func(ids []string) string {
			for _, id := range ids {
				a.Update(id, aha.Body{"description": body("Later")})
			}
			return "Later"
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason, name, text string) {
				ids, reasons = append(ids, a.Add(kind, aha.Body{"name": name, "description": body(text)})), append(reasons, reason)
			}
			for range 2 {
				bad("the idea has no name", "", "")
				bad(`"many" is not a number`, "Large", "many")
				bad("no company has the id", "Odd", "odd") // Planhat itself rejects these
			}
			bad("the record has no id", "Keyless", "none")
			return ids, reasons
		},
		badMap: `["custom.Seats"] = F.number(F.compute({ "description.body" }, function(text) return text == "many" and text or nil end)),
			companyIds = F.compute({ "description.body" }, function(text) return text == "odd" and json.array{ "extid-nowhere" } or nil end),
			sourceId = F.compute({ "id", "description.body" }, function(id, text) return text ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: `<html><head><title>Unauthorized</title></head></html>`, header: []string{"Content-Type", "text/html"},
				says: []string{"Aha!", "401", "check the credentials"}},
			{status: 403, body: `{"error":"You do not have permission to view ideas."}`, says: []string{"403", "You do not have permission", "permission that the message names"}},
			{status: 404, body: `{"error":"Record not found"}`, says: []string{"404", "Record not found"}},
			{status: 422, body: `{"errors":{"message":"Validation failed","attributes":{"name":["is missing"]}}}`, says: []string{"422", "Validation failed"}},
			{status: 429, body: `{"error":"Rate limit exceeded"}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Rate limit exceeded", "run it again in 67 minutes"}},
			{status: 200, body: `<html><title>Sign in</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"ideas":null}`, says: []string{`has no list "ideas"`}},
			{status: 200, body: `{"ideas":[]}`, says: []string{"does not say how many pages there are"}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
	}
}
