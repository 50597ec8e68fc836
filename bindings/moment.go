package bindings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/spec"
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

var zoneParam = Param{Name: "zone", Type: "string", Optional: true, Doc: zoneDoc, Text: refusedZone}

// timeParam is a parameter that takes a point in time in any of its forms.
func timeParam(name, doc string) Param {
	return Param{Name: name, Type: "number|string", Doc: doc + " " + timeDoc, Text: refusedTime, Number: refusedSeconds}
}

// zone returns the zone of a name, as zoneDoc describes it.
func (a *Args) zone(name string) (*time.Location, error) { return zoneOf(name, a.Host.Clock.Location) }

func zoneOf(name string, local func() *time.Location) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return local(), nil
	}
	return calendar.Zone(name)
}

// refusedZone returns why a text is not a zone.
func refusedZone(name string) error {
	_, err := zoneOf(name, func() *time.Location { return time.UTC })
	return err
}

// timeIn returns what reads the points in time that scripts pass.
func timeIn(zone *time.Location) calendar.Reader {
	return calendar.Reader{Zone: zone, Option: calendar.ParseFormat}
}

// refusedTime returns why a text is not a point in time.
func refusedTime(text string) error {
	_, _, err := timeIn(time.UTC).Read(text)
	return err
}

func refusedSeconds(n float64) error {
	_, err := calendar.FromSeconds(n)
	return err
}

// refusedSpan returns why a text is not a duration.
func refusedSpan(text string) error {
	_, err := calendar.ParseSpan(text)
	return err
}

// refusedLength returns why a text is not a duration of a fixed length.
func refusedLength(text string) error {
	span, err := calendar.ParseSpan(text)
	if err == nil {
		_, err = span.Length()
	}
	return err
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
		at, dateOnly, err := timeIn(loc).Read(string(s))
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

func timeMoving() []*Func {
	return []*Func{
		{
			Name: "add",
			Doc: "Moves a time by a duration. A number is in seconds; if `t` is a day without a time, it must add up to whole days (write 30 days as `\"30d\"`). Months and years keep the day of the month, or use the month's last day: January 31 plus one month is the end of " +
				"February. Days keep the time of day in the zone, even across daylight saving changes.",
			Params: []Param{timeParam("t", "The time."),
				{Name: "duration", Type: "number|string|TimeSpan", Doc: "How far: " + spanDoc + " Negative durations move back.", Fields: spanFields, Text: refusedSpan}, zoneParam},
			Returns: []Return{{Type: "number|string", Doc: "The moved time, in the form of `t`."}},
			Errors:  timeErrors + " Also when `t` is a day without a time and `duration` is a number of seconds that is not whole days.",
			Refuses: refusedMove,
			Example: `print(time.add("2024-01-31", "1mo"))       --> 2024-02-29
print(time.add("2024-01-15", { days = -1 })) --> 2024-01-14`,
			Call: atMoment(2, func(a *Args, m moment) (lua.LValue, error) {
				by, err := spanArg(a, 1)
				if err != nil {
					return nil, err
				}
				return m.value(by.After(m.at)), daysMeant(a, m, by)
			}),
		},
		{
			Name: "diff",
			Doc:  "Returns how much later one time is than another. Seconds to weeks are exact and may have a fraction (a day is 24 hours). Months, quarters and years are whole calendar units.",
			Params: []Param{timeParam("later", "The time to count to."), timeParam("earlier", "The time to count from."),
				{Name: "unit", Type: "string", Optional: true, Doc: "`seconds`, `minutes`, `hours`, `days`, `weeks`, `months`, `quarters` or `years`. Default: `seconds`.", Text: calendar.RefusedUnit}},
			Returns: []Return{{Type: "number", Doc: "The difference; negative if `later` is before `earlier`."}},
			Errors:  timeErrors,
			Example: `local age = time.diff(time.now(), company.createdAt, "days")`,
			Call:    timeDiff,
		},
	}
}

// daysMeant rejects a number of seconds for a day without a time, unless they
// are whole days: a script that passes 30 there means days.
func daysMeant(a *Args, m moment, by calendar.Span) error {
	if m.form != asDate || numberKinds(a.Get(1)) == 0 || by.WholeDays() {
		return nil
	}
	return a.Errorf("%w", secondsForDay(a.String(0), lua.LVAsNumber(a.Get(1))))
}

func secondsForDay(day string, n lua.LNumber) error {
	text, noun := n.String(), "days"
	if n == 1 {
		noun = "day"
	}
	return fmt.Errorf("a number is in seconds, but %q is a day without a time: write \"%sd\" to add %s %s, or \"%ss\" if you mean seconds",
		day, text, text, noun, text)
}

// refusedMove returns what daysMeant says of arguments that are written out.
func refusedMove(known spec.Arguments) error {
	day, isText := known.At(0).(string)
	n, isNumber := known.At(1).(float64)
	if !isText || !isNumber {
		return nil
	}
	_, dateOnly, err := timeIn(time.UTC).Read(day)
	var by calendar.Span
	if err != nil || !dateOnly || by.Add(n, "seconds") != nil || by.WholeDays() {
		return nil //nolint:nilerr // the check of the parameter reports it
	}
	return secondsForDay(day, lua.LNumber(n))
}

func timeDiff(a *Args) (int, error) {
	later, err := a.Time(0)
	if err != nil {
		return 0, err
	}
	earlier, err := a.Time(1)
	if err != nil {
		return 0, err
	}
	unit := "seconds"
	if a.Given(2) {
		unit = a.String(2)
	}
	n, known := calendar.Between(later, earlier, unit)
	if !known {
		return 0, a.Errorf("%w", calendar.RefusedUnit(unit))
	}
	return a.Push(lua.LNumber(n))
}

func timePeriods() []*Func {
	make := func(name, doc, example string, pick func(start, next time.Time, m moment) lua.LValue) *Func {
		return &Func{
			Name: name, Doc: doc, Params: []Param{timeParam("t", "A time in the period."),
				{Name: "period", Type: "string", Doc: "`hour`, `day`, `week` (from Monday), `month`, `quarter` or `year`.", Text: calendar.RefusedPeriod}, zoneParam},
			Returns: []Return{{Type: "number|string", Doc: "The time, in the form of `t`."}},
			Errors:  timeErrors, Example: example,
			Call: atMoment(2, func(a *Args, m moment) (lua.LValue, error) {
				period := a.String(1)
				start, next, ok := calendar.StartOf(m.at, period)
				if !ok {
					return nil, a.Errorf("%w", calendar.RefusedPeriod(period))
				}
				return pick(start, next, m), nil
			}),
		}
	}
	return []*Func{
		make("start_of", "Returns the start of the hour, day, week, month, quarter or year that contains a time.", `print(time.start_of("2024-02-15", "quarter")) --> 2024-01-01`,
			func(start, _ time.Time, m moment) lua.LValue { return m.value(start) }),
		make("end_of", "Returns the end of the hour, day, week, month, quarter or year that contains a time: its last day if you passed a day, otherwise its last second.", `print(time.end_of("2024-02-15", "month")) --> 2024-02-29`,
			func(_, next time.Time, m moment) lua.LValue {
				if m.form == asDate {
					return m.value(calendar.Midnight(next.Add(-time.Second)))
				}
				return m.value(next.Add(-time.Second))
			}),
	}
}

func timeDurations() []*Func {
	onLength := func(f Func, call func(a *Args, d time.Duration) (int, error)) *Func {
		f.Params = []Param{{Name: "duration", Type: "number|string|TimeSpan", Doc: spanDoc, Fields: spanFields, Text: refusedLength}}
		f.Call = func(a *Args) (int, error) {
			s, err := spanArg(a, 0)
			if err != nil {
				return 0, err
			}
			length, err := s.Length()
			if err != nil {
				return 0, err
			}
			return call(a, length)
		}
		return &f
	}
	const notFixed = "With kind `validation` when the text is not a duration, or contains months or years."
	return []*Func{
		onLength(Func{
			Name:    "duration",
			Doc:     "Returns the length of a duration in seconds. A day is 24 hours. Months and years have no fixed length and raise an error.",
			Returns: []Return{{Type: "number", Doc: "Seconds."}},
			Errors:  notFixed,
			Example: `print(time.duration("1h30m")) --> 5400`,
		}, func(a *Args, d time.Duration) (int, error) { return a.Push(lua.LNumber(d.Seconds())) }),
		onLength(Func{
			Name:    "format_duration",
			Doc:     "Writes a duration as readable text, such as `1d 2h 5m`.",
			Returns: []Return{{Type: "string", Doc: "The text; seconds are rounded to thousandths."}},
			Errors:  notFixed,
			Example: `print(time.format_duration(5400)) --> 1h 30m`,
		}, func(a *Args, d time.Duration) (int, error) { return a.Push(lua.LString(calendar.FormatSpan(d))) }),
		onLength(Func{
			Name:    "sleep",
			Doc:     "Waits. It stops waiting when the run is cancelled or reaches its deadline. You do not need to wait between calls to Planhat: they wait for the quota automatically.",
			Errors:  "With kind `cancelled` or `timeout` when the run ends first.",
			Example: `time.sleep("1.5s")`,
		}, func(a *Args, d time.Duration) (int, error) {
			ctx, err := a.Context(), error(nil)
			a.Host.Wait(a.L, func(Turn) { err = pause(ctx, d) })
			return 0, err
		}),
	}
}

// pause waits, or returns the context's cause if the run ends first.
func pause(ctx context.Context, d time.Duration) error {
	if pause := planhat.PauseOf(ctx); pause != nil {
		return pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
