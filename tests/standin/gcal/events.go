package gcal

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// position is what tokens of pages and of synchronizations hold.
type position struct {
	Calendar, Query string
	Sync            bool
	Since, Until    int // changes
	N               int // events that earlier pages have passed
}

func (p position) String() string {
	text, _ := json.Marshal(p)
	return base64.URLEncoding.EncodeToString(text)
}

func positionOf(text string) (p position, ok bool) {
	raw, err := base64.URLEncoding.DecodeString(text)
	return p, err == nil && json.Unmarshal(raw, &p) == nil
}

// withSync are the parameters that a syncToken excludes.
var withSync = []string{"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	account, name, query := s.account(r), r.PathValue("calendar"), r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if account == "" {
		fail(w, http.StatusUnauthorized, "global", "authError", "Invalid Credentials")
		return
	}
	if refused := s.Throttle.Take(account, standin.Limit{Name: "queries", Max: s.perMinute, Per: time.Minute}, standin.Limit{Name: "day", Max: s.perDay, Zone: time.UTC}); refused != nil {
		if refused.Limit.Name == "day" {
			fail(w, http.StatusForbidden, "usageLimits", "quotaExceeded", "Quota exceeded.")
		} else {
			fail(w, s.tooMany, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded")
		}
		return
	}
	if name == "primary" {
		name = account
	}
	c := s.calendars[name]
	if c == nil {
		fail(w, http.StatusNotFound, "global", "notFound", "Not Found")
		return
	}
	at, why := s.position(name, query)
	if why != nil {
		why(w)
		return
	}
	size := 250
	if n, err := strconv.Atoi(query.Get("maxResults")); err == nil {
		size = min(n, 2500)
	}
	items := []any{}
	for ; at.N < len(c.events) && len(items) < size; at.N++ {
		if e := c.events[at.N]; e.added <= at.Until && e.changed > at.Since && wanted(e, query) {
			items = append(items, shown(e.body, c.role, s.zone))
		}
	}
	answer := Body{
		"kind": "calendar#events", "etag": `"p1"`, "summary": name, "description": "", "updated": s.Clock.Now().UTC().Format(stamp),
		"timeZone": s.zone.String(), "accessRole": c.role, "defaultReminders": []any{}, "items": items,
	}
	switch {
	case at.N < len(c.events):
		answer["nextPageToken"] = at.String()
	case !query.Has("updatedMin"):
		answer["nextSyncToken"] = position{Calendar: name, Query: rest(query), Sync: true, Since: at.Until}.String()
	}
	write(w, http.StatusOK, answer)
}

// wanted reports whether an event that has changed is in an answer.
func wanted(e *event, query url.Values) bool {
	if single := query.Get("singleEvents") == "true"; single && e.series || !single && e.body["recurringEventId"] != nil && !e.exception {
		return false
	}
	if query.Has("syncToken") {
		return true
	}
	if limit, err := time.Parse(time.RFC3339, query.Get("timeMax")); err == nil && e.body["status"] != "cancelled" && !moment(e.body, "start").Before(limit) {
		return false
	}
	if from, err := time.Parse(time.RFC3339, query.Get("updatedMin")); err == nil {
		return !e.updated.Before(from)
	}
	// Without singleEvents, only cancelled dates say that they are not among those of the series.
	return (e.body["status"] != "cancelled" || e.exception && query.Get("singleEvents") != "true") && after(e.body, query.Get("timeMin"))
}

// position reads the tokens of a request.
func (s *Server) position(calendar string, query url.Values) (position, func(http.ResponseWriter)) {
	refuse := func(status int, domain, reason, message string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fail(w, status, domain, reason, message) }
	}
	invalid := func(what string) func(http.ResponseWriter) {
		return refuse(http.StatusBadRequest, "global", "invalid", what)
	}
	sync := query.Get("syncToken")
	if sync != "" {
		for _, name := range withSync {
			if query.Has(name) {
				return position{}, invalid("Sync token cannot be combined with " + name)
			}
		}
	}
	if from, err := time.Parse(time.RFC3339, query.Get("updatedMin")); err == nil && from.Before(s.oldest) {
		return position{}, refuse(http.StatusGone, "calendar", "updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past.")
	}
	at := position{Calendar: calendar, Query: rest(query), Until: s.changes}
	if sync != "" {
		p, ok := positionOf(sync)
		if !ok || !p.Sync || p.Calendar != calendar || p.Query != at.Query {
			return p, invalid("Invalid sync token value.")
		}
		if p.Since <= s.forgotten {
			return p, refuse(http.StatusGone, "calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
		}
		at.Sync, at.Since = true, p.Since
	}
	if page := query.Get("pageToken"); page != "" {
		p, ok := positionOf(page)
		if !ok || p.Calendar != calendar || p.Query != at.Query || p.Sync != at.Sync || p.Since != at.Since {
			return p, invalid("Invalid page token value.")
		}
		return p, nil
	}
	return at, nil
}

// rest are the parameters that stay the same between synchronizations.
func rest(query url.Values) string {
	kept := maps.Clone(query)
	for _, name := range append([]string{"syncToken", "pageToken", "maxResults"}, withSync...) {
		kept.Del(name)
	}
	return kept.Encode()
}

// after reports whether an event ends after a time.
func after(body Body, from string) bool {
	limit, err := time.Parse(time.RFC3339, from)
	end := moment(body, "end")
	return err != nil || end.IsZero() || end.After(limit)
}

// moment is the start or the end of an event, or zero.
func moment(body Body, name string) time.Time {
	value, _ := body[name].(Body)
	text, _ := value["dateTime"].(string)
	if day, ok := value["date"].(string); ok {
		text = day + "T00:00:00Z"
	}
	at, _ := time.Parse(time.RFC3339, text)
	return at
}

// shown is an event as a client with a role sees it.
func shown(body Body, role string, zone *time.Location) Body {
	if body["status"] == "cancelled" {
		left := Body{"kind": body["kind"], "etag": body["etag"], "id": body["id"], "status": "cancelled"}
		for _, name := range []string{"recurringEventId", "originalStartTime"} {
			if value, ok := body[name]; ok {
				left[name] = value
			}
		}
		return left
	}
	body = maps.Clone(body)
	for _, name := range []string{"start", "end"} {
		moment, _ := body[name].(Body)
		text, _ := moment["dateTime"].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			moment = maps.Clone(moment)
			moment["dateTime"] = at.In(zone).Format(time.RFC3339)
			body[name] = moment
		}
	}
	if role == "freeBusyReader" {
		for _, name := range []string{"summary", "description", "location", "attendees", "organizer", "creator"} {
			delete(body, name)
		}
		body["visibility"] = "private"
	}
	return body
}
