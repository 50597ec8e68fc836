package recording

import (
	"math"
	"strconv"
	"time"
)

// leeway is by how much the times in requests may differ, beside how long the runs took.
const leeway = 2 * time.Second

// sameTime reports whether two times are as far from the starts of their runs: a script that
// asks for what changed since yesterday asks for another day each time.
func (r *Replay) sameTime(recorded, asked string) bool {
	if r.file.Header.Start.IsZero() {
		return false
	}
	a, dayA, okA := timeOf(recorded)
	b, dayB, okB := timeOf(asked)
	if !okA || !okB || dayA != dayB || len(recorded) != len(asked) && dayA {
		return false
	}
	if dayA {
		return a.Sub(midnight(r.file.Header.Start)) == b.Sub(midnight(r.start))
	}
	apart := a.Sub(r.file.Header.Start) - b.Sub(r.start)
	took := time.Duration(r.file.Header.Took*float64(time.Second)) + r.now().Sub(r.start)
	return apart.Abs() <= took+leeway
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// The lengths of seconds and milliseconds since 1970, in digits.
const inSeconds, inMilliseconds = 10, 13

// timeOf reads a time, and reports whether it is only a day.
func timeOf(text string) (t time.Time, day, ok bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, true, true
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, false, true
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	switch whole := int64(math.Abs(n)); {
	case err != nil:
	case len(strconv.FormatInt(whole, 10)) == inMilliseconds:
		return time.UnixMilli(whole), false, true
	case len(strconv.FormatInt(whole, 10)) == inSeconds:
		return time.Unix(whole, 0), false, true
	}
	return t, false, false
}
