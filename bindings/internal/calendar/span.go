package calendar

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

// Span is a length of time on the calendar: months and days have no fixed
// length.
type Span struct {
	months, days int
	clock        time.Duration
}

// unit is a unit of time by its spellings, the last of which is its name.
type unit struct {
	spellings    []string
	months, days int
	clock        time.Duration
}

var units = []unit{
	{spellings: []string{"ms", "millisecond", "milliseconds"}, clock: time.Millisecond},
	{spellings: []string{"s", "sec", "secs", "second", "seconds"}, clock: time.Second},
	{spellings: []string{"m", "min", "mins", "minute", "minutes"}, clock: time.Minute},
	{spellings: []string{"h", "hr", "hrs", "hour", "hours"}, clock: time.Hour},
	{spellings: []string{"d", "day", "days"}, days: 1},
	{spellings: []string{"w", "week", "weeks"}, days: 7},
	{spellings: []string{"mo", "month", "months"}, months: 1},
	{spellings: []string{"q", "quarter", "quarters"}, months: 3},
	{spellings: []string{"y", "yr", "yrs", "year", "years"}, months: 12},
}

// Units are the names of the units of a duration, except milliseconds.
var Units = []string{"seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"}

// RefusedUnit returns why Between does not take a unit.
func RefusedUnit(name string) error {
	if _, known := unitOf(name); known {
		return nil
	}
	return fmt.Errorf("unknown unit '%s'%s; valid units: %s", name, catalog.DidYouMean(name, Units), strings.Join(Units, ", "))
}

// RefusedPeriod returns why StartOf does not take a period.
func RefusedPeriod(name string) error {
	if slices.Contains(Periods, name) {
		return nil
	}
	return fmt.Errorf("unknown period '%s'%s; valid periods: %s", name, catalog.DidYouMean(name, Periods), strings.Join(Periods, ", "))
}

func unitOf(spelling string) (unit, bool) {
	i := slices.IndexFunc(units, func(u unit) bool { return slices.Contains(u.spellings, spelling) })
	if i < 0 {
		return unit{}, false
	}
	return units[i], true
}

// mostYears bounds what can be added, so that dates can still be written.
const mostYears = 5000

// Add adds n of a unit, which must be known. Months and years must be whole.
func (s *Span) Add(n float64, spelling string) error {
	u, _ := unitOf(spelling)
	name := u.spellings[len(u.spellings)-1]
	months, days := n*float64(u.months), n*float64(u.days)
	switch {
	case math.IsNaN(n), math.Abs(n) > mostYears*366*86400*1000, math.Abs(n)*float64(u.clock) > math.MaxInt64/4:
		return fmt.Errorf("%v %s is too long", n, name)
	case u.months != 0 && (n != math.Trunc(n) || math.Abs(months) > mostYears*12):
		return fmt.Errorf("%v %s: months and years must be whole numbers, at most %d years", n, name, mostYears)
	}
	whole, part := math.Modf(days)
	s.months += int(months)
	s.days += int(whole)
	s.clock += time.Duration(math.Round(part*float64(Day) + n*float64(u.clock)))
	return nil
}

// Length returns the span as a fixed length. Months have none.
func (s Span) Length() (time.Duration, error) {
	if s.months != 0 {
		return 0, invalid.Errorf("use days or weeks, or time.add to move a date by months", "months and years have no fixed length")
	}
	return time.Duration(s.days)*Day + s.clock, nil
}

// WholeDays reports whether adding the span keeps the time of day.
func (s Span) WholeDays() bool { return s.clock%Day == 0 }

// After returns t plus the span, in t's zone.
func (s Span) After(t time.Time) time.Time {
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

// Between returns how many of a unit lie between two times: months, quarters and
// years are whole. It reports whether the unit is known.
func Between(later, earlier time.Time, spelling string) (n float64, known bool) {
	u, known := unitOf(spelling)
	if u.months != 0 {
		return float64(monthsBetween(later, earlier) / u.months), true
	}
	length := time.Duration(u.days)*Day + u.clock
	return (Seconds(later) - Seconds(earlier)) / length.Seconds(), known
}

// monthsBetween returns the whole calendar months from b to a, negative if a is
// before b.
func monthsBetween(a, b time.Time) int {
	if a.Before(b) {
		return -monthsBetween(b, a)
	}
	n := (a.Year()-b.Year())*12 + int(a.Month()-b.Month())
	if (Span{months: n}).After(b).After(a) {
		n--
	}
	return n
}

// ParseSpan reads a number of seconds, "1h30m", "2 days", "-1.5h", "1y 6mo" or ISO
// 8601's "PT1H30M".
func ParseSpan(text string) (Span, error) {
	var s Span
	if len(text) > longest {
		return Span{}, invalid.Errorf("check the text", "%q is not a duration: it is %d bytes long", invalid.Cut(text, 60), len(text))
	}
	rest := strings.ToLower(strings.TrimSpace(text))
	n, err := strconv.ParseFloat(rest, 64)
	if err == nil {
		err = s.Add(n, "seconds")
	} else {
		err = s.parse(rest)
	}
	if err != nil {
		return Span{}, invalid.Errorf("write a number and a unit, such as 90s, 1h30m, 3 days, 2w, 6mo, 1y or PT1H30M", "%q is not a duration: %v", text, err)
	}
	return s, nil
}

// The units of ISO 8601, before and after the T.
var (
	isoDate  = map[string]string{"y": "years", "m": "months", "w": "weeks", "d": "days"}
	isoClock = map[string]string{"h": "hours", "m": "minutes", "s": "seconds"}
)

// parse adds what a text says, in lower case.
func (s *Span) parse(text string) error {
	sign, rest := 1.0, strings.TrimPrefix(text, "+")
	if cut, ok := strings.CutPrefix(text, "-"); ok {
		sign, rest = -1, cut
	}
	if iso, ok := strings.CutPrefix(rest, "p"); ok {
		return s.parseISO(iso, sign)
	}
	return s.parseUnits(rest, sign, nil)
}

func (s *Span) parseISO(text string, sign float64) error {
	date, clock, timed := strings.Cut(text, "t")
	if text == "" || timed && clock == "" {
		return errors.New("it is incomplete")
	}
	if date != "" {
		if err := s.parseUnits(date, sign, isoDate); err != nil {
			return err
		}
	}
	if !timed {
		return nil
	}
	return s.parseUnits(clock, sign, isoClock)
}

// parseUnits adds numbers that are each followed by a unit; iso names the units of ISO
// 8601.
func (s *Span) parseUnits(text string, sign float64, iso map[string]string) error {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return errors.New("it is empty")
	}
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if end <= 0 {
			return fmt.Errorf("expected a number with a unit at %q", invalid.Cut(rest, 20))
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", invalid.Cut(rest[:end], 20))
		}
		rest = strings.TrimLeft(rest[end:], " ")
		spelling := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))]
		name := spelling
		if iso != nil {
			name = iso[spelling]
		}
		if _, known := unitOf(name); !known {
			return fmt.Errorf("unknown unit %q", invalid.Cut(spelling, 20))
		}
		if err := s.Add(sign*n, name); err != nil {
			return err
		}
		rest = strings.TrimLeft(rest[len(spelling):], " ,")
	}
	return nil
}

// FormatSpan writes a length of time as "1d 2h 3m 4.5s".
func FormatSpan(d time.Duration) string {
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
	}{{Day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
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
