package calendar

import (
	"fmt"
	"strconv"
	"time"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// MonthLength says how many days a month has, such as "February has 28 days in 2022".
func MonthLength(year int, month time.Month) string {
	days := Days(year, month)
	switch {
	case month != time.February:
		return fmt.Sprintf("%s has %d days", month, days)
	case year == 0: // a text without a year
		return "February has 28 or 29 days"
	}
	return fmt.Sprintf("February has %d days in %d", days, year)
}

// Days returns the number of days in a month.
func Days(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// NoTime returns why parts do not make a time, nil if they do.
func NoTime(y, m, d, h, minute int, sec float64) error {
	switch {
	case m < 1 || m > 12 || d < 1:
		return invalid.Errorf("to move a date, use time.add", "there is no such day as %d-%d-%d", y, m, d)
	case d > Days(y, time.Month(m)):
		return invalid.Errorf("to move a date, use time.add", "there is no such day as %d-%d-%d: %s", y, m, d, MonthLength(y, time.Month(m)))
	case h < 0 || h > 23 || minute < 0 || minute > 59 || sec < 0 || sec >= 60:
		return invalid.Errorf("to move a time, use time.add", "there is no such time of day")
	}
	return nil
}

const correct = "correct the date"

// outOfRangeError is for a text that has the form of a date with a number that is too
// large. again reads a text in the same way. The month of a day that does not exist is
// found by reading the text with another day. The hint is for other numbers.
func outOfRangeError(text, hint string, again func(string) (time.Time, error)) error {
	shown := strconv.Quote(invalid.Cut(text, 60))
	for i := range min(len(text), 40) - 1 {
		if day, err := strconv.ParseUint(text[i:i+2], 10, 8); err != nil || day <= 28 {
			continue
		}
		at, err := again(text[:i] + "28" + text[i+2:])
		other, otherErr := again(text[:i] + "27" + text[i+2:])
		if err == nil && otherErr == nil && at.Day() == 28 && other.Day() == 27 {
			return invalid.Errorf(correct, "%s is not a date: %s", shown, MonthLength(at.Year(), at.Month()))
		}
	}
	return invalid.Errorf(hint, "%s is not a date or time: there is no such month, day or hour", shown)
}
