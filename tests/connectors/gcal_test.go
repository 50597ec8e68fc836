package connectors

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
)

// agenda is a rig with Google Calendar.
type agenda struct {
	*rig
	google *gcal.Server
	url    string
}

func newAgenda(t *testing.T) *agenda {
	t.Helper()
	r := newRig(t)
	a := &agenda{rig: r, google: gcal.New(r.clock)}
	a.url = serve(t, a.google)
	a.with(t, map[string]string{"GOOGLE_CALENDAR_CLIENT_ID": gcal.ClientID, "GOOGLE_CALENDAR_CLIENT_SECRET": gcal.ClientSecret,
		"GOOGLE_CALENDAR_REFRESH_TOKEN": a.google.OAuth.Grant(gcal.ClientID, gcal.Account).Refresh})
	require.NoError(t, r.planhat.Put("company", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e01", "name": "Northwind", "domains": []any{"northwind.example"}}))
	require.NoError(t, r.planhat.Put("enduser", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e02", "email": "Kim@northwind.example", "companyId": "5f1e1e1e1e1e1e1e1e1e1e01"}))
	require.NoError(t, r.planhat.Put("user", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e03", "email": gcal.Account, "nickName": "Am"}))
	return a
}

func (a *agenda) with(t *testing.T, variables map[string]string) {
	t.Helper()
	a.options.Env = func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	a.start(t)
}

func (a *agenda) sync(t *testing.T, settings, options string) (map[string]any, error) {
	t.Helper()
	result, err := a.runtime.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: fmt.Appendf(nil, `return require("connectors.google_calendar").sync{
		settings = { base = %q, user = %q, page = 2, rate = { "100000/1s" }, %s }, sole_source = true, %s }`, a.url+"/calendar/v3", gcal.Account, settings, options)})
	if err != nil {
		return nil, err
	}
	return result.Values[0].(map[string]any)["events"].(map[string]any), nil
}

func (a *agenda) must(t *testing.T, settings, options string) map[string]any {
	t.Helper()
	did, err := a.sync(t, settings, options)
	require.NoError(t, err, a.log.String())
	return did
}

func (a *agenda) sent() int { return a.planhat.Count(simulator.Filter{Operation: "bulk_upsert"}) }

func key(id string) string { return "gcal-" + id + "/" + gcal.Account }

// meeting is an event that an account manager organizes for guests.
func meeting(title string, guests ...string) gcal.Body {
	list := []any{gcal.Body{"email": gcal.Account, "self": true, "organizer": true, "responseStatus": "accepted"}}
	for _, guest := range guests {
		list = append(list, gcal.Body{"email": guest, "responseStatus": "needsAction"})
	}
	return gcal.Body{
		"summary": title, "organizer": gcal.Body{"email": gcal.Account, "self": true}, "attendees": list,
		"start": gcal.Body{"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Stockholm"},
		"end":   gcal.Body{"dateTime": "2026-11-24T11:00:00+01:00", "timeZone": "Europe/Stockholm"},
	}
}

func TestGoogleCalendar(t *testing.T) {
	a := newAgenda(t)
	review := meeting("Review", "kim@northwind.example", "lo@www.northwind.example", "visitor@unknown.example")
	review["description"] = "Agenda"
	a.google.Put(gcal.Account, "review", review)
	day := meeting("Workshop", "new@northwind.example")
	day["start"], day["end"] = gcal.Body{"date": "2026-12-01"}, gcal.Body{"date": "2026-12-03"}
	a.google.Put(gcal.Account, "weekly_20261201", day)
	a.google.Put(gcal.Account, "lunch", meeting("Lunch", "visitor@unknown.example"))
	a.google.Put(gcal.Account, "internal", meeting("Planning", "colleague@ours.example"))
	secret := meeting("Secret", "kim@northwind.example")
	secret["visibility"] = "private"
	a.google.Put(gcal.Account, "secret", secret)
	a.must(t, ``, ``)

	tasks := a.records("task")
	require.Len(t, tasks, 2, a.log.String())
	for property, want := range map[string]any{
		"mainType": "event", "action": "Review", "description": "Agenda", "companyId": "5f1e1e1e1e1e1e1e1e1e1e01", "noSpecificTime": false,
		"startTime": "2026-11-24T09:00:00.000Z", "endTime": "2026-11-24T10:00:00.000Z", "ownerId": "5f1e1e1e1e1e1e1e1e1e1e03",
	} {
		assert.Equal(t, want, tasks[key("review")][property], property)
	}
	assert.Contains(t, fmt.Sprint(tasks[key("review")]["endusers"]), "5f1e1e1e1e1e1e1e1e1e1e02")
	assert.Contains(t, fmt.Sprint(tasks[key("review")]["users"]), "5f1e1e1e1e1e1e1e1e1e1e03")
	assert.Equal(t, "2026-12-01T00:00:00.000Z", tasks[key("weekly_20261201")]["startTime"])
	assert.Equal(t, true, tasks[key("weekly_20261201")]["noSpecificTime"])
	assert.Len(t, a.planhat.Records("enduser"), 1, "guests who are unknown do not become people in Planhat")
	assert.Contains(t, a.log.String(), "no_company=2 private=1")

	// A second run sends nothing, nor does one that reads everything.
	before := a.sent()
	a.must(t, ``, ``)
	a.must(t, ``, `full = true`)
	require.Equal(t, before, a.sent(), a.log.String())

	// Changes, and several pages of them.
	a.google.Put(gcal.Account, "review", gcal.Body{"summary": "Business review"})
	for i := range 5 {
		a.google.Put(gcal.Account, fmt.Sprint("more", i), meeting("More", "kim@northwind.example"))
	}
	did := a.must(t, ``, ``)
	assert.EqualValues(t, 6, did["read"])
	assert.Equal(t, "Business review", a.records("task")[key("review")]["action"])

	// What was cancelled, or has lost its customers, is reported, and then deleted.
	a.google.Cancel(gcal.Account, "more0")
	a.google.Put(gcal.Account, "more1", meeting("More", "colleague@ours.example"))
	did = a.must(t, ``, ``)
	assert.EqualValues(t, 2, did["missing"])
	assert.Contains(t, a.records("task"), key("more0"))
	did = a.must(t, ``, `missing = "delete", max_missing = 0.5`)
	assert.EqualValues(t, 2, did["deleted"], a.log.String())
	assert.NotContains(t, a.records("task"), key("more0"))
	assert.NotContains(t, a.records("task"), key("more1"))
}

// When Google has forgotten the position, everything is read and compared: what was
// cancelled meanwhile is found, and nothing else is removed.
func TestGoogleCalendarForgets(t *testing.T) {
	a := newAgenda(t)
	for i := range 5 {
		a.google.Put(gcal.Account, fmt.Sprint("m", i), meeting("Meeting", "kim@northwind.example"))
	}
	a.must(t, ``, ``)
	a.google.Cancel(gcal.Account, "m3")
	a.google.Forget()
	before := a.sent()
	did := a.must(t, ``, `missing = "delete", max_missing = 0.5`)
	assert.EqualValues(t, 1, did["deleted"])
	assert.Equal(t, before, a.sent())
	assert.Len(t, a.records("task"), 4)
	assert.Contains(t, a.log.String(), "Google has forgotten the position")
	assert.Equal(t, 1, a.google.Log.Count(func(r *standin.Request) bool { return r.Status == http.StatusGone }))
	did = a.must(t, ``, ``)
	assert.EqualValues(t, 0, did["read"])
}

// A meeting in the calendars of two colleagues is one task.
func TestGoogleCalendarOfSeveral(t *testing.T) {
	a := newAgenda(t)
	const other = "csm@ours.example"
	shared := meeting("Review", "kim@northwind.example", other)
	a.google.Put(gcal.Account, "review", shared)
	a.google.Put(other, "review", shared)
	invited := meeting("Invited", other)
	invited["organizer"] = gcal.Body{"email": "kim@northwind.example"}
	invited["attendees"] = append(invited["attendees"].([]any), gcal.Body{"email": "kim@northwind.example", "organizer": true, "responseStatus": "accepted"})
	a.google.Put(gcal.Account, "invited", invited)
	a.google.Put(other, "invited", invited)
	calendars := fmt.Sprintf("calendars = { %q, %q }", gcal.Account, other)
	a.must(t, calendars, ``)
	assert.Len(t, a.planhat.Records("task"), 2)
	a.google.Cancel(other, "review") // only the colleague leaves
	did := a.must(t, calendars, `missing = "delete"`)
	assert.Nil(t, did["deleted"])
	assert.Len(t, a.planhat.Records("task"), 2)
}

// A service account reads in the name of a person, and waits where Google refuses with 403.
func TestGoogleCalendarByServiceAccount(t *testing.T) {
	a := newAgenda(t)
	a.with(t, map[string]string{"GOOGLE_CALENDAR_KEY": a.google.Key()})
	a.google.Put(gcal.Account, "review", meeting("Review", "kim@northwind.example"))
	a.google.Faults.On(standin.Is(http.MethodGet, "/events"), 1, standin.Answer(http.StatusForbidden,
		`{"error":{"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"Rate Limit Exceeded"}],"code":403,"message":"Rate Limit Exceeded"}}`, "Content-Type", "application/json"))
	did := a.must(t, ``, ``)
	assert.EqualValues(t, 1, did["created"])
	assert.Equal(t, []string{gcal.Account}, a.google.Subjects())
	// Without delegation, it reads what is shared with it.
	did = a.must(t, fmt.Sprintf(`calendars = { %q }, user = false`, gcal.Account), `account = "own"`)
	assert.EqualValues(t, 1, did["unchanged"])
	assert.Equal(t, []string{gcal.Account, ""}, a.google.Subjects())
	_, err := a.sync(t, `calendars = { "nobody@ours.example" }`, `account = "other"`)
	require.ErrorContains(t, err, "404")
	a.google.Faults.On(nil, 1, standin.Answer(http.StatusForbidden,
		`{"error":{"errors":[{"domain":"usageLimits","reason":"quotaExceeded","message":"Quota Exceeded"}],"code":403,"message":"Quota Exceeded"}}`, "Content-Type", "application/json"))
	_, err = a.sync(t, ``, ``)
	require.ErrorContains(t, err, "accepts no more requests for now")
}

// If somebody shares less of a calendar than before, its meetings stay as they are.
func TestGoogleCalendarOfSomebodyBusy(t *testing.T) {
	a := newAgenda(t)
	const other = "csm@ours.example"
	calendars := fmt.Sprintf("calendars = { %q }", other)
	invited := meeting("Review", "kim@northwind.example")
	invited["organizer"] = gcal.Body{"email": "kim@northwind.example"}
	a.google.Put(other, "review", invited)
	a.must(t, calendars, ``)
	require.Len(t, a.planhat.Records("task"), 1)
	a.google.Share(other, "freeBusyReader")
	a.google.Put(other, "review", gcal.Body{"summary": "Moved"})
	for _, options := range []string{``, `full = true, `} {
		_, err := a.sync(t, calendars, options+`missing = "delete", max_missing = 1`)
		require.ErrorContains(t, err, other+" only shows when its person is busy")
		require.ErrorContains(t, err, `share it with the permission "See all event details"`)
	}
	require.Len(t, a.planhat.Records("task"), 1)
	a.google.Share(other, "reader")
	a.must(t, calendars, ``)
	assert.Equal(t, "Moved", a.planhat.Records("task")[0]["action"])
}

// An access token that ends in the middle of the pages is renewed once.
func TestGoogleCalendarTokens(t *testing.T) {
	a := newAgenda(t)
	for i := range 6 {
		a.google.Put(gcal.Account, fmt.Sprint("m", i), meeting("Meeting", "kim@northwind.example"))
	}
	pages := 0
	a.google.Before(func(r *standin.Request) {
		if standin.Is(http.MethodGet, "/events")(r) {
			if pages++; pages == 2 {
				a.google.OAuth.ExpireAccess()
			}
		}
	})
	did := a.must(t, ``, ``)
	assert.EqualValues(t, 6, did["created"])
	renewed, _ := a.google.OAuth.Counts()
	assert.Equal(t, 2, renewed)
	a.google.ClearHooks()
	a.clock.Advance(2 * time.Hour)
	a.must(t, ``, ``)
	renewed, _ = a.google.OAuth.Counts()
	assert.Equal(t, 3, renewed)
}

// What changed since a date can be read again, unless Google has forgotten it.
func TestGoogleCalendarSince(t *testing.T) {
	a := newAgenda(t)
	a.google.PutAt(gcal.Account, "old", start.AddDate(0, -2, 0), meeting("Old", "kim@northwind.example"))
	for i := range 5 {
		a.google.Put(gcal.Account, fmt.Sprint("m", i), meeting("Meeting", "kim@northwind.example"))
	}
	did := a.must(t, ``, `start = "2026-11-01"`)
	assert.EqualValues(t, 5, did["created"])
	// The runs after it read what changed meanwhile, and what was cancelled.
	a.clock.Advance(time.Hour)
	a.google.Put(gcal.Account, "m1", gcal.Body{"summary": "Changed"})
	a.google.Cancel(gcal.Account, "m2")
	a.clock.Advance(time.Hour)
	did = a.must(t, ``, `start = "2026-11-01", missing = "delete", max_missing = 0.5`)
	assert.EqualValues(t, 1, did["updated"])
	assert.EqualValues(t, 1, did["deleted"])
	assert.NotContains(t, a.records("task"), key("old"))
	a.google.ForgetBefore(start.AddDate(0, 0, -7))
	_, err := a.sync(t, ``, `since = "2026-11-01"`)
	require.ErrorContains(t, err, "no longer knows what changed in the calendar "+gcal.Account+" since 2026-11-01")
	require.ErrorContains(t, err, "--param full=true")
}

// A meeting that was cancelled, reported, and came back stays.
func TestGoogleCalendarRestored(t *testing.T) {
	a := newAgenda(t)
	a.google.Put(gcal.Account, "review", meeting("Review", "kim@northwind.example"))
	a.must(t, ``, ``)
	a.google.Cancel(gcal.Account, "review")
	did := a.must(t, ``, ``)
	assert.EqualValues(t, 1, did["missing"])
	a.google.Put(gcal.Account, "review", nil)
	a.google.Forget() // so a complete pass is the first to see that it is back
	a.must(t, ``, ``)
	did = a.must(t, ``, `missing = "delete", max_missing = 1`)
	assert.Nil(t, did["deleted"], a.log.String())
	assert.Len(t, a.planhat.Records("task"), 1)
}

// A page token that has expired costs reading the pages before it again.
func TestGoogleCalendarForgetsPages(t *testing.T) {
	a := newAgenda(t)
	add := func(from int) {
		for i := range 6 {
			a.google.Put(gcal.Account, fmt.Sprint("m", from+i), meeting("Meeting", "kim@northwind.example"))
		}
	}
	cut := func() {
		pages := 0
		a.google.After(func(r *standin.Request) {
			if pages++; pages == 1 {
				a.clock.Advance(3 * time.Minute)
			}
		})
		a.must(t, ``, `minutes = 2, batch = 1`)
		a.google.ClearHooks()
		a.google.Faults.On(func(r *standin.Request) bool { return r.Query.Has("pageToken") }, 1, standin.Answer(http.StatusBadRequest,
			`{"error":{"errors":[{"domain":"global","reason":"invalid","message":"Invalid page token value."}],"code":400,"message":"Invalid page token value."}}`, "Content-Type", "application/json"))
	}
	add(0)
	cut()
	a.must(t, ``, ``)
	require.Len(t, a.planhat.Records("task"), 6)
	add(6)
	cut()
	did := a.must(t, ``, ``)
	require.Len(t, a.planhat.Records("task"), 12)
	assert.EqualValues(t, 6, did["read"], "only the changes are read again")
}

// Each date of a recurring meeting is a task, at its time of day in the zone of the
// meeting. One that is moved or cancelled differs from the others.
func TestGoogleCalendarRecurring(t *testing.T) {
	a := newAgenda(t)
	weekly := meeting("Weekly", "kim@northwind.example")
	weekly["start"] = gcal.Body{"dateTime": "2026-10-20T09:00:00+02:00", "timeZone": "Europe/Stockholm"}
	weekly["end"] = gcal.Body{"dateTime": "2026-10-20T10:00:00+02:00", "timeZone": "Europe/Stockholm"}
	dates := a.google.Repeat(gcal.Account, "weekly", weekly, 7, 4)
	a.must(t, ``, ``)
	tasks := a.records("task")
	require.Len(t, tasks, 4)
	assert.Equal(t, "2026-10-20T07:00:00.000Z", tasks[key(dates[0])]["startTime"])
	assert.Equal(t, "2026-10-27T08:00:00.000Z", tasks[key(dates[1])]["startTime"])
	a.google.Put(gcal.Account, dates[0], gcal.Body{"start": gcal.Body{"dateTime": "2026-10-21T09:00:00+02:00"}, "end": gcal.Body{"dateTime": "2026-10-21T10:00:00+02:00"}})
	a.google.Cancel(gcal.Account, dates[1])
	a.google.Put(gcal.Account, "weekly", gcal.Body{"summary": "Renamed"})
	did := a.must(t, ``, `missing = "delete", max_missing = 0.5`)
	assert.EqualValues(t, 1, did["deleted"])
	tasks = a.records("task")
	assert.NotContains(t, tasks, key(dates[1]))
	assert.Equal(t, "2026-10-21T07:00:00.000Z", tasks[key(dates[0])]["startTime"])
	assert.Equal(t, "Weekly", tasks[key(dates[0])]["action"])
	assert.Equal(t, "Renamed", tasks[key(dates[3])]["action"])
	a.google.Cancel(gcal.Account, "weekly")
	did = a.must(t, ``, `missing = "delete", max_missing = 1`)
	assert.EqualValues(t, 3, did["deleted"])
	assert.Empty(t, a.records("task"))
}

// Of a recurring meeting without an end, the dates of the next days are brought, and later
// ones when they come near.
func TestGoogleCalendarLooksAhead(t *testing.T) {
	for _, options := range []string{``, `start = "2026-11-01", `} {
		a := newAgenda(t)
		daily := meeting("Daily", "kim@northwind.example")
		daily["start"] = gcal.Body{"dateTime": "2026-11-20T09:00:00Z"}
		daily["end"] = gcal.Body{"dateTime": "2026-11-20T10:00:00Z"}
		dates := a.google.Repeat(gcal.Account, "daily", daily, 1, 0)
		a.google.Put(gcal.Account, "single", meeting("Single", "kim@northwind.example"))
		const settings = `ahead = 10, page = 7`
		a.clock.Advance(time.Hour)
		a.must(t, settings, options)
		require.Len(t, a.records("task"), 11, a.log.String())
		a.clock.Advance(time.Hour)
		did := a.must(t, settings, options)
		require.EqualValues(t, 0, did["read"])

		// All dates are among the changes, but only those that are near become tasks.
		a.google.Put(gcal.Account, "daily", gcal.Body{"summary": "Renamed"})
		did = a.must(t, settings, options)
		require.EqualValues(t, 10, did["updated"])
		require.Len(t, a.records("task"), 11)

		// Three days later, three more are near. One that was moved far away is not.
		a.google.Put(gcal.Account, dates[9], gcal.Body{"start": gcal.Body{"dateTime": "2027-11-29T09:00:00Z"}, "end": gcal.Body{"dateTime": "2027-11-29T10:00:00Z"}})
		a.clock.Advance(3 * 24 * time.Hour)
		did = a.must(t, settings, options+`missing = "delete", max_missing = 0.5`)
		require.EqualValues(t, 3, did["created"])
		require.EqualValues(t, 1, did["deleted"])
		tasks := a.records("task")
		require.Contains(t, tasks, key(dates[12]))
		require.NotContains(t, tasks, key(dates[13]))
		require.NotContains(t, tasks, key(dates[9]))

		// A complete pass agrees.
		before := a.sent()
		did = a.must(t, settings, `full = true`)
		require.EqualValues(t, 0, did["missing"], options)
		require.Equal(t, before, a.sent())
		require.Len(t, a.records("task"), 13)
	}
}
