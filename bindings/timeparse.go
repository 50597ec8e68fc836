package bindings

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockLayouts are tried on a text that starts with an ISO date and holds a
// time; a fraction of a second may follow the seconds in each.
var clockLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z0700",
	"2006-01-02T15:04:05 Z07:00", "2006-01-02T15:04:05 Z0700", "2006-01-02T15:04:05 UTC",
}

// dateLayouts are the other forms of a day, timeLayouts those of a time.
var (
	dateLayouts = []string{
		"20060102", "2006/1/2", "2.1.2006", "2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006",
		"2-Jan-2006", "Mon, 2 Jan 2006", "Jan 2 2006", "January 2 2006",
	}
	timeLayouts = []string{
		"2006/1/2 15:04:05", "2006/1/2 15:04", "2.1.2006 15:04:05", "2.1.2006 15:04", "20060102T150405Z07:00", "20060102T150405",
		"Mon, 2 Jan 2006 15:04:05 GMT", "Mon, 2 Jan 2006 15:04:05 UTC", "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700",
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 UTC 2006", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "Jan 2, 2006 15:04:05", "Jan 2, 2006 15:04",
		"Jan 2, 2006 3:04 PM", "Jan 2, 2006 3:04:05 PM",
	}
	// dayOrMonthFirst matches dates that can be read in two ways.
	dayOrMonthFirst = regexp.MustCompile(`^(\d{1,2})([/-])(\d{1,2})([/-])(\d{2}|\d{4})\b(.*)$`)
)

// parseTime reads a text as a point in time, in loc unless it names a zone.
// dateOnly reports whether it is a day without a time. Errors name the option
// that sets the format.
func parseTime(text string, loc *time.Location, option layoutOption) (at time.Time, dateOnly bool, err error) {
	s := strings.TrimSpace(text)
	if len(s) == len(time.DateOnly) && s[4] == '-' && s[7] == '-' {
		at, err = time.ParseInLocation(time.DateOnly, s, loc)
		return at, true, explainTime(text, err, option)
	}
	if len(s) > len(time.DateOnly) && s[4] == '-' && s[7] == '-' {
		at, err = parseClock(s, loc)
		return at, false, explainTime(text, err, option)
	}
	if at, err = parseSeconds(s); err == nil || !errors.Is(err, errNoTime) {
		return at, false, explainTime(text, err, option)
	}
	failed := errNoTime
	try := func(layout string) bool {
		at, err = time.ParseInLocation(layout, s, inUTC(layout, loc))
		if err != nil && isOutOfRange(err) {
			failed = err
		}
		return err == nil
	}
	if slices.ContainsFunc(dateLayouts, try) {
		return at, true, nil
	}
	if slices.ContainsFunc(timeLayouts, try) {
		return at, false, nil
	}
	return time.Time{}, false, explainTime(text, failed, option)
}

func isOutOfRange(err error) bool { return strings.Contains(err.Error(), "out of range") }

func parseClock(s string, loc *time.Location) (time.Time, error) {
	norm := []byte(s)
	if norm[10] == ' ' || norm[10] == 't' {
		norm[10] = 'T'
	}
	var first error
	for _, layout := range clockLayouts {
		at, err := time.ParseInLocation(layout, string(norm), inUTC(layout, loc))
		if err == nil {
			return at, nil
		}
		if first == nil || isOutOfRange(err) {
			first = err
		}
	}
	return time.Time{}, first
}

// inUTC returns the zone for a layout: UTC if the layout names it, else loc.
func inUTC(layout string, loc *time.Location) *time.Location {
	if strings.Contains(layout, "GMT") || strings.Contains(layout, "UTC") {
		return time.UTC
	}
	return loc
}

var errNoTime = errors.New("unknown time format")

// explainTime turns a parsing error into a readable one; nil stays nil.
func explainTime(text string, err error, option layoutOption) error {
	if err == nil {
		return nil
	}
	shown := strconv.Quote(truncate(text, 60))
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return &DataError{Message: "an empty text is not a date or time", Hint: "skip rows without a date, or use time.try_parse"}
	case dayOrMonthFirst.MatchString(trimmed):
		return explainOrder(trimmed, shown, option)
	case isOutOfRange(err):
		return &DataError{Message: shown + " is not a date or time: there is no such day or hour", Hint: "check the day, the month and the time"}
	}
	var data *DataError
	if errors.As(err, &data) {
		return data
	}
	return &DataError{
		Message: shown + " is not in a known date or time format",
		Hint:    `write it as 2024-01-15 or 2024-01-15T10:30:00Z, or give its format: ` + option.with("%d.%m.%Y %H:%M"),
	}
}

// explainOrder asks for the format of a date that begins with the day or the
// month. Even if a number above 12 shows which, other dates of the same source
// may not.
func explainOrder(text, shown string, option layoutOption) error {
	m := dayOrMonthFirst.FindStringSubmatch(text)
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[3])
	year := "%Y"
	if len(m[5]) == 2 {
		year = "%y"
	}
	rest := ""
	for _, clock := range clockForms {
		if clock.form.MatchString(m[6]) {
			rest = clock.layout
		}
	}
	dayFirst := option.with("%d" + m[2] + "%m" + m[4] + year + rest)
	monthFirst := option.with("%m" + m[2] + "%d" + m[4] + year + rest)
	switch {
	case first > 12 && second > 12 || first > 31 || second > 31 || first == 0 || second == 0:
		return &DataError{Message: shown + " is not a date or time: there is no such day or month", Hint: "check the day and the month"}
	case first > 12:
		return &DataError{
			Message: shown + " seems to have the day first, but similar dates can be read in two ways",
			Hint:    "if the day comes first, use " + dayFirst,
		}
	case second > 12:
		return &DataError{
			Message: shown + " seems to have the month first, but similar dates can be read in two ways",
			Hint:    "if the month comes first, use " + monthFirst,
		}
	}
	return &DataError{
		Message: shown + " can be read in two ways: day first or month first",
		Hint:    "use " + dayFirst + " if the day comes first, " + monthFirst + " if the month does",
	}
}

// clockForms are the times of day that may follow such a date.
var clockForms = []struct {
	form   *regexp.Regexp
	layout string
}{
	{regexp.MustCompile(`^ \d{1,2}:\d{2}$`), " %H:%M"},
	{regexp.MustCompile(`^ \d{1,2}:\d{2}:\d{2}$`), " %H:%M:%S"},
	{regexp.MustCompile(`(?i)^ \d{1,2}:\d{2} [ap]m$`), " %I:%M %p"},
}

// mostSeconds is the end of the year 5138; a larger number counts milliseconds.
const mostSeconds = 1e11

// parseSeconds reads a text of at least 9 digits as seconds since 1970.
func parseSeconds(s string) (time.Time, error) {
	n, err := strconv.ParseFloat(s, 64)
	if whole, _, _ := strings.Cut(strings.TrimPrefix(s, "-"), "."); err != nil || len(whole) < 9 || strings.ContainsAny(s, "eExX") {
		return time.Time{}, errNoTime
	}
	return fromSeconds(n)
}

// fromSeconds returns the time of a number of seconds since 1970, in UTC.
func fromSeconds(n float64) (time.Time, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return time.Time{}, &DataError{Message: "a time must be a finite number", Hint: "look for a division by zero"}
	}
	if math.Abs(n) > mostSeconds {
		return time.Time{}, &DataError{
			Message: "the time " + strconv.FormatFloat(n, 'f', -1, 64) + " seems to be in milliseconds",
			Hint:    "divide it by 1000: times are seconds since 1970",
		}
	}
	whole := math.Floor(n)
	micros := math.Round((n - whole) * 1e6)
	return time.Unix(int64(whole), int64(micros)*1000).UTC(), nil
}

// seconds returns a time as seconds since 1970, to the microsecond.
func seconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond()/1000)/1e6
}
