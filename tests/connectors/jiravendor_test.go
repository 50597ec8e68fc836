package connectors

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/jira"
)

func jiraVendor() vendor {
	return vendor{
		name:  "jira",
		start: func(clock *standin.Clock) *system { return jiraSystem(jira.New(clock)) },
		without: map[string]string{
			"many": "the position is one token of fixed length, and so many pages take minutes",
			"F":    "API tokens are not renewed: see TestJiraTokenEnded",
			"R":    "no end of version 3 is announced",
			"S":    "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestJiraCompanies},
	}
}

func jiraSystem(j *jira.Server) *system {
	set := func(text string) jira.Fields { return jira.Fields{"summary": text} }
	n := 0
	return &system{
		name: "jira", handler: j, server: j.Server, env: map[string]string{"JIRA_EMAIL": jira.Email, "JIRA_TOKEN": jira.Token},
		module: "connectors.jira", settings: `, site = "northwind"`, account: jira.Site, stream: "issues", model: "issue", key: "sourceId", prefix: "jira-",
		property: "title", path: "fields.summary", field: "summary", settle: time.Minute + time.Second, swept: true, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				ids[i] = j.AddAt(at, set("Issue "+strconv.Itoa(n)))
			}
			return ids
		},
		touch:    func(id, text string) { j.Update(id, set(text)) },
		value:    func(id string) string { text, _ := j.Field(id, "summary").(string); return text },
		bump:     func(id string) { j.Update(id, nil) },
		silently: func(id, text string) { j.SetSilently(id, set(text)) },
		remove:   j.Delete,
		page:     standin.Is(http.MethodPost, "/search/jql"), pageSize: 100, lastPage: `{"issues":[],"isLast":true}`,
		limit: func(on bool) {
			j.Configure(func(s *jira.Settings) {
				s.Burst = 0
				if on {
					s.Burst = 10
				}
			})
		},
		most:    []limit{{standin.Is(http.MethodPost, "/search/jql"), 10, time.Second}},
		daily:   func(n int) { j.Configure(func(s *jira.Settings) { s.Hourly = n }) },
		largest: func(n int) { j.Configure(func(s *jira.Settings) { s.LargestPage = n }) },
		zone:    func(zone *time.Location) { j.Configure(func(s *jira.Settings) { s.Zone = zone }) },
		hide:    func() { j.Hide("summary", "") },
		rename:  func() { j.Hide("summary", "headline") },
		drop:    func() { j.Hide("summary", "") },
		create: func(name, value string) string {
			field := j.AddField(name)
			for _, id := range j.IDs() {
				j.SetSilently(id, jira.Fields{field: value})
			}
			return "fields." + field
		},
		mapped: `priority = F.enum("fields.priority.name", { Medium = "P2" })`,
		unmapped: func(ids []string) string {
			for _, id := range ids {
				j.Update(id, jira.Fields{"priority": jira.Fields{"name": "Someday"}})
			}
			return "Someday"
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, fields jira.Fields) {
				ids, reasons = append(ids, j.Add(fields)), append(reasons, reason)
			}
			for range 2 {
				bad("the issue has no summary", jira.Fields{"summary": ""})
				bad(`"many" is not a number`, jira.Fields{"summary": "Large", "resolution": jira.Fields{"name": "many"}})
				bad("no company has the id", jira.Fields{"summary": "Odd", "resolution": jira.Fields{"name": "odd"}}) // Planhat itself rejects these
			}
			bad("the record has no id", jira.Fields{"summary": "Keyless", "resolution": jira.Fields{"name": "none"}})
			return ids, reasons
		},
		badMap: `["custom.Seats"] = F.number(F.compute({ "fields.resolution.name" }, function(name) return name == "many" and name or nil end)),
			companyIds = F.compute({ "fields.resolution.name" }, function(name) return name == "odd" and json.array{ "extid-nowhere" } or nil end),
			sourceId = F.compute({ "id", "fields.resolution.name" }, function(id, name) return name ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: `{"code":401,"message":"Unauthorized; scope does not match"}`, says: []string{"Jira", "401", "scope does not match", "check the credentials"}},
			{status: 401, body: `{"errorMessages":["Client must be authenticated to access this resource."],"errors":{}}`, says: []string{"401", "Client must be authenticated"}},
			{status: 403, body: `{"errorMessages":["You do not have permission to do this."],"errors":{}}`, says: []string{"403", "do not have permission", "permission"}},
			{status: 400, body: `{"errorMessages":["The value 'APX' does not exist for the field 'project'."],"errors":{}}`, says: []string{"400", "The value 'APX' does not exist"}},
			{status: 404, body: `{"errorMessages":["No such site"],"errors":{}}`, says: []string{"404", "No such site"}},
			{status: 410, body: `{"errorMessages":["The requested API has been removed."],"errors":{}}`, says: []string{"410", "has been removed", "version 3 of the API may have ended"}},
			{status: 429, body: `{"errorMessages":["Rate limit exceeded."],"errors":{}}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Rate limit exceeded", "run it again in 67 minutes"}},
			{status: 429, body: `slow down`, header: []string{"Retry-After", "4000", "Content-Type", "text/plain"}, says: []string{"accepts no more requests for now", "slow down"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"issues":null}`, says: []string{`has no list "issues"`}},
			{status: 200, body: `{"issues":[],"isLast":false}`, says: []string{"gives no nextPageToken"}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
		writes:    j.Writes,
		normalize: j.Normalize,
	}
}
