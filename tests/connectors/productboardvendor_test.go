package connectors

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/productboard"
)

func productboardVendor() vendor {
	return vendor{
		name:  "productboard",
		start: func(clock *standin.Clock) *system { return productboardSystem(productboard.New(clock)) },
		without: map[string]string{
			"F": "API tokens do not expire",
			"N": "nothing is written back to Productboard",
			"R": "no end of version 2 is announced; TestProductboardRetired is about that of version 1",
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestProductboardCustomers},
	}
}

func productboardSystem(p *productboard.Server) *system {
	const kind = productboard.Note
	set := func(text string) productboard.Body { return productboard.Body{"name": text} }
	fields := productboard.Body{} // all notes have all fields
	n := 0
	return &system{
		name: "productboard", handler: p, server: p.Server, env: map[string]string{"PRODUCTBOARD_TOKEN": productboard.Token},
		module: "connectors.productboard", stream: "notes", model: "issue", key: "sourceId", prefix: "pb-note-",
		property: "title", path: "fields.name", settle: time.Minute + time.Second, swept: true, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				own := productboard.Body{"name": "Note " + strconv.Itoa(n)}
				for name := range fields {
					own[name] = nil
				}
				ids[i] = p.AddAt(kind, at, own)
			}
			return ids
		},
		touch:    func(id, text string) { p.Update(id, set(text)) },
		value:    func(id string) string { text, _ := p.Fields(id)["name"].(string); return text },
		bump:     func(id string) { p.Update(id, nil) },
		silently: func(id, text string) { p.SetSilently(id, set(text)) },
		remove:   p.Delete,
		page: func(r *standin.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/v2/notes") && r.Query.Get("archived") == "false"
		},
		pageSize: 100, lastPage: `{"data":[],"links":{"next":null}}`,
		limit: func(on bool) {
			p.Configure(func(s *productboard.Settings) {
				s.PerSecond = 0
				if on {
					s.PerSecond = 50
				}
			})
		},
		most:   []limit{{nil, 50, time.Second}},
		hide:   func() { p.Hide("name", "") },
		rename: func() { p.Hide("name", "title") },
		drop:   func() { p.Hide("name", "") },
		create: func(name, value string) string {
			fields[name] = true
			for _, id := range p.IDs(kind) {
				p.SetSilently(id, productboard.Body{name: value})
			}
			return "fields." + name
		},
		mapped: `description = false, priority = F.enum("fields.content", { ["<p>Soon</p>"] = "high" })`,
		unmapped: func(ids []string) string {
			for _, id := range ids {
				p.Update(id, productboard.Body{"content": "Later"})
			}
			return "Later"
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, fields productboard.Body) {
				ids, reasons = append(ids, p.Add(kind, fields)), append(reasons, reason)
			}
			for range 2 {
				bad("the note has no title", productboard.Body{"name": ""})
				bad(`"many" is not a number`, productboard.Body{"name": "Large", "content": "many"})
				bad("no company has the id", productboard.Body{"name": "Odd", "content": "odd"}) // Planhat itself rejects these
			}
			bad("the record has no id", productboard.Body{"name": "Keyless", "content": "none"})
			return ids, reasons
		},
		badMap: `["custom.Seats"] = F.number(F.compute({ "fields.content" }, function(content) return content == "many" and content or nil end)),
			companyIds = F.compute({ "fields.content" }, function(content) return content == "odd" and json.array{ "extid-nowhere" } or nil end),
			sourceId = F.compute({ "id", "fields.content" }, function(id, content) return content ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: `{"errors":[{"code":"auth.unauthorized","title":"Unauthorized","detail":"The access token is unknown."}]}`,
				says: []string{"Productboard", "401", "The access token is unknown", "check the credentials"}},
			{status: 403, body: `{"errors":[{"code":"scopes.invalid","title":"Forbidden","detail":"The scope notes:read is missing."}]}`,
				says: []string{"403", "The scope notes:read is missing", "permission"}},
			{status: 404, body: `{"errors":[{"code":"route.notFound","title":"Route not found"}]}`, says: []string{"404", "Route not found"}},
			{status: 400, body: `{"errors":[{"code":"validation.invalid","title":"Invalid","detail":"updatedFrom must be a date-time"}]}`, says: []string{"400", "updatedFrom must be a date-time"}},
			{status: 410, body: `{"errors":[{"code":"api.retired","title":"Retired","detail":"` + productboard.Retired + `"}]}`,
				says: []string{"410", "has been retired", "version v2 of the API may have ended"}},
			{status: 403, body: `{"message":"` + productboard.Retired + `"}`, says: []string{"has been retired", "may have ended; look for a newer phscript"}},
			{status: 429, body: `{"errors":[{"code":"rateLimit.exceeded","detail":"Slow down."}]}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Slow down", "run it again in 67 minutes"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"data":null}`, says: []string{`has no list "data"`}},
			{status: 200, body: `{"data":[],"links":{"next":"https://api.productboard.com/v2/notes?page=2"}}`, says: []string{"has no pageCursor"}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
	}
}
