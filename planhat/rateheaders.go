package planhat

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxReset caps pauses that a reset header asks for; Planhat's quota is said
// to start anew every 60 to 120 seconds.
const maxReset = 2 * time.Minute

// quotaRemaining reads X-Rate-Limit-Remaining in both spellings that are seen.
func quotaRemaining(h http.Header) (int, bool) {
	for _, name := range []string{"X-Rate-Limit-Remaining", "X-RateLimit-Remaining"} {
		if n, err := strconv.Atoi(strings.TrimSpace(h.Get(name))); err == nil {
			return n, true
		}
	}
	return 0, false
}

// quotaReset reads the time until the quota starts anew, given as seconds, as
// Unix time in seconds or milliseconds, or as an HTTP date.
func quotaReset(h http.Header, now time.Time) (time.Duration, bool) {
	for _, name := range []string{"X-Rate-Limit-Reset", "X-RateLimit-Reset"} {
		v := strings.TrimSpace(h.Get(name))
		if v == "" {
			continue
		}
		n, err := strconv.ParseFloat(v, 64)
		switch {
		case err != nil:
			return untilDate(v, now)
		case n < 0:
			return 0, false
		case n >= 1e11:
			return time.UnixMilli(int64(n)).Sub(now), true
		case n >= 1e8:
			return time.Unix(int64(n), 0).Sub(now), true
		default:
			return time.Duration(n * float64(time.Second)), true
		}
	}
	return 0, false
}

// retryAfter reads Retry-After, given as seconds or as an HTTP date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		if n < 0 || n > 1e6 {
			return 0, false
		}
		return time.Duration(n * float64(time.Second)), true
	}
	return untilDate(v, now)
}

func untilDate(v string, now time.Time) (time.Duration, bool) {
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}
