package bindings

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const timeDoc = "Seconds since 1970, or ISO text such as `2024-01-15` or `2024-01-15T10:30:00Z`."

// timeParam is a parameter that takes a point in time in any of its forms.
func timeParam(name, doc string) Param {
	return Param{Name: name, Type: "number|string", Doc: doc + " " + timeDoc}
}

// form is how a script wrote a point in time. Results have the same form.
type form int

const (
	asNumber form = iota
	asDate
	asTime
)

// moment is a point in time that a script gave.
type moment struct {
	at   time.Time
	form form
}

// momentArg reads argument i as a point in time, seen in loc.
func momentArg(a *Args, i int, loc *time.Location) (moment, error) {
	if s, ok := a.Get(i).(lua.LString); ok {
		at, dateOnly, err := parseTime(string(s), loc, parseFormat)
		if err != nil {
			return moment{}, err
		}
		m := moment{at.In(loc), asTime}
		switch {
		case dateOnly:
			m.form = asDate
		case isDigits(string(s)):
			m.form = asNumber
		}
		return m, nil
	}
	at, err := fromSeconds(a.Number(i))
	return moment{at.In(loc), asNumber}, err
}

func isDigits(s string) bool { return strings.Trim(s, " -.0123456789") == "" }

// value returns t in the form of m. A day that now has a time of day is written
// with it.
func (m moment) value(t time.Time) lua.LValue {
	switch {
	case m.form == asNumber:
		return lua.LNumber(seconds(t))
	case m.form == asDate && t.Equal(midnight(t)):
		return lua.LString(t.Format(time.DateOnly))
	}
	return lua.LString(isoText(t))
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// dayNumber returns the days from 1970-01-01 to t's calendar day in its zone.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// periods are those of start_of and end_of.
var periods = []string{"hour", "day", "week", "month", "quarter", "year"}

// startOf returns the start of the period that contains t, in t's zone, and the
// start of the next one. Weeks begin on Monday.
func startOf(t time.Time, period string) (start, next time.Time, ok bool) {
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
		d -= isoWeekday(t) - 1
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

// monthsBetween returns the whole calendar months from b to a, negative if a is
// before b.
func monthsBetween(a, b time.Time) int {
	if a.Before(b) {
		return -monthsBetween(b, a)
	}
	n := (a.Year()-b.Year())*12 + int(a.Month()-b.Month())
	if (span{months: n}).after(b).After(a) {
		n--
	}
	return n
}
