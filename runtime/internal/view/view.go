// Package view holds what people look at (a run, a schedule, the quota, a
// summary) as values: with JSON names for programs and with text cells for a
// terminal or a page.
package view

import (
	"strconv"
	"time"
)

// Line is a named value.
type Line struct{ Name, Value string }

// Clip shortens a text to at most that many characters.
func Clip(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// DueAt writes when a schedule is due, in its time zone, and without the seconds
// if they are 0.
func DueAt(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("Mon 2006-01-02 15:04:05 MST")
	}
	return t.Format("Mon 2006-01-02 15:04 MST")
}

// At writes a time of day with its date and zone, in the reader's zone; "" for no time.
func At(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 MST")
}

// Duration writes a duration in at most two units: 350ms, 12.3s, 1m20s, 2h5m, 3d4h.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	two := func(big, small time.Duration, bigUnit, smallUnit string) string {
		d = d.Round(small)
		text := strconv.FormatInt(int64(d/big), 10) + bigUnit
		if rest := d % big / small; rest != 0 {
			text += strconv.FormatInt(int64(rest), 10) + smallUnit
		}
		return text
	}
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Second-time.Millisecond/2:
		return d.Round(time.Millisecond).String()
	case d < time.Minute-50*time.Millisecond:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour-time.Second/2:
		return two(time.Minute, time.Second, "m", "s")
	case d < day-time.Minute/2:
		return two(time.Hour, time.Minute, "h", "m")
	}
	return two(day, time.Hour, "d", "h")
}

// Seconds returns seconds as a duration that reads well: whole milliseconds below
// a second, else tenths.
func Seconds(seconds float64) time.Duration {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
