package bindings

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// span is a length of time on the calendar: months and days have no fixed
// length.
type span struct {
	months, days int
	clock        time.Duration
}

var spanFields = []Field{
	{Name: "years", Type: "integer", Doc: "Calendar years."},
	{Name: "months", Type: "integer", Doc: "Calendar months. If the day does not exist in the new month, the month's last day is used."},
	{Name: "weeks", Type: "number", Doc: "Weeks of 7 days."},
	{Name: "days", Type: "number", Doc: "Calendar days. The time of day stays the same, even across daylight saving changes."},
	{Name: "hours", Type: "number", Doc: "Hours."},
	{Name: "minutes", Type: "number", Doc: "Minutes."},
	{Name: "seconds", Type: "number", Doc: "Seconds."},
}

// units maps every spelling of a unit to its field.
var units = map[string]string{
	"ms": "ms", "millisecond": "ms", "milliseconds": "ms",
	"s": "seconds", "sec": "seconds", "secs": "seconds", "second": "seconds", "seconds": "seconds",
	"m": "minutes", "min": "minutes", "mins": "minutes", "minute": "minutes", "minutes": "minutes",
	"h": "hours", "hr": "hours", "hrs": "hours", "hour": "hours", "hours": "hours",
	"d": "days", "day": "days", "days": "days",
	"w": "weeks", "week": "weeks", "weeks": "weeks",
	"mo": "months", "month": "months", "months": "months",
	"q": "quarters", "quarter": "quarters", "quarters": "quarters",
	"y": "years", "yr": "years", "yrs": "years", "year": "years", "years": "years",
}

const day = 24 * time.Hour

// mostYears bounds what can be added, so that dates can still be written.
const mostYears = 5000

// add adds n of a unit. Months and years must be whole.
func (s *span) add(n float64, unit string) error {
	if math.IsNaN(n) || math.Abs(n) > mostYears*366*86400*1000 {
		return fmt.Errorf("%v %s is too long", n, unit)
	}
	months := map[string]float64{"months": 1, "quarters": 3, "years": 12}[unit]
	if months != 0 {
		if n != math.Trunc(n) || math.Abs(n*months) > mostYears*12 {
			return fmt.Errorf("%v %s: months and years must be whole numbers, at most %d years", n, unit, mostYears)
		}
		s.months += int(n * months)
		return nil
	}
	if unit == "weeks" {
		n, unit = n*7, "days"
	}
	if unit == "days" {
		whole, part := math.Modf(n)
		s.days += int(whole)
		s.clock += time.Duration(math.Round(part * float64(day)))
		return nil
	}
	length := map[string]time.Duration{"ms": time.Millisecond, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour}[unit]
	if math.Abs(n)*float64(length) > math.MaxInt64/4 {
		return fmt.Errorf("%v %s is too long", n, unit)
	}
	s.clock += time.Duration(math.Round(n * float64(length)))
	return nil
}

// length returns the span as a fixed length, or false if it has months, which
// have none.
func (s span) length() (time.Duration, bool) {
	return time.Duration(s.days)*day + s.clock, s.months == 0
}

// after returns t plus the span, in t's zone.
func (s span) after(t time.Time) time.Time {
	if s.months != 0 {
		y, m, d := t.Date()
		first := time.Date(y, m+time.Month(s.months), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		t = time.Date(first.Year(), first.Month(), min(d, last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	if s.days != 0 {
		t = t.AddDate(0, 0, s.days)
	}
	return t.Add(s.clock)
}

// parseSpan reads "1h30m", "2 days", "-1.5h", "1y 6mo" or ISO 8601's "PT1H30M".
func parseSpan(text string) (span, error) {
	rest := strings.ToLower(strings.TrimSpace(text))
	sign := 1.0
	if cut, ok := strings.CutPrefix(rest, "-"); ok {
		sign, rest = -1, cut
	} else {
		rest = strings.TrimPrefix(rest, "+")
	}
	var s span
	var err error
	if iso, ok := strings.CutPrefix(rest, "p"); ok {
		s, err = parseISOSpan(iso, sign)
	} else {
		s, err = parseUnits(rest, sign, func(unit string) string { return units[unit] })
	}
	if err != nil {
		return span{}, &DataError{
			Message: fmt.Sprintf("%q is not a duration: %v", text, err),
			Hint:    "write a number and a unit, such as 90s, 1h30m, 3 days, 2w, 6mo, 1y or PT1H30M",
		}
	}
	return s, nil
}

func parseISOSpan(text string, sign float64) (span, error) {
	date, clock, timed := strings.Cut(text, "t")
	if text == "" || timed && clock == "" {
		return span{}, fmt.Errorf("it is incomplete")
	}
	var s span
	if date != "" {
		var err error
		s, err = parseUnits(date, sign, func(u string) string {
			return map[string]string{"y": "years", "m": "months", "w": "weeks", "d": "days"}[u]
		})
		if err != nil {
			return s, err
		}
	}
	if !timed {
		return s, nil
	}
	c, err := parseUnits(clock, sign, func(u string) string {
		return map[string]string{"h": "hours", "m": "minutes", "s": "seconds"}[u]
	})
	s.clock = c.clock
	return s, err
}

// parseUnits reads numbers, each followed by a unit.
func parseUnits(text string, sign float64, unitOf func(string) string) (span, error) {
	var s span
	rest := strings.TrimSpace(text)
	if rest == "" {
		return s, fmt.Errorf("it is empty")
	}
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if end <= 0 {
			return s, fmt.Errorf("expected a number with a unit at %q", truncate(rest, 20))
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return s, fmt.Errorf("%q is not a number", truncate(rest[:end], 20))
		}
		rest = strings.TrimLeft(rest[end:], " ")
		end = strings.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
		if end < 0 {
			end = len(rest)
		}
		unit := unitOf(rest[:end])
		if unit == "" {
			return s, fmt.Errorf("unknown unit %q", truncate(rest[:end], 20))
		}
		if err := s.add(sign*n, unit); err != nil {
			return s, err
		}
		rest = strings.TrimLeft(rest[end:], " ,")
	}
	return s, nil
}

// spanArg reads argument i as a span: a number of seconds, text or a table.
func spanArg(a *Args, i int) (span, error) {
	var s span
	switch v := a.Get(i).(type) {
	case lua.LNumber:
		if err := s.add(float64(v), "seconds"); err != nil {
			return s, a.Errorf("%v", err)
		}
	case *lua.LTable:
		for _, f := range spanFields {
			n := v.RawGetString(f.Name)
			if n == lua.LNil {
				continue
			}
			if err := s.add(float64(lua.LVAsNumber(n)), f.Name); err != nil {
				return s, a.Errorf("%v", err)
			}
		}
	default:
		text := a.String(i)
		if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			return s, s.add(n, "seconds")
		}
		return parseSpan(text)
	}
	return s, nil
}

// fixedArg reads argument i as a fixed length of time.
func fixedArg(a *Args, i int) (time.Duration, error) {
	s, err := spanArg(a, i)
	if err != nil {
		return 0, err
	}
	length, fixed := s.length()
	if !fixed {
		return 0, &DataError{
			Message: "months and years have no fixed length",
			Hint:    "use days or weeks, or time.add to move a date by months",
		}
	}
	return length, nil
}

// formatSpan writes a length of time as "1d 2h 3m 4.5s".
func formatSpan(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var parts []string
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / u.length; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+u.name)
			d %= u.length
		}
	}
	if d > 0 {
		s := strconv.FormatFloat(math.Round(d.Seconds()*1000)/1000, 'f', -1, 64)
		parts = append(parts, s+"s")
	}
	return sign + strings.Join(parts, " ")
}
