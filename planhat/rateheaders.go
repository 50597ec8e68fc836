package planhat

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxReset caps pauses that a reset header asks for; Planhat's quota is said
// to start anew every 60 to 120 seconds.
const maxReset = 2 * time.Minute

// longestPause bounds a Retry-After in seconds, so that it fits a Duration.
const longestPause = 1e9

// quotaRemaining reads X-Rate-Limit-Remaining in both spellings that are seen.
func quotaRemaining(h http.Header) (int, bool) {
	return whole(h, "X-Rate-Limit-Remaining", "X-RateLimit-Remaining")
}

// quotaUsed reads how many calls the quota has counted since it started anew.
func quotaUsed(h http.Header) (int, bool) {
	limit, ok := whole(h, "X-Rate-Limit-Limit", "X-RateLimit-Limit")
	remaining, known := quotaRemaining(h)
	return limit - remaining, ok && known && remaining >= 0 && remaining <= limit
}

// whole reads the first of some headers that is a whole number.
func whole(h http.Header, names ...string) (int, bool) {
	for _, name := range names {
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
		now = serverTime(h, now)
		n, err := strconv.ParseFloat(v, 64)
		switch {
		case err != nil:
			return untilDate(v, now)
		case math.IsNaN(n), n < 0, n > 1e14:
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
		if math.IsNaN(n) || n < 0 {
			return 0, false
		}
		return time.Duration(min(n, longestPause) * float64(time.Second)), true
	}
	return untilDate(v, serverTime(h, now))
}

// serverTime returns the time at which the answer was given by the clock that
// its other times go by, so that a wrong clock here changes no pause.
func serverTime(h http.Header, now time.Time) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return now
}

func untilDate(v string, now time.Time) (time.Duration, bool) {
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(0, at.Sub(now)), longestPause*time.Second), true
}

// wrongClock is how far this machine's clock may be from Planhat's before the log says
// so.
const wrongClock = time.Minute

// checkClock warns once if the clock of this machine differs from Planhat's, as an
// answer that has just begun says it.
func (c *Client) checkClock(ctx context.Context, h http.Header) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil || h.Get("Age") != "" {
		return
	}
	off, way := time.Since(at), "fast"
	if off < 0 {
		off, way = -off, "slow"
	}
	if off < wrongClock || c.clockTold.Swap(true) {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "the clock of this machine is "+off.Round(time.Second).String()+" "+way+", compared with Planhat's")
}
