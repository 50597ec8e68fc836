package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
)

func TestGoogleCalendarStandIn(t *testing.T) {
	vendor := gcal.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 117_000_000, time.UTC)))
	vendor.Fill(5)
	vendor.Put(gcal.Account, "day", gcal.Body{
		"summary": "Offsite", "start": gcal.Body{"date": "2026-12-01"}, "end": gcal.Body{"date": "2026-12-02"},
		"transparency": "transparent", "visibility": "private", "extendedProperties": gcal.Body{"private": gcal.Body{"score": "7"}},
	})
	vendor.Put("csm@ours.example", "review", gcal.Body{"summary": "Review"})
	vendor.Share("csm@ours.example", "freeBusyReader")
	token := vendor.OAuth.Grant(gcal.ClientID, gcal.Account).Access
	const list = "/calendar/v3/calendars/am%40ours.example/events"
	const usual = list + "?singleEvents=true&eventTypes=default&maxResults="
	c := checker(t, "gcal")
	send := func(status int, target string) map[string]any {
		t.Helper()
		e := exchange(t, vendor, token, "GET", target, "")
		assert.Equal(t, status, e.Status, "%s: %s", target, e.AnswerBody)
		check(t, c, e)
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(e.AnswerBody), &body))
		return body
	}
	dates := vendor.Repeat("team@ours.example", "weekly", gcal.Body{
		"summary": "Weekly", "start": gcal.Body{"dateTime": "2026-10-20T09:00:00+02:00"}, "end": gcal.Body{"dateTime": "2026-10-20T10:00:00+02:00"},
	}, 7, 2)
	vendor.Cancel("team@ours.example", dates[0])
	require.Len(t, send(200, "/calendar/v3/calendars/team%40ours.example/events")["items"], 2)
	first := send(200, usual+"4&timeMin=2026-01-01T00:00:00Z")
	page, _ := first["nextPageToken"].(string)
	last := send(200, usual+"4&timeMin=2026-01-01T00:00:00Z&pageToken="+url.QueryEscape(page))
	require.Len(t, last["items"], 2)
	sync, _ := last["nextSyncToken"].(string)
	vendor.Cancel(gcal.Account, "meeting2")
	changed := send(200, usual+"4&syncToken="+url.QueryEscape(sync))
	require.Len(t, changed["items"], 1)
	send(200, usual+"4&updatedMin=2026-11-01T00:00:00Z")
	send(200, list+"?eventTypes=default&eventTypes=focusTime")
	send(200, "/calendar/v3/calendars/primary/events")
	send(200, "/calendar/v3/calendars/csm%40ours.example/events")
	send(404, "/calendar/v3/calendars/nobody/events")
	send(400, list+"?pageToken=unknown")
	vendor.ForgetBefore(vendor.Clock.Now())
	send(410, usual+"4&updatedMin=2026-11-01T00:00:00Z")
	// The document says in prose which parameters exclude a syncToken.
	for _, name := range excluded(t) {
		send(400, usual+"4&syncToken="+url.QueryEscape(sync)+"&"+name+"=2026-11-01T00:00:00Z")
	}
	vendor.Forget()
	send(410, usual+"4&syncToken="+url.QueryEscape(sync))
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		vendor.Refuse(1, status)
		send(status, list)
	}
	token = "unknown"
	send(401, list)
	assert.Empty(t, c.Unchecked())
	for _, d := range c.Unused() {
		t.Errorf("remove the deviation %s %s: nothing needs it", d.Path, d.Text)
	}
}

// excluded are the parameters of events.list that a syncToken excludes.
func excluded(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(specifications(), "gcal-discovery.json"))
	require.NoError(t, err)
	var d discovery
	require.NoError(t, json.Unmarshal(text, &d))
	said, _ := d.Resources["events"].Methods["list"].Parameters["syncToken"]["description"].(string)
	for _, found := range regexp.MustCompile(`\n- (\w+)`).FindAllStringSubmatch(said, -1) {
		names = append(names, found[1])
	}
	require.Len(t, names, 8, said)
	return names
}

// TestProblemsOfDiscoveryAreFound shows that the comparison notices mistakes.
func TestProblemsOfDiscoveryAreFound(t *testing.T) {
	c := checker(t, "gcal")
	answer := func(event string) string { return `{"kind":"calendar#events","items":[` + event + `]}` }
	good := standin.Exchange{
		Method: "GET", URL: "/calendar/v3/calendars/a%40b.example/events?singleEvents=true&eventTypes=default&eventTypes=focusTime&timeMin=2026-11-20T08:00:00Z",
		Status: 200, AnswerType: "application/json; charset=UTF-8", AnswerBody: answer(`{"id":"1","status":"tentative","start":{"date":"2026-12-01"},"extendedProperties":{"shared":{"a":"b"}}}`),
	}
	check(t, c, good)
	const list = "/calendar/v3/calendars/a/events"
	for name, change := range map[string]func(*standin.Exchange){
		"unknown path":           func(e *standin.Exchange) { e.URL = "/calendar/v3/calendar/a/events" },
		"another method":         func(e *standin.Exchange) { e.Method = "PUT" },
		"unknown parameter":      func(e *standin.Exchange) { e.URL = list + "?pagetoken=7" },
		"unknown event type":     func(e *standin.Exchange) { e.URL = list + "?eventTypes=default&eventTypes=meeting" },
		"not a boolean":          func(e *standin.Exchange) { e.URL = list + "?singleEvents=yes" },
		"not a number":           func(e *standin.Exchange) { e.URL = list + "?maxResults=many" },
		"less than the minimum":  func(e *standin.Exchange) { e.URL = list + "?maxResults=0" },
		"time without a zone":    func(e *standin.Exchange) { e.URL = list + "?timeMin=2026-11-20T08:00:00" },
		"kind of something else": func(e *standin.Exchange) { e.AnswerBody = `{"kind":"calendar#event","items":[]}` },
		"undeclared in answer":   func(e *standin.Exchange) { e.AnswerBody = `{"events":[]}` },
		"undeclared in an event": func(e *standin.Exchange) { e.AnswerBody = answer(`{"title":"A"}`) },
		"undeclared in a guest":  func(e *standin.Exchange) { e.AnswerBody = answer(`{"attendees":[{"mail":"a"}]}`) },
		"status in prose":        func(e *standin.Exchange) { e.AnswerBody = answer(`{"status":"canceled"}`) },
		"property is a number":   func(e *standin.Exchange) { e.AnswerBody = answer(`{"extendedProperties":{"shared":{"a":1}}}`) },
		"date with a time":       func(e *standin.Exchange) { e.AnswerBody = answer(`{"start":{"date":"2026-12-01T00:00:00Z"}}`) },
		"sequence is text":       func(e *standin.Exchange) { e.AnswerBody = answer(`{"sequence":"1"}`) },
		"error without a reason": func(e *standin.Exchange) {
			e.Status, e.AnswerBody = 403, `{"error":{"code":403,"message":"No","errors":[{"domain":"global","message":"No"}]}}`
		},
		"error in another form": func(e *standin.Exchange) { e.Status, e.AnswerBody = 401, `{"error":"invalid_token"}` },
	} {
		e := good
		change(&e)
		problems, err := c.Check(e)
		require.NoError(t, err)
		assert.NotEmpty(t, problems, name)
	}
}
