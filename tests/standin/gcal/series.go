package gcal

import (
	"fmt"
	"maps"
	"time"
)

// endless is how many dates a recurring event without an end has.
const endless = 730

// Repeat adds a recurring event: every so many days, so many times, or without an end if
// times is 0. It keeps its time of day in the zone of its start, or has whole days. It
// returns the ids of its dates.
func (s *Server) Repeat(name, id string, fields Body, days, times int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	first := maps.Clone(fields)
	rule := fmt.Sprintf("RRULE:FREQ=DAILY;INTERVAL=%d", days)
	if times > 0 {
		rule += fmt.Sprintf(";COUNT=%d", times)
	} else {
		times = endless
	}
	first["recurrence"] = []any{rule}
	series := s.put(name, id, now, first)
	series.series = true
	ids := make([]string, times)
	for i := range ids {
		own := maps.Clone(fields)
		own["start"], own["end"] = later(fields["start"].(Body), i*days), later(fields["end"].(Body), i*days)
		own["recurringEventId"], own["originalStartTime"], own["iCalUID"] = id, own["start"], id+"@google.com"
		ids[i] = id + "_" + mark(own["start"].(Body))
		series.dates = append(series.dates, s.put(name, ids[i], now, own))
	}
	return ids
}

// later is a moment some days after.
func later(moment Body, days int) Body {
	moment = maps.Clone(moment)
	if text, ok := moment["date"].(string); ok {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			panic(err)
		}
		moment["date"] = at.AddDate(0, 0, days).Format(time.DateOnly)
		return moment
	}
	at := instant(moment)
	if zone, ok := moment["timeZone"].(string); ok {
		place, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		at = at.In(place)
	}
	moment["dateTime"] = at.AddDate(0, 0, days).Format(time.RFC3339)
	return moment
}

func instant(moment Body) time.Time {
	at, err := time.Parse(time.RFC3339, moment["dateTime"].(string))
	if err != nil {
		panic(err)
	}
	return at
}

// mark is what follows the id of a series in the ids of its dates.
func mark(start Body) string {
	if text, ok := start["date"].(string); ok {
		return text[:4] + text[5:7] + text[8:]
	}
	return instant(start).UTC().Format("20060102T150405Z")
}
