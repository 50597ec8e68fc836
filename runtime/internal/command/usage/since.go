package usage

import (
	"strconv"
	"strings"
	"time"
)

// Since reads the value of a flag --since: how long ago, or a time.
func Since(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &Error{Message: "--since " + text + " is not a time", Hint: "write 24h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z"}
}
