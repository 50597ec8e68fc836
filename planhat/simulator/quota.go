package simulator

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// quota counts the calls of the main host: per minute, per second
// and at once. A limit of 0 allows all calls. A refused call does not count for any of
// them. It is safe for concurrent use.
type quota struct {
	minute, second window
	parallel       int
	now            func() time.Time

	mu       sync.Mutex
	inFlight int
}

// verdict is what the quota says about one call.
type verdict struct {
	admitted bool
	reason   string
	wait     time.Duration // until a slot is free again, where refused

	limit, remaining int
	reset            time.Duration // until the minute's window has room again
}

func newQuota(o Options, fixed bool) *quota {
	return &quota{
		minute:   window{limit: o.CallsPerMinute, length: time.Minute, fixed: fixed},
		second:   window{limit: o.PerSecond, length: time.Second},
		parallel: o.Parallel,
		now:      time.Now,
	}
}

// enter admits a call or refuses it. Each admitted call must leave.
func (q *quota) enter() verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	v := verdict{limit: q.minute.limit}
	switch {
	case q.parallel > 0 && q.inFlight >= q.parallel:
		v.reason, v.wait = "too many requests at once", time.Second
	case q.second.wait(now) > 0:
		v.reason, v.wait = "too many requests in this second", q.second.wait(now)
	case q.minute.wait(now) > 0:
		v.reason, v.wait = "too many requests in this minute", q.minute.wait(now)
	default:
		v.admitted = true
		q.inFlight++
		q.second.take(now)
		q.minute.take(now)
	}
	v.remaining, v.reset = q.minute.left(now)
	return v
}

func (q *quota) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
}

// window holds the starts of the calls of its latest length of time.
type window struct {
	limit  int
	length time.Duration
	fixed  bool // counts afresh one length after its first call
	starts []time.Time
}

func (w *window) expire(now time.Time) {
	if w.fixed {
		if len(w.starts) > 0 && now.Sub(w.starts[0]) >= w.length {
			w.starts = w.starts[:0]
		}
		return
	}
	old := 0
	for old < len(w.starts) && now.Sub(w.starts[old]) >= w.length {
		old++
	}
	w.starts = w.starts[old:]
}

// wait returns how long the window is full, 0 if it has room.
func (w *window) wait(now time.Time) time.Duration {
	if w.limit <= 0 {
		return 0
	}
	w.expire(now)
	if len(w.starts) < w.limit {
		return 0
	}
	return w.length - now.Sub(w.starts[0])
}

func (w *window) take(now time.Time) {
	if w.limit > 0 {
		w.starts = append(w.starts, now)
	}
}

func (w *window) left(now time.Time) (remaining int, reset time.Duration) {
	if len(w.starts) > 0 {
		reset = w.length - now.Sub(w.starts[0])
	}
	return max(w.limit-len(w.starts), 0), reset
}

// rateHeaders writes what the switches say that a client gets to know about
// its quota.
func (s *Server) rateHeaders(h http.Header, v verdict) {
	if v.limit > 0 {
		legacy := s.switches.is(swRateHeaders, "legacy")
		modern := s.switches.is(swRateHeaders, "new")
		both := s.switches.is(swRateHeaders, "both")
		if legacy || both {
			h.Set("X-Rate-Limit-Limit", itoa(v.limit))
			h.Set("X-Rate-Limit-Remaining", itoa(v.remaining))
		}
		if modern || both {
			h["x-ratelimit-limit"] = []string{itoa(v.limit)}
			h["x-ratelimit-remaining"] = []string{itoa(v.remaining)}
			h["x-ratelimit-reset"] = []string{s.resetValue(v.reset)}
		}
	}
	if v.admitted {
		return
	}
	switch s.switches[swRetryAfter] {
	case "seconds":
		h.Set("Retry-After", itoa(wholeSeconds(v.wait)))
	case "date":
		h.Set("Retry-After", httpDate(time.Now().Add(v.wait)))
	}
}

func (s *Server) resetValue(d time.Duration) string {
	if s.switches.is(swRateReset, "epoch") {
		return strconv.FormatInt(time.Now().Add(d+time.Second-1).Unix(), 10)
	}
	return itoa(wholeSeconds(d))
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// httpDate rounds up to the next whole second, the finest that the form tells.
func httpDate(t time.Time) string {
	return t.Add(time.Second - 1).UTC().Format(http.TimeFormat)
}

func (q *quota) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.minute.starts, q.second.starts = nil, nil
}
