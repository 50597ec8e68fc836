// Package calendar reads and writes points in time and durations as scripts write
// them: ISO 8601 and other texts, strftime's notation, zones, and spans of
// months, days and seconds.
package calendar

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	// The zones are part of the binary: not every machine has them.
	_ "time/tzdata"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

// Day is the length of a day of 24 hours.
const Day = 24 * time.Hour

// Zone returns the zone of a name: UTC, an offset such as +02:00, or a name such as
// Europe/Stockholm.
func Zone(name string) (*time.Location, error) {
	switch strings.ToLower(name) {
	case "utc", "z", "gmt", "":
		return time.UTC, nil
	}
	if name[0] == '+' || name[0] == '-' {
		for _, layout := range []string{"-07:00", "-0700", "-07"} {
			if t, err := time.Parse(layout, name); err == nil {
				_, offset := t.Zone()
				return time.FixedZone(name, offset), nil
			}
		}
	} else if loc, err := time.LoadLocation(name); err == nil {
		return loc, nil
	}
	return nil, invalid.Errorf("use a name such as Europe/Stockholm or America/New_York (with its capitals), UTC, local, or an offset such as +02:00",
		"unknown time zone %q%s", name, catalog.Aside(meant(name)))
}

// ahead matches an offset that is written as one from UTC or GMT, or without minutes.
var ahead = regexp.MustCompile(`^(?i:utc|gmt)? ?([+-])(\d{1,2})(?::?(\d\d))?$`)

// meant returns the zones that are likely meant by an unknown one.
func meant(name string) []string {
	if m := ahead.FindStringSubmatch(name); m != nil {
		offset := m[1] + strings.Repeat("0", 2-len(m[2])) + m[2] + ":" + cmp.Or(m[3], "00")
		if _, err := time.Parse("-07:00", offset); err != nil {
			return nil
		}
		return []string{offset}
	}
	return catalog.NearestZone(name)
}

// MostSeconds is the last second of the year 9999, which systems write for "never";
// a larger number counts milliseconds.
const MostSeconds = 253_402_300_799

// FromSeconds returns the time of a number of seconds since 1970, in UTC.
func FromSeconds(n float64) (time.Time, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return time.Time{}, invalid.Errorf("look for a division by zero", "a time must be a finite number")
	}
	if math.Abs(n) >= MostSeconds+1 {
		return time.Time{}, invalid.Errorf("divide it by 1000: times are seconds since 1970", "the time %s seems to be in milliseconds", strconv.FormatFloat(n, 'f', -1, 64))
	}
	whole := math.Floor(n)
	micros := math.Round((n - whole) * 1e6)
	return time.Unix(int64(whole), int64(micros)*1000).UTC(), nil
}

// Seconds returns a time as seconds since 1970, to the microsecond.
func Seconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond()/1000)/1e6
}

// Midnight returns the start of t's day in its zone.
func Midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// DayNumber returns the days from 1970-01-01 to t's calendar day in its zone.
func DayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// dayLayouts are the formats of a day for Planhat.
var dayLayouts = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "20060102"}

// EpochDays converts an ISO date or time to days since 1970-01-01, in UTC. A date
// without a zone is that calendar day.
func EpochDays(text string) (int, error) {
	for _, layout := range dayLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return DayNumber(t.UTC()), nil
		}
	}
	return 0, fmt.Errorf("%q is not a day; write it as 2024-01-15 or as the number of days since 1970-01-01", text)
}

// Weekday returns 1 for Monday to 7 for Sunday.
func Weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// Periods are those of StartOf.
var Periods = []string{"hour", "day", "week", "month", "quarter", "year"}

// StartOf returns the start of the period that contains t, in t's zone, and the
// start of the next one. Weeks begin on Monday.
func StartOf(t time.Time, period string) (start, next time.Time, ok bool) {
	y, m, d := t.Date()
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, t.Location()) }
	switch period {
	case "hour":
		past := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
		start = t.Add(-past)
		return start, start.Add(time.Hour), true
	case "day":
		return at(y, m, d), at(y, m, d+1), true
	case "week":
		d -= Weekday(t) - 1
		return at(y, m, d), at(y, m, d+7), true
	case "month":
		return at(y, m, 1), at(y, m+1, 1), true
	case "quarter":
		m = (m-1)/3*3 + 1
		return at(y, m, 1), at(y, m+3, 1), true
	case "year":
		return at(y, 1, 1), at(y+1, 1, 1), true
	}
	return t, t, false
}
