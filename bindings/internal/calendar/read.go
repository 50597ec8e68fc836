package calendar

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// longest is how many bytes a date, time or duration can have. Longer texts are refused
// before they are tried in every form.
const longest = 1000

// Reader reads texts as points in time.
type Reader struct {
	// Zone is that of texts that do not name one.
	Zone *time.Location
	// Layout is Excel, or in strftime's notation. Without it, Read takes ISO 8601 and other
	// formats that cannot be misread.
	Layout string
	// Option is how a script sets the layout, for messages.
	Option Option
}

// Check returns what is wrong with the layout.
func (r Reader) Check() error {
	if r.Layout == "" || r.Layout == Excel {
		return nil
	}
	_, _, err := r.goLayout()
	return err
}

// Read returns the time of a text. dateOnly reports whether it is a day without a
// time.
func (r Reader) Read(text string) (at time.Time, dateOnly bool, err error) {
	if len(text) > longest {
		return time.Time{}, false, invalid.Errorf("check the text", "%q is not a date or time: it is %d bytes long", invalid.Cut(text, 60), len(text))
	}
	switch r.Layout {
	case "":
	case Excel:
		return r.readExcel(text)
	default:
		return r.readLayout(text)
	}
	at, dateOnly, err = parse(strings.TrimSpace(text), r.Zone)
	if err != nil {
		return time.Time{}, false, r.explain(text, err)
	}
	return at, dateOnly, nil
}

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
)

func parse(s string, loc *time.Location) (at time.Time, dateOnly bool, err error) {
	if len(s) >= len(time.DateOnly) && s[4] == '-' && s[7] == '-' {
		if len(s) == len(time.DateOnly) {
			at, err = time.ParseInLocation(time.DateOnly, s, loc)
			return at, true, err
		}
		clock := s
		if s[10] == ' ' || s[10] == 't' {
			clock = s[:10] + "T" + s[11:]
		}
		at, err = parseAny(clockLayouts, clock, loc)
		return at, false, err
	}
	if n, ok := digits(s); ok {
		at, err = FromSeconds(n)
		return at, false, err
	}
	at, dateErr := parseAny(dateLayouts, s, loc)
	if dateErr == nil {
		return at, true, nil
	}
	if at, err = parseAny(timeLayouts, s, loc); err != nil && outOfRange(dateErr) {
		err = dateErr
	}
	return at, false, err
}

// parseAny parses by the first layout that fits. The error is about a number that
// is out of range, if there is one.
func parseAny(layouts []string, s string, loc *time.Location) (time.Time, error) {
	var failed error
	for _, layout := range layouts {
		zone := loc
		if strings.Contains(layout, "GMT") || strings.Contains(layout, "UTC") {
			zone = time.UTC
		}
		at, err := time.ParseInLocation(layout, s, zone)
		if err == nil {
			return at, nil
		}
		if failed == nil || outOfRange(err) {
			failed = err
		}
	}
	return time.Time{}, failed
}

// outOfRange reports whether a text had the form of its layout, but with a number
// that is too large: the time package then has a message, and has either found the
// part of the layout or read the whole text.
func outOfRange(err error) bool {
	var failed *time.ParseError
	return errors.As(err, &failed) && failed.Message != "" && (failed.LayoutElem != "" || failed.ValueElem == "")
}

// digits reads a text of at least 9 digits, which counts seconds.
func digits(s string) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	whole, _, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return n, err == nil && len(whole) >= 9 && !strings.ContainsAny(s, "eExX")
}

// explain turns a parsing error into a readable one.
func (r Reader) explain(text string, err error) error {
	option := r.Option
	shown := strconv.Quote(invalid.Cut(text, 60))
	trimmed := strings.TrimSpace(text)
	var data *invalid.Error
	switch order, day := dayOrMonthFirst.FindStringSubmatch(trimmed), excelDay(trimmed); {
	case trimmed == "":
		return invalid.Errorf("skip rows without a date, or use time.try_parse", "an empty text is not a date or time")
	case order != nil:
		return explainOrder(order, shown, option)
	case outOfRange(err):
		return outOfRangeError(trimmed, "check the month, the day and the time", func(text string) (time.Time, error) {
			at, _, err := parse(text, r.Zone)
			return at, err
		})
	case errors.As(err, &data):
		return data
	case day != "":
		return invalid.Errorf("if it is a day number of Excel, it is "+day+": "+option.with(Excel), "%s is not in a known date or time format", shown)
	}
	return invalid.Errorf("write it as 2024-01-15 or 2024-01-15T10:30:00Z, or give its format: "+option.with("%d.%m.%Y %H:%M"),
		"%s is not in a known date or time format", shown)
}

// dayOrMonthFirst matches dates that can be read in two ways.
var dayOrMonthFirst = regexp.MustCompile(`^(\d{1,2})([/-])(\d{1,2})([/-])(\d{2}|\d{4})\b(.*)$`)

// clockForms are the times of day that may follow such a date.
var clockForms = []struct {
	form   *regexp.Regexp
	layout string
}{
	{regexp.MustCompile(`^ \d{1,2}:\d{2}$`), " %H:%M"},
	{regexp.MustCompile(`^ \d{1,2}:\d{2}:\d{2}$`), " %H:%M:%S"},
	{regexp.MustCompile(`(?i)^ \d{1,2}:\d{2} [ap]m$`), " %I:%M %p"},
}

// explainOrder asks for the format of a date that begins with the day or the
// month. Even if a number above 12 shows which, other dates of the same source
// may not.
func explainOrder(m []string, shown string, option Option) error {
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[3])
	rest, year := "%Y", "2006"
	if len(m[5]) == 2 {
		rest, year = "%y", "06"
	}
	day, month := max(first, second), time.Month(min(first, second)) // if it can be read in one way only
	for _, clock := range clockForms {
		if clock.form.MatchString(m[6]) {
			rest += clock.layout
		}
	}
	dayFirst, monthFirst := option.with("%d"+m[2]+"%m"+m[4]+rest), option.with("%m"+m[2]+"%d"+m[4]+rest)
	switch at, _ := time.Parse(year, m[5]); {
	case month > 12 || month == 0:
		return invalid.Errorf("check the day and the month", "%s is not a date or time: there is no such day or month", shown)
	case day > Days(at.Year(), month):
		return invalid.Errorf(correct, "%s is not a date: %s", shown, MonthLength(at.Year(), month))
	case first > 12:
		return invalid.Errorf("if the day comes first, use "+dayFirst, "%s seems to have the day first, but similar dates can be read in two ways", shown)
	case second > 12:
		return invalid.Errorf("if the month comes first, use "+monthFirst, "%s seems to have the month first, but similar dates can be read in two ways", shown)
	}
	return invalid.Errorf("use "+dayFirst+" if the day comes first, "+monthFirst+" if the month does", "%s can be read in two ways: day first or month first", shown)
}
