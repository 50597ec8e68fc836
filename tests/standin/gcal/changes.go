package gcal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// stamp is the form of the times at which events were added and changed.
const stamp = "2006-01-02T15:04:05.000Z"

// Refuse sets how many requests a minute are accepted, and the status of refusals.
func (s *Server) Refuse(perMinute, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perMinute, s.tooMany = perMinute, status
}

// Daily sets how many requests a day are accepted; 0 is any number.
func (s *Server) Daily(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perDay = n
}

// Zone sets the zone of the calendars and of the times in answers.
func (s *Server) Zone(zone *time.Location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone = zone
}

// Share sets what the client may do with a calendar: freeBusyReader, reader, writer or
// owner. A freeBusyReader only learns when somebody is busy.
func (s *Server) Share(name, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calendar(name).role = role
}

// Put adds an event to a calendar, or replaces fields of it. Fields of a recurring event
// are also those of its dates, except of those that were changed or cancelled.
func (s *Server) Put(calendar, id string, fields Body) { s.PutAt(calendar, id, s.Clock.Now(), fields) }

// PutAt is Put at a time.
func (s *Server) PutAt(name, id string, at time.Time, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.put(name, id, at, fields)
	e.exception = e.body["recurringEventId"] != nil
	for _, date := range e.dates {
		if !date.exception {
			s.put(name, date.body["id"].(string), at, fields)
		}
	}
}

func (s *Server) put(name, id string, at time.Time, fields Body) *event {
	c, now := s.calendar(name), at.UTC().Format(stamp)
	s.changes++
	e := c.byID[id]
	if e == nil {
		e = &event{added: s.changes, body: Body{
			"kind": "calendar#event", "id": id, "eventType": "default", "created": now,
			"iCalUID": id + "@google.com", "htmlLink": "https://www.google.com/calendar/event?eid=" + id, "reminders": Body{"useDefault": true}, "sequence": 0,
		}}
		c.events, c.byID[id] = append(c.events, e), e
	}
	body := maps.Clone(e.body) // answers may still refer to the old one
	maps.Copy(body, fields)
	body["updated"], body["etag"], body["status"] = now, fmt.Sprintf("%q", strconv.Itoa(s.changes)), "confirmed"
	e.body, e.changed, e.updated = body, s.changes, at
	return e
}

// SetSilently replaces fields of an event without a trace among the changes.
func (s *Server) SetSilently(name, id string, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.calendar(name).byID[id]
	e.body = maps.Clone(e.body)
	maps.Copy(e.body, fields)
}

// Get returns an event, or nil.
func (s *Server) Get(name, id string) Body {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.calendar(name).byID[id]; e != nil {
		return maps.Clone(e.body)
	}
	return nil
}

// IDs are the events of a calendar in the order in which they were added.
func (s *Server) IDs(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, e := range s.calendar(name).events {
		ids = append(ids, e.body["id"].(string))
	}
	return ids
}

// Cancel deletes an event of a calendar: a recurring event with all its dates.
func (s *Server) Cancel(name, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.calendar(name).byID[id]
	s.cancel(e)
	e.exception = e.body["recurringEventId"] != nil
	for _, date := range e.dates {
		if date.body["status"] != "cancelled" {
			s.cancel(date)
		}
	}
}

func (s *Server) cancel(e *event) {
	s.changes++
	e.body = maps.Clone(e.body)
	e.body["status"], e.changed, e.updated = "cancelled", s.changes, s.Clock.Now()
}

// Forget lets all syncTokens so far expire.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = s.changes
	s.changes++
}

// ForgetBefore refuses an updatedMin before a time.
func (s *Server) ForgetBefore(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldest = at
}

// Subjects are the users for whom the service account asked.
func (s *Server) Subjects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.subjects)
}

func newCalendar(role string) *calendar { return &calendar{role: role, byID: map[string]*event{}} }

// calendar returns a calendar, which is new if there was none.
func (s *Server) calendar(name string) *calendar {
	if s.calendars[name] == nil {
		s.calendars[name] = newCalendar("reader")
	}
	return s.calendars[name]
}
