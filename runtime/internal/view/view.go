// Package view holds what people look at (a run, a schedule, the quota, a
// summary) as values: with JSON names for programs and with text cells for a
// terminal or a page.
package view

import (
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

// Seconds returns seconds as a duration that reads well: whole milliseconds below
// a second, else tenths.
func Seconds(seconds float64) time.Duration {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
