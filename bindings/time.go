package bindings

import (
	"fmt"
	"math"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/spec"
)

const timeErrors = "With kind `validation` when a text is not in a known date or time format, or the zone is unknown."

var parseOptions = []Field{
	{Name: "format", Type: "string", Doc: "The format of the text: " + layoutDoc + "; or `excel` for the day numbers of spreadsheets, such as 45306 for 2024-01-15. Default: ISO 8601 and other unambiguous formats.", Text: refusedFormat(calendar.ParseFormat)},
	{Name: "zone", Type: "string", Doc: "The zone of a text that does not name one. " + zoneDoc, Text: refusedZone},
}

// Time returns the module time: dates, times, zones and durations.
func Time() *Module {
	return &Module{
		Name: "time",
		Doc: "Works with dates, times, zones and durations.\n\n" +
			"A point in time is a number, the seconds since 1970 (as `os.time()` returns), or ISO text such as `2024-01-15` or " +
			"`2024-01-15T10:30:00Z`. Every function takes both. Functions that move a time return it in the same form: a number stays " +
			"a number, a day stays a day.\n\n" +
			"Everything is in UTC unless you pass a zone, so a script gives the same result on every machine. The zone " +
			"`local` is that of the run.",
		Funcs: slices.Concat(timeReading(), timeWriting(), timeDays(), timeMoving(), timePeriods(), timeDurations()),
		Records: []*Shape{
			{Name: "TimeParseOptions", Doc: "How `time.parse` reads a text.", Fields: parseOptions},
			{Name: "TimeSpan", Doc: "A length of time: the sum of its parts, which are all optional.", Fields: spanFields},
			{Name: "TimeParts", Doc: "A point in time, split into its parts.", Fields: timePartFields},
		},
	}
}

func timeReading() []*Func {
	text := Param{Name: "text", Type: "string|number", Doc: "The text. A number is taken as seconds since 1970 and returned."}
	options := Param{Name: "options", Type: "TimeParseOptions", Optional: true, Doc: "How to read it.", Fields: parseOptions}
	return []*Func{
		{
			Name:    "now",
			Doc:     "Returns the current time in seconds since 1970, with fractions.",
			Returns: []Return{{Type: "number", Doc: "Seconds since 1970."}},
			Example: `local started = time.now()`,
			Call:    func(a *Args) (int, error) { return a.Push(secondsValue(a.Host.Clock.Now())) },
		},
		{
			Name:    "today",
			Doc:     "Returns today's date as text.",
			Params:  []Param{zoneParam},
			Returns: []Return{{Type: "string", Doc: "The date, such as `2024-01-15`."}},
			Errors:  timeErrors,
			Example: `print(time.today("Europe/Stockholm")) --> 2024-01-15`,
			Call: func(a *Args) (int, error) {
				loc, err := a.zone(a.String(0))
				if err != nil {
					return 0, err
				}
				return a.Push(lua.LString(a.Host.Clock.Now().In(loc).Format(time.DateOnly)))
			},
		},
		{
			Name: "parse",
			Doc: "Reads a date or time from text and returns it in seconds since 1970. It accepts ISO 8601 and other formats that cannot be misread, such as " +
				"`15 Jan 2024`, `Jan 15, 2024`, `15.1.2024`, `2024/01/15` and the dates of e-mails. Digits alone are seconds since 1970, or a day such as `20240115`. " +
				"`01/02/2024` needs a format, because it could be January or February.",
			Params:  []Param{text, options},
			Returns: []Return{{Type: "number", Doc: "Seconds since 1970. For a day without a time, the start of the day."}},
			Refuses: refusedParse,
			Errors:  timeErrors,
			Example: `local t = time.parse("15/01/2024 09:30", { format = "%d/%m/%Y %H:%M", zone = "Europe/Paris" })`,
			Call: func(a *Args) (int, error) {
				r, err := timeReader(a)
				if err != nil {
					return 0, err
				}
				at, err := readArg(a, r)
				return a.give(secondsValue(at), err)
			},
		},
		{
			Name:    "try_parse",
			Doc:     "Reads a date or time as `time.parse` does, but returns `nil` and the reason if the text cannot be read.",
			Params:  []Param{{Name: "text", Type: "any", Optional: true, Doc: text.Doc}, options},
			Returns: []Return{{Type: "number|nil", Doc: "Seconds since 1970, or `nil`."}, {Type: "string|nil", Doc: "Why it could not be read."}},
			Errors:  "When the format or the zone itself is invalid.",
			Example: `local t, why = time.try_parse(row.since)
if not t then log.warn("no start date", { row = row.id, why = why }) end`,
			Call: func(a *Args) (int, error) {
				r, err := timeReader(a)
				if err != nil {
					return 0, err
				}
				if t := a.Get(0).Type(); t != lua.LTString && t != lua.LTNumber {
					return a.Push(lua.LNil, lua.LString("a "+t.String()+" is not a date or time"))
				}
				at, err := readArg(a, r)
				if err != nil {
					return a.Push(lua.LNil, lua.LString(err.Error()))
				}
				return a.Push(secondsValue(at))
			},
		},
	}
}

// timeReader returns a reader by the options in argument 1.
func timeReader(a *Args) (calendar.Reader, error) {
	o := a.Options(1)
	loc, err := a.zone(o.String("zone"))
	if err != nil {
		return calendar.Reader{}, err
	}
	r := calendar.Reader{Zone: loc, Layout: o.String("format"), Option: calendar.ParseFormat}
	return r, r.Check()
}

// readArg reads argument 0, which may be a number of seconds unless there is a
// layout.
func readArg(a *Args, r calendar.Reader) (time.Time, error) {
	if n, ok := a.Get(0).(lua.LNumber); ok && r.Layout == "" {
		return calendar.FromSeconds(float64(n))
	}
	at, _, err := r.Read(a.String(0))
	return at, err
}

func timeWriting() []*Func {
	return []*Func{
		{
			Name: "format",
			Doc:  "Writes a time as text. The layout is `\"iso\"` (the default), `\"date\"`, `\"datetime\"`, or specifiers as in C: " + layoutDoc + "; also `%V` and `%G` for the ISO week and its year, `%u` for the weekday from 1, Monday, to 7, and `%s` for seconds since 1970.",
			Params: []Param{timeParam("t", "The time."),
				{Name: "layout", Type: "string", Optional: true, Doc: "How to write it. Default: `\"iso\"`.", Text: refusedLayout}, zoneParam},
			Returns: []Return{{Type: "string", Doc: "The text. Names are English."}},
			Errors:  timeErrors,
			Example: `print(time.format("2024-01-15", "%d %B %Y")) --> 15 January 2024`,
			Call: atMoment(2, func(a *Args, m moment) (lua.LValue, error) {
				layout := "iso"
				if a.Given(1) {
					layout = a.String(1)
				}
				text, err := calendar.Format(m.at, layout)
				return lua.LString(text), err
			}),
		},
		onMoment("iso", "Writes a time as ISO 8601 text, the format that Planhat takes.",
			Return{Type: "string", Doc: "Such as `2024-01-15T10:30:00Z`; with milliseconds if there are any."},
			`print(time.iso(time.now()))`,
			func(L *lua.LState, m moment) lua.LValue { return lua.LString(calendar.ISO(m.at)) }),
		onMoment("parts", "Splits a time into its parts.",
			Return{Type: "TimeParts", Doc: "Its year, month, day and so on, as seen in the zone."},
			`print(time.parts("2024-01-15").week) --> 3`, timeParts),
		onMoment("weekday", "Returns the day of the week as a number.",
			Return{Type: "integer", Doc: "1 for Monday to 7 for Sunday."},
			`if time.weekday(time.now()) >= 6 then print("weekend") end`,
			func(L *lua.LState, m moment) lua.LValue { return lua.LNumber(calendar.Weekday(m.at)) }),
	}
}

// onMoment makes a function of a time and a zone that returns one value.
func onMoment(name, doc string, returns Return, example string, call func(*lua.LState, moment) lua.LValue) *Func {
	return &Func{
		Name: name, Doc: doc, Params: []Param{timeParam("t", "The time."), zoneParam},
		Returns: []Return{returns}, Errors: timeErrors, Example: example,
		Call: atMoment(1, func(a *Args, m moment) (lua.LValue, error) { return call(a.L, m), nil }),
	}
}

var timePartFields = []Field{
	{Name: "year", Type: "integer", Doc: "The year."},
	{Name: "month", Type: "integer", Doc: "1 to 12."},
	{Name: "day", Type: "integer", Doc: "1 to 31."},
	{Name: "hour", Type: "integer", Doc: "0 to 23."},
	{Name: "min", Type: "integer", Doc: "0 to 59."},
	{Name: "sec", Type: "number", Doc: "0 to 59, with a fraction if there is one."},
	{Name: "weekday", Type: "integer", Doc: "1 for Monday to 7 for Sunday."},
	{Name: "yday", Type: "integer", Doc: "The day of the year, from 1."},
	{Name: "week", Type: "integer", Doc: "The ISO week, 1 to 53."},
	{Name: "quarter", Type: "integer", Doc: "1 to 4."},
	{Name: "offset", Type: "integer", Doc: "How many seconds the zone is ahead of UTC."},
}

func timeParts(L *lua.LState, m moment) lua.LValue {
	t := m.at
	_, week := t.ISOWeek()
	_, offset := t.Zone()
	table := L.CreateTable(0, len(timePartFields))
	for i, n := range []float64{
		float64(t.Year()), float64(t.Month()), float64(t.Day()), float64(t.Hour()), float64(t.Minute()),
		float64(t.Second()) + float64(t.Nanosecond()/1000)/1e6,
		float64(calendar.Weekday(t)), float64(t.YearDay()), float64(week), float64((t.Month()-1)/3 + 1), float64(offset),
	} {
		table.RawSetString(timePartFields[i].Name, lua.LNumber(n))
	}
	return table
}

func timeDays() []*Func {
	return []*Func{
		onMoment("epoch_days", "Returns the number of days from 1970-01-01 to a date, as Planhat stores days.",
			Return{Type: "integer", Doc: "The calendar day's number, as seen in the zone."},
			`print(time.epoch_days("2024-01-15")) --> 19737`,
			func(L *lua.LState, m moment) lua.LValue { return lua.LNumber(calendar.DayNumber(m.at)) }),
		{
			Name:    "from_epoch_days",
			Doc:     "Returns the date that is a number of days after 1970-01-01.",
			Params:  []Param{{Name: "days", Type: "integer", Doc: "The number of days."}},
			Returns: []Return{{Type: "string", Doc: "The date, such as `2024-01-15`."}},
			Errors:  "With kind `validation` when the number is too large to be a day.",
			Example: `print(time.from_epoch_days(19737)) --> 2024-01-15`,
			Call: func(a *Args) (int, error) {
				if math.Abs(a.Number(0)) > calendar.MostSeconds/86400 {
					return 0, invalid.Errorf(`to convert seconds to a date, use time.format(t, "date")`, "the number is too large to be a day since 1970-01-01")
				}
				return a.Push(lua.LString(time.Unix(int64(a.Int(0))*86400, 0).UTC().Format(time.DateOnly)))
			},
		},
		{
			Name: "date",
			Doc:  "Makes a time from its parts.",
			Params: []Param{
				{Name: "year", Type: "integer", Doc: "The year, such as 2024."},
				{Name: "month", Type: "integer", Doc: "1 to 12."},
				{Name: "day", Type: "integer", Doc: "1 to 31."},
				{Name: "hour", Type: "integer", Optional: true, Doc: "0 to 23. Default: 0."},
				{Name: "min", Type: "integer", Optional: true, Doc: "0 to 59. Default: 0."},
				{Name: "sec", Type: "number", Optional: true, Doc: "0 to 59, and a fraction. Default: 0."},
				zoneParam,
			},
			Returns: []Return{{Type: "number", Doc: "Seconds since 1970."}},
			Errors:  "With kind `validation` when there is no such day, such as February 30.",
			Refuses: refusedDate,
			Example: `local t = time.date(2024, 1, 15, 9, 30, 0, "Europe/Stockholm")`,
			Call:    timeDate,
		},
	}
}

func timeDate(a *Args) (int, error) {
	loc, err := a.zone(a.String(6))
	if err != nil {
		return 0, err
	}
	y, m, d, h, minute, sec := a.Int(0), a.Int(1), a.Int(2), a.Int(3), a.Int(4), a.Number(5)
	if y < 0 || y > 9999 {
		return 0, a.Errorf("%w", noYear(y))
	}
	if err := calendar.NoTime(y, m, d, h, minute, sec); err != nil {
		return 0, err
	}
	whole, part := math.Modf(sec)
	t := time.Date(y, time.Month(m), d, h, minute, int(whole), int(math.Round(part*1e6))*1000, loc)
	return a.Push(secondsValue(t))
}

func noYear(y int) error { return fmt.Errorf("the year %d is out of range", y) }

// refusedDate returns why parts that are written out are not a time.
func refusedDate(known spec.Arguments) error {
	n, all := known.Numbers(0, 6)
	switch {
	case !all:
		return nil
	case n[0] < 0 || n[0] > 9999:
		return noYear(int(n[0]))
	}
	return calendar.NoTime(int(n[0]), int(n[1]), int(n[2]), int(n[3]), int(n[4]), n[5])
}

// refusedFormat returns a check of layouts that are for reading.
func refusedFormat(option calendar.Option) func(string) error {
	return func(layout string) error { return calendar.Reader{Layout: layout, Option: option}.Check() }
}

// refusedLayout returns why time.format does not take a layout.
func refusedLayout(layout string) error {
	_, err := calendar.Format(time.Unix(0, 0).UTC(), layout)
	return err
}

// refusedParse returns why a text that is written out cannot be read.
func refusedParse(known spec.Arguments) error {
	text, isText := known.At(0).(string)
	r := timeIn(time.UTC)
	switch format := known.Option(1, "format").(type) {
	case nil:
	case string:
		r.Layout = format
	default:
		return nil
	}
	if !isText || r.Check() != nil {
		return nil //nolint:nilerr // the check of the parameter reports it
	}
	if name, named := known.Option(1, "zone").(string); named {
		zone, err := zoneOf(name, func() *time.Location { return time.UTC })
		if err != nil {
			return nil //nolint:nilerr // the check of the parameter reports it
		}
		r.Zone = zone
	}
	_, _, err := r.Read(text)
	return err
}
