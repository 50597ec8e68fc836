package bindings

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layoutDoc lists the specifiers for both parsing and formatting.
const layoutDoc = "`%Y` year, `%y` its last two digits, `%m` month, `%d` day (`%e` without the zero), `%H` hour, `%I` hour from 1 to 12, `%p` AM or PM, " +
	"`%M` minute, `%S` second, `%f` its fraction, `%B` and `%b` the month's name and its short form, `%A` and `%a` the weekday's, `%j` day of the year, " +
	"`%z` offset such as +0200, `%Z` zone, `%F` = `%Y-%m-%d`, `%T` = `%H:%M:%S`, `%%` a percent sign"

// goLayouts are the specifiers that the time package has a layout for.
var goLayouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'p': "PM", 'M': "04", 'S': "05",
	'B': "January", 'b': "Jan", 'A': "Monday", 'a': "Mon", 'j': "002", 'z': "-0700", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'e': "2", 'f': "",
}

// formatTime writes t by a layout: "iso", "date", "datetime" or specifiers of
// strftime.
func formatTime(t time.Time, layout string) (string, error) {
	switch layout {
	case "iso":
		return isoText(t), nil
	case "date":
		return t.Format(time.DateOnly), nil
	case "datetime":
		return t.Format(time.DateTime), nil
	}
	if !strings.Contains(layout, "%") {
		return "", writtenLayout.layoutError(layout, "it has no % sign")
	}
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		i++
		if i == len(layout) {
			return "", writtenLayout.layoutError(layout, "it ends with a lone %; write %% for a percent sign")
		}
		switch c := layout[i]; c {
		case '%':
			b.WriteByte('%')
		case 'f':
			fmt.Fprintf(&b, "%03d", t.Nanosecond()/1e6)
		case 'V', 'G':
			year, week := t.ISOWeek()
			if c == 'G' {
				week = year
			}
			fmt.Fprintf(&b, "%02d", week)
		case 'u':
			b.WriteString(strconv.Itoa(isoWeekday(t)))
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		default:
			known, ok := goLayouts[c]
			if !ok {
				return "", writtenLayout.layoutError(layout, "unknown specifier %"+string(c))
			}
			b.WriteString(t.Format(known))
		}
	}
	return b.String(), nil
}

// isoText writes a time as ISO 8601, with milliseconds if it has any.
func isoText(t time.Time) string {
	t = t.Round(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format(time.RFC3339)
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// isoWeekday returns 1 for Monday to 7 for Sunday.
func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// parseLayout reads a text by a strftime layout. A time without a zone is in
// loc.
func parseLayout(text, layout string, loc *time.Location, option layoutOption) (at time.Time, dateOnly bool, err error) {
	goLayout, dateOnly, err := toGoLayout(layout, option)
	if err != nil {
		return time.Time{}, false, err
	}
	trimmed := strings.TrimSpace(text)
	if strings.Contains(layout, "%p") {
		trimmed = upperMeridiem(trimmed)
	}
	at, err = time.ParseInLocation(goLayout, trimmed, loc)
	if err != nil {
		why := "it does not match the format " + layout
		if isOutOfRange(err) {
			why = "there is no such day or hour"
		}
		return time.Time{}, false, &DataError{
			Message: fmt.Sprintf("%q is not a date or time: %s", truncate(text, 60), why),
			Hint:    "check the text and the format",
		}
	}
	if name, offset := at.Zone(); strings.Contains(layout, "%Z") && offset == 0 && name != "UTC" && name != "GMT" {
		// Go makes up a zone for an abbreviation that loc does not use.
		return time.Time{}, false, &DataError{
			Message: fmt.Sprintf("%q has the zone %s, which means different offsets in different places", truncate(text, 60), name),
			Hint:    "pass the zone's full name, such as { zone = \"Europe/Stockholm\" }",
		}
	}
	return at, dateOnly, nil
}

// upperMeridiem makes the am or pm of a text upper case, as Go wants it.
func upperMeridiem(s string) string {
	for _, m := range []string{"am", "pm", "Am", "Pm"} {
		s = strings.ReplaceAll(s, m, strings.ToUpper(m))
	}
	return s
}

// toGoLayout converts strftime specifiers to a layout of the time package.
// Months, days and hours may have one digit. Errors name the option.
func toGoLayout(layout string, option layoutOption) (goLayout string, dateOnly bool, err error) {
	loose := map[byte]string{'m': "1", 'd': "2", 'e': "2", 'I': "3", 'F': "2006-1-2"}
	if !strings.Contains(layout, "%") {
		return "", false, option.layoutError(layout, "it has no % sign")
	}
	dateOnly = true
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] >= '0' && layout[i] <= '9' {
			return "", false, option.layoutError(layout, "it contains digits")
		}
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		i++
		if i == len(layout) {
			return "", false, option.layoutError(layout, "it ends with a lone %; write %% for a percent sign")
		}
		c := layout[i]
		if strings.IndexByte("HIMSTf", c) >= 0 {
			dateOnly = false
		}
		known, ok := goLayouts[c]
		switch {
		case c == '%':
			b.WriteByte('%')
		case c == 'f':
			// A fraction after a dot or comma is read with the seconds.
			kept := strings.TrimSuffix(strings.TrimSuffix(b.String(), "."), ",")
			b.Reset()
			b.WriteString(kept)
		case loose[c] != "":
			b.WriteString(loose[c])
		case !ok:
			return "", false, option.layoutError(layout, "unknown specifier %"+string(c))
		default:
			b.WriteString(known)
		}
	}
	return b.String(), dateOnly, nil
}
