package gcal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

const list = "/calendar/v3/calendars/am%40ours.example/events"

// client reads the calendar with an access token.
type client struct {
	*gcal.Server
	token string
}

func newClient() *client {
	s := gcal.New(standin.NewClock(start))
	return &client{s, s.OAuth.Grant(gcal.ClientID, gcal.Account).Access}
}

// get asks for events with names and values of parameters.
func (c *client) get(t *testing.T, status int, pairs ...string) gcal.Body {
	t.Helper()
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodGet, list+"?"+query.Encode(), http.NoBody)
	r.Header.Set("Authorization", "Bearer "+c.token)
	return answer(t, c, r, status)
}

func answer(t *testing.T, c *client, r *http.Request, status int) gcal.Body {
	t.Helper()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	require.Equal(t, status, w.Code, w.Body.String())
	var body gcal.Body
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body.String())
	return body
}

// ids are the events of an answer. A cancelled one begins with a minus.
func ids(body gcal.Body) (found []string) {
	for _, item := range body["items"].([]any) {
		event := item.(gcal.Body)
		id := event["id"].(string)
		if event["status"] == "cancelled" {
			id = "-" + id
		}
		found = append(found, id)
	}
	return found
}

func text(body gcal.Body, name string) string {
	value, _ := body[name].(string)
	return value
}

func reason(body gcal.Body) any {
	return body["error"].(gcal.Body)["errors"].([]any)[0].(gcal.Body)["reason"]
}

func at(moment, zone string) gcal.Body { return gcal.Body{"dateTime": moment, "timeZone": zone} }

func TestPagesEndWithTheTokenOfChanges(t *testing.T) {
	c := newClient()
	c.Fill(5)
	first := c.get(t, 200, "maxResults", "2")
	assert.Equal(t, []string{"meeting1", "meeting2"}, ids(first))
	assert.NotContains(t, first, "nextSyncToken")
	// Between pages, one event changes, one is cancelled and one is new.
	c.Put(gcal.Account, "meeting4", gcal.Body{"summary": "Changed"})
	c.Cancel(gcal.Account, "meeting3")
	c.Put(gcal.Account, "new", gcal.Body{"summary": "New"})
	second := c.get(t, 200, "maxResults", "2", "pageToken", text(first, "nextPageToken"))
	assert.Equal(t, []string{"meeting4", "meeting5"}, ids(second), "no event is left out because another one changed")
	last := c.get(t, 200, "maxResults", "2", "pageToken", text(second, "nextPageToken"))
	assert.Empty(t, ids(last))
	assert.NotContains(t, last, "nextPageToken")
	changes := c.get(t, 200, "syncToken", text(last, "nextSyncToken"))
	assert.Equal(t, []string{"-meeting3", "meeting4", "new"}, ids(changes))
	assert.Empty(t, ids(c.get(t, 200, "syncToken", text(changes, "nextSyncToken"))))
	assert.Len(t, ids(c.get(t, 200, "maxResults", "9999")), 5)
	assert.Equal(t, "invalid", reason(c.get(t, 400, "pageToken", text(first, "nextPageToken"), "singleEvents", "true")), "with the same parameters only")
}

func TestTokensOfChangesExpire(t *testing.T) {
	c := newClient()
	c.Fill(1)
	token := text(c.get(t, 200), "nextSyncToken")
	for _, name := range []string{"timeMin", "updatedMin", "q", "orderBy"} {
		assert.Equal(t, "invalid", reason(c.get(t, 400, "syncToken", token, name, "2026-11-01T00:00:00Z")), name)
	}
	assert.Equal(t, "invalid", reason(c.get(t, 400, "syncToken", token, "singleEvents", "true")))
	c.Forget()
	assert.Equal(t, "fullSyncRequired", reason(c.get(t, 410, "syncToken", token)))
	c.get(t, 200, "syncToken", text(c.get(t, 200), "nextSyncToken"))
	assert.Empty(t, text(c.get(t, 200, "updatedMin", "2026-11-20T00:00:00Z"), "nextSyncToken"))
	c.ForgetBefore(start)
	assert.Equal(t, "updatedMinTooLongAgo", reason(c.get(t, 410, "updatedMin", "2026-11-20T00:00:00Z")))
}

func TestDatesOfRecurringEvents(t *testing.T) {
	c := newClient()
	// Every week at nine in Stockholm, where summer time ends on 25 October.
	dates := c.Repeat(gcal.Account, "weekly", gcal.Body{
		"summary": "Weekly", "start": at("2026-10-20T09:00:00+02:00", "Europe/Stockholm"), "end": at("2026-10-20T10:00:00+02:00", "Europe/Stockholm"),
	}, 7, 3)
	assert.Equal(t, []string{"weekly_20261020T070000Z", "weekly_20261027T080000Z", "weekly_20261103T080000Z"}, dates)
	single := c.get(t, 200, "singleEvents", "true")
	assert.Equal(t, dates, ids(single))
	second := single["items"].([]any)[1].(gcal.Body)
	assert.Equal(t, "weekly", second["recurringEventId"])
	assert.Equal(t, "2026-10-27T08:00:00Z", second["start"].(gcal.Body)["dateTime"])
	whole := c.get(t, 200)
	assert.Equal(t, []string{"weekly"}, ids(whole))
	assert.Equal(t, []any{"RRULE:FREQ=DAILY;INTERVAL=7;COUNT=3"}, whole["items"].([]any)[0].(gcal.Body)["recurrence"])

	// One date is moved, one is cancelled; then the series gets another title.
	c.Put(gcal.Account, dates[0], gcal.Body{"summary": "Moved", "start": at("2026-10-21T09:00:00+02:00", "Europe/Stockholm")})
	c.Cancel(gcal.Account, dates[1])
	changes := c.get(t, 200, "singleEvents", "true", "syncToken", text(single, "nextSyncToken"))
	assert.Equal(t, []string{dates[0], "-" + dates[1]}, ids(changes))
	moved, gone := changes["items"].([]any)[0].(gcal.Body), changes["items"].([]any)[1].(gcal.Body)
	assert.Equal(t, "2026-10-20T09:00:00+02:00", moved["originalStartTime"].(gcal.Body)["dateTime"])
	assert.Equal(t, "weekly", gone["recurringEventId"])
	assert.NotContains(t, gone, "summary")
	assert.NotContains(t, gone, "start")
	assert.Equal(t, []string{dates[0], dates[2]}, ids(c.get(t, 200, "singleEvents", "true")))
	assert.Equal(t, []string{"weekly", dates[0], "-" + dates[1]}, ids(c.get(t, 200)), "exceptions, also cancelled ones, without singleEvents")
	c.Put(gcal.Account, "weekly", gcal.Body{"summary": "Renamed"})
	assert.Equal(t, "Moved", c.Get(gcal.Account, dates[0])["summary"])
	assert.Equal(t, "Renamed", c.Get(gcal.Account, dates[2])["summary"])
	changes = c.get(t, 200, "singleEvents", "true", "syncToken", text(changes, "nextSyncToken"))
	assert.Equal(t, []string{dates[2]}, ids(changes))
	c.Cancel(gcal.Account, "weekly")
	changes = c.get(t, 200, "singleEvents", "true", "syncToken", text(changes, "nextSyncToken"))
	assert.Equal(t, []string{"-" + dates[0], "-" + dates[2]}, ids(changes))
}

func TestWholeDaysAndZones(t *testing.T) {
	c := newClient()
	days := c.Repeat(gcal.Account, "fair", gcal.Body{"summary": "Fair", "start": gcal.Body{"date": "2026-12-31"}, "end": gcal.Body{"date": "2027-01-02"}}, 365, 2)
	assert.Equal(t, []string{"fair_20261231", "fair_20271231"}, days)
	c.Put(gcal.Account, "call", gcal.Body{"start": at("2026-12-31T23:30:00-05:00", "America/New_York"), "end": at("2027-01-01T00:30:00-05:00", "America/New_York")})
	zone, err := time.LoadLocation("Asia/Kathmandu")
	require.NoError(t, err)
	c.Zone(zone)
	body := c.get(t, 200, "singleEvents", "true")
	assert.Equal(t, "Asia/Kathmandu", body["timeZone"])
	items := body["items"].([]any)
	assert.Equal(t, gcal.Body{"date": "2026-12-31"}, items[0].(gcal.Body)["start"], "a day has no zone")
	assert.Equal(t, at("2027-01-01T10:15:00+05:45", "America/New_York"), items[2].(gcal.Body)["start"])
	assert.Equal(t, []string{days[0]}, ids(c.get(t, 200, "singleEvents", "true", "timeMax", "2027-01-01T04:30:00Z")), "timeMax is about the start, and excludes it")
	assert.Len(t, c.Repeat(gcal.Account, "daily", gcal.Body{"start": gcal.Body{"date": "2029-01-01"}, "end": gcal.Body{"date": "2029-01-02"}}, 1, 0), 730)
	// timeMin is about the end, and excludes it.
	assert.Equal(t, []string{days[1]}, ids(c.get(t, 200, "singleEvents", "true", "timeMin", "2027-01-02T00:00:00Z", "timeMax", "2028-12-31T00:00:00Z")))
}

func TestQuotas(t *testing.T) {
	c := newClient()
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		c.Refuse(2, status)
		c.Clock.Advance(time.Minute)
		c.get(t, 200)
		c.get(t, 200)
		assert.Equal(t, "rateLimitExceeded", reason(c.get(t, status)))
		c.Clock.Advance(time.Minute)
		c.get(t, 200)
	}
	c.Refuse(0, http.StatusForbidden)
	c.Daily(1)
	c.Clock.Set(start.AddDate(0, 0, 1))
	c.token = c.OAuth.Grant(gcal.ClientID, gcal.Account).Access
	c.get(t, 200)
	assert.Equal(t, "quotaExceeded", reason(c.get(t, 403)))
}

func TestTokensExpire(t *testing.T) {
	c := newClient()
	form := func(fields url.Values) *http.Request {
		fields.Set("client_id", gcal.ClientID)
		fields.Set("client_secret", gcal.ClientSecret)
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	granted := c.OAuth.Grant(gcal.ClientID, gcal.Account)
	c.Clock.Advance(time.Hour)
	assert.Equal(t, "authError", reason(c.get(t, 401)))
	renewed := answer(t, c, form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {granted.Refresh}}), 200)
	assert.NotContains(t, renewed, "refresh_token", "it stays the same")
	assert.EqualValues(t, 3599, renewed["expires_in"])
	c.token = text(renewed, "access_token")
	c.get(t, 200)
	c.OAuth.Revoke(granted.Refresh)
	refused := answer(t, c, form(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {granted.Refresh}}), 400)
	assert.Equal(t, "invalid_grant", refused["error"])
	c.get(t, 401)
	assert.Equal(t, "invalid_grant", answer(t, c, form(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"a.b.c"}}), 400)["error"])
}

func TestCalendarsThatAreSharedInPart(t *testing.T) {
	c := newClient()
	c.Put(gcal.Account, "review", gcal.Body{"summary": "Review", "attendees": []any{gcal.Body{"email": "kim@northwind.example"}}})
	c.Share(gcal.Account, "freeBusyReader")
	body := c.get(t, 200)
	assert.Equal(t, "freeBusyReader", body["accessRole"])
	assert.NotContains(t, body["items"].([]any)[0], "summary")
	assert.NotContains(t, body["items"].([]any)[0], "attendees")
	r := httptest.NewRequest(http.MethodGet, "/calendar/v3/calendars/nobody/events", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+c.token)
	assert.Equal(t, "notFound", reason(answer(t, c, r, 404)))
}
