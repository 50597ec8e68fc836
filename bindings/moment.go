package bindings

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
)

const (
	timeDoc = "Seconds since 1970, or ISO text such as `2024-01-15` or `2024-01-15T10:30:00Z`."
	zoneDoc = "A time zone: `UTC`, `local` for the zone of the run, an offset such as `+02:00`, or a name such as `Europe/Stockholm`. Default: `UTC`."
	spanDoc = "Seconds, text such as `1h30m`, `3 days`, `2w`, `6mo` or `PT1H30M`, or a table such as `{ days = 3 }`."
	// layoutDoc lists the specifiers for both parsing and formatting.
	layoutDoc = "`%Y` year, `%y` its last two digits, `%m` month, `%d` day (`%e` without the zero), `%H` hour, `%I` hour from 1 to 12, `%p` AM or PM, " +
		"`%M` minute, `%S` second, `%f` its fraction, `%B` and `%b` the month's name and its short form, `%A` and `%a` the weekday's, `%j` day of the year, " +
		"`%z` offset such as +0200, `%Z` zone, `%F` = `%Y-%m-%d`, `%T` = `%H:%M:%S`, `%%` a percent sign"
)

var spanFields = []Field{
	{Name: "years", Type: "integer", Doc: "Calendar years."},
	{Name: "months", Type: "integer", Doc: "Calendar months. If the day does not exist in the new month, the month's last day is used."},
	{Name: "weeks", Type: "number", Doc: "Weeks of 7 days."},
	{Name: "days", Type: "number", Doc: "Calendar days. The time of day stays the same, even across daylight saving changes."},
	{Name: "hours", Type: "number", Doc: "Hours."},
	{Name: "minutes", Type: "number", Doc: "Minutes."},
	{Name: "seconds", Type: "number", Doc: "Seconds."},
}

var zoneParam = Param{Name: "zone", Type: "string", Optional: true, Doc: zoneDoc}

// timeParam is a parameter that takes a point in time in any of its forms.
func timeParam(name, doc string) Param {
	return Param{Name: name, Type: "number|string", Doc: doc + " " + timeDoc}
}

// zone returns the zone of a name, as zoneDoc describes it.
func (a *Args) zone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return a.Host.Clock.Location(), nil
	}
	return calendar.Zone(name)
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

// atMoment makes a function of a point in time, its first argument, seen in the zone
// that argument zone names.
func atMoment(zone int, value func(a *Args, m moment) (lua.LValue, error)) func(a *Args) (int, error) {
	return func(a *Args) (int, error) {
		loc, err := a.zone(a.String(zone))
		if err != nil {
			return 0, err
		}
		m, err := momentArg(a, 0, loc)
		if err != nil {
			return 0, err
		}
		v, err := value(a, m)
		return a.give(v, err)
	}
}

// momentArg reads argument i as a point in time, seen in loc.
func momentArg(a *Args, i int, loc *time.Location) (moment, error) {
	if s, ok := a.Get(i).(lua.LString); ok {
		at, dateOnly, err := calendar.Reader{Zone: loc, Option: calendar.ParseFormat}.Read(string(s))
		if err != nil {
			return moment{}, err
		}
		m := moment{at.In(loc), asTime}
		switch {
		case dateOnly:
			m.form = asDate
		case strings.Trim(string(s), " -.0123456789") == "":
			m.form = asNumber
		}
		return m, nil
	}
	at, err := calendar.FromSeconds(a.Number(i))
	return moment{at.In(loc), asNumber}, err
}

// value returns t in the form of m. A day that now has a time of day is written
// with it.
func (m moment) value(t time.Time) lua.LValue {
	switch {
	case m.form == asNumber:
		return secondsValue(t)
	case m.form == asDate && t.Equal(calendar.Midnight(t)):
		return lua.LString(t.Format(time.DateOnly))
	}
	return lua.LString(calendar.ISO(t))
}

func secondsValue(t time.Time) lua.LValue { return lua.LNumber(calendar.Seconds(t)) }

// spanArg reads argument i as a span: a number of seconds, text or a table.
func spanArg(a *Args, i int) (calendar.Span, error) {
	var s calendar.Span
	switch v := a.Get(i).(type) {
	case lua.LNumber:
		if err := s.Add(float64(v), "seconds"); err != nil {
			return s, a.Errorf("%v", err)
		}
	case *lua.LTable:
		for _, f := range spanFields {
			if n := v.RawGetString(f.Name); n != lua.LNil {
				if err := s.Add(float64(lua.LVAsNumber(n)), f.Name); err != nil {
					return s, a.Errorf("%v", err)
				}
			}
		}
	default:
		return calendar.ParseSpan(a.String(i))
	}
	return s, nil
}

// Time returns argument i as a point in time, as the module time reads it.
func (a *Args) Time(i int) (time.Time, error) {
	m, err := momentArg(a, i, time.UTC)
	return m.at, err
}

// After returns t moved by argument i, as time.add does.
func (a *Args) After(i int, t time.Time) (time.Time, error) {
	s, err := spanArg(a, i)
	return s.After(t), err
}
