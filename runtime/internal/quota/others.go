package quota

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Planhat says with each answer how many calls it has counted since its quota started
// anew. What is more than this store has booked meanwhile comes from others. When the quota
// started anew is not known exactly, so calls of phscript are rather counted too often: what
// is left is the least that others have sent.

// Times, in microseconds, and numbers for telling the calls of others from our own.
const (
	// longestQuota is the longest time after which Planhat's quota starts anew.
	longestQuota = int64(120 * time.Second / time.Microsecond)
	// underway is how long a call may be on its way to Planhat, and its answer on the way back.
	underway = int64(20 * time.Second / time.Microsecond)
	// apart is the time between two marks.
	apart = int64(10 * time.Second / time.Microsecond)
	// fewest is the least number of calls of others that is reported.
	fewest = 10
	// checkEvery is how often a process at most looks into the store for calls of others.
	checkEvery = 2 * time.Second
	// shownFor is how long calls of others are reported after they were last seen.
	shownFor = longestQuota
)

// mark says how many calls of a tenant had been sent at a time.
type mark struct{ at, sent int64 }

// sent is how many calls have been sent until now, in all.
func (t *tenant) sent() int64 {
	waiting, _ := slices.BinarySearchFunc(t.starts, t.now+1, func(s start, at int64) int { return int(min(1, max(-1, s.at-at))) })
	return t.last - int64(len(t.starts)-waiting)
}

// note adds a mark if the last one is old enough, and drops those that nobody needs.
func (t *tenant) note() {
	if n := len(t.marks); n > 0 && t.marks[n-1].at > t.now-apart {
		return
	}
	t.marks = append(t.marks, mark{t.now, t.sent()})
	for len(t.marks) > 1 && t.marks[1].at < t.now-longestQuota-underway-apart {
		t.marks = t.marks[1:]
	}
}

// since is how many calls have been sent since a time, or more.
func (t *tenant) since(at int64) int64 {
	before := int64(0)
	for _, m := range t.marks {
		if m.at <= at {
			before = m.sent
		}
	}
	return t.sent() - before
}

// notOurs is how many of the calls that Planhat has counted others have sent, at least.
// anew is when its quota may have started anew, 0 if that is not known.
func (t *tenant) notOurs(used int, anew int64) int64 {
	from := t.now - longestQuota - underway
	if anew > from {
		// It may also count the last minute at any time.
		from = min(anew, t.now-int64(time.Minute/time.Microsecond)-underway)
	}
	return int64(used) - t.since(from)
}

// writeMarks returns the marks as JSON: times after bookedAt and numbers after last.
func (t *tenant) writeMarks() (string, error) {
	list := make([][2]int64, len(t.marks))
	for i, m := range t.marks {
		list[i] = [2]int64{m.at - t.bookedAt, m.sent - t.last}
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// parseMarks is the inverse of writeMarks.
func (t *tenant) parseMarks(text string) error {
	var list [][2]int64
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return fmt.Errorf("the marks of the quota: %w", err)
	}
	t.marks = make([]mark, len(list))
	for i, m := range list {
		t.marks[i] = mark{t.bookedAt + m[0], t.last + m[1]}
	}
	return nil
}

// seen is what a process knows about the calls that Planhat has counted. It is safe for
// concurrent use.
type seen struct {
	mu sync.Mutex
	// tenant is what the last booking found, with the number of calls that had been sent as
	// last.
	tenant tenant
	// most is the most that Planhat has counted since anew, and last when it was seen last.
	most       int
	anew, last int64
	checked    time.Time
}

// booked remembers the tenant as a booking has left it.
func (s *seen) booked(t *tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenant = tenant{now: t.now, read: t.read, last: t.sent(), marks: t.marks}
}

// counted notes what Planhat has counted. It returns when the quota may have started anew,
// and reports whether others seem to use it, so that the store should be asked.
func (s *seen) counted(used int) (anew int64, others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tenant.read.IsZero() {
		return 0, false
	}
	t := s.tenant
	t.now += time.Since(t.read).Microseconds()
	// Less may also have been counted because answers overtake one another.
	if used <= s.most/2 && s.most-used >= planhat.DefaultParallel {
		s.anew, s.most = s.last-underway, used
	}
	s.most, s.last = max(s.most, used), t.now
	if t.notOurs(used, s.anew) < fewest || time.Since(s.checked) < checkEvery {
		return 0, false
	}
	s.checked = time.Now()
	return s.anew, true
}

var _ planhat.CountingWindow = (*Window)(nil)

// Counted notes how many calls Planhat has counted, and stores how many of them others have
// sent. It does not wait for a store that is unreachable.
func (w *Window) Counted(ctx context.Context, used int) {
	if w.o.Limit <= 0 {
		return
	}
	anew, others := w.seen.counted(used)
	if !others {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkEvery)
	defer cancel()
	err := w.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		return change(ctx, db, w.tenant, w.host, func(t *tenant) bool {
			n := t.notOurs(used, anew)
			if n >= fewest {
				t.others, t.othersAt = n, t.now
			}
			w.seen.booked(t)
			return n >= fewest
		})
	})
	if err != nil {
		w.o.Log.DebugContext(ctx, "calls of other programs were not noted", "reason", err.Error())
	}
}
