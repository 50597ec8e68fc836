package connectors

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
)

func gcalVendor() vendor {
	return vendor{
		name:  "google_calendar",
		start: func(clock *standin.Clock) *system { return gcalSystem(gcal.New(clock)) },
		without: map[string]string{
			"many": "the position is one token of fixed length, and so many pages take minutes",
			"F":    "Google does not replace refresh tokens: see TestGoogleCalendarTokens",
			"G":    "Google leaves out fields that are empty, so one that is missing says nothing: see TestGoogleCalendarOfSomebodyBusy and J",
			"N":    "nothing is written back to Google",
			"R":    "no end of version 3 is announced",
			"S":    "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestGoogleCalendarOfSeveral},
	}
}

// gcalSystem has the calendar of one person. Its ids end with that calendar.
func gcalSystem(g *gcal.Server) *system {
	const calendar, suffix = gcal.Account, "/" + gcal.Account
	own := func(id string) string { return strings.TrimSuffix(id, suffix) }
	put := func(id string, fields gcal.Body) { g.Put(calendar, own(id), fields) }
	set := func(text string) gcal.Body { return gcal.Body{"summary": text} }
	n := 0
	add := func(at time.Time, fields gcal.Body) string {
		n++
		id := "e" + strconv.Itoa(n)
		begin := at.Add(24 * time.Hour).Truncate(time.Minute)
		body := meeting("Meeting "+strconv.Itoa(n), "kim@northwind.example")
		body["start"], body["end"] = gcal.Body{"dateTime": begin.Format(time.RFC3339)}, gcal.Body{"dateTime": begin.Add(time.Hour).Format(time.RFC3339)}
		body["transparency"], body["location"] = "opaque", "Malmö"
		maps.Copy(body, fields)
		g.PutAt(calendar, id, at, body)
		return id + suffix
	}
	isPage := func(r *standin.Request) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/events")
	}
	refused := func(status int, domain, reason, message string) string {
		return `{"error":{"errors":[{"domain":"` + domain + `","reason":"` + reason + `","message":"` + message + `"}],"code":` + strconv.Itoa(status) + `,"message":"` + message + `"}}`
	}
	return &system{
		name: "google_calendar", server: g.Server,
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // the suite knows no path before the API's own
			if strings.HasPrefix(r.URL.Path, "/calendars/") {
				r.URL.Path = "/calendar/v3" + r.URL.Path
				if r.URL.RawPath != "" {
					r.URL.RawPath = "/calendar/v3" + r.URL.RawPath
				}
			}
			g.ServeHTTP(w, r)
		}),
		env: map[string]string{"GOOGLE_CALENDAR_CLIENT_ID": gcal.ClientID, "GOOGLE_CALENDAR_CLIENT_SECRET": gcal.ClientSecret,
			"GOOGLE_CALENDAR_REFRESH_TOKEN": g.OAuth.Grant(gcal.ClientID, gcal.Account).Refresh},
		module: "connectors.google_calendar", settings: `, user = "` + calendar + `", page = 100`, stream: "events", model: "task", key: "sourceId", prefix: "gcal-",
		property: "action", path: "summary", missing: "delete",
		seed: func(t *testing.T, p *simulator.Server) {
			t.Helper()
			require.NoError(t, p.Put("company", map[string]any{"name": "Northwind", "domains": []any{"northwind.example"}}))
		},
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				ids[i] = add(at, nil)
			}
			return ids
		},
		touch:    func(id, text string) { put(id, set(text)) },
		value:    func(id string) string { text, _ := g.Get(calendar, own(id))["summary"].(string); return text },
		bump:     func(id string) { put(id, nil) },
		silently: func(id, text string) { g.SetSilently(calendar, own(id), set(text)) },
		remove:   func(id string) { g.Cancel(calendar, own(id)) },
		restore:  func(id string) { put(id, nil) },
		page:     isPage, pageSize: 100, lastPage: `{"kind":"calendar#events","accessRole":"owner","items":[],"nextSyncToken":"later"}`,
		limit: func(on bool) {
			g.Refuse(0, http.StatusForbidden)
			if on {
				g.Refuse(600, http.StatusForbidden)
			}
		},
		most:    []limit{{isPage, 600, time.Minute}},
		daily:   g.Daily,
		refused: http.StatusForbidden,
		zone:    g.Zone,
		create: func(name, value string) string {
			for _, id := range g.IDs(calendar) {
				g.SetSilently(calendar, id, gcal.Body{"extendedProperties": gcal.Body{"private": gcal.Body{name: value}}})
			}
			return "extendedProperties.private." + name
		},
		mapped: `["custom.Kind"] = F.enum("transparency", { opaque = "busy" })`,
		unmapped: func(ids []string) string {
			for _, id := range ids {
				put(id, gcal.Body{"transparency": "transparent"})
			}
			return "transparent"
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, fields gcal.Body) {
				ids, reasons = append(ids, add(g.Clock.Now(), fields)), append(reasons, reason)
			}
			for range 2 {
				bad("the meeting has no place", gcal.Body{"location": ""})
				bad(`"many" is not a number`, gcal.Body{"location": "many"})
				bad("no company has the id", gcal.Body{"location": "odd"}) // Planhat itself rejects these
			}
			bad("the record has no id", gcal.Body{"location": "none"})
			return ids, reasons
		},
		badMap: `["custom.Place"] = F.required("location", "the meeting has no place"),
			["custom.Seats"] = F.number(F.compute({ "location" }, function(place) return place == "many" and place or nil end)),
			companyId = F.compute({ "join.company", "location" }, function(company, place) return place == "odd" and "extid-nowhere" or company end),
			sourceId = F.compute({ "id", "location" }, function(id, place) return place ~= "none" and id or nil end)`,
		errors: []failure{
			{status: 401, body: refused(401, "global", "authError", "Invalid Credentials"), says: []string{"Google Calendar", "401", "Invalid Credentials", "check whether the app has the scopes"}},
			{status: 403, body: refused(403, "global", "insufficientPermissions", "Request had insufficient authentication scopes."), says: []string{"403", "insufficient authentication scopes", "permission"}},
			{status: 403, body: refused(403, "usageLimits", "quotaExceeded", "Quota exceeded."), says: []string{"accepts no more requests for now", "Quota exceeded", "run it again tomorrow"}},
			{status: 404, body: refused(404, "global", "notFound", "Not Found"), says: []string{"404", "Not Found"}},
			{status: 400, body: refused(400, "calendar", "timeRangeEmpty", "The specified time range is empty."), says: []string{"400", "The specified time range is empty"}},
			{status: 410, body: refused(410, "calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required."), says: []string{"410", "a full sync is required"}},
			{status: 429, body: refused(429, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"), header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Rate Limit Exceeded", "run it again in 67 minutes"}},
			{status: 200, body: `{"kind":"calendar#events","accessRole":"freeBusyReader","items":[]}`, says: []string{calendar, "only shows when its person is busy"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"items":null}`, says: []string{`has no list "items"`}},
			{status: 400, body: ``, says: []string{"400 Bad Request"}},
		},
	}
}
