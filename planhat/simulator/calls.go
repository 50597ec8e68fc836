package simulator

import (
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// maxCalls is how many calls the log keeps; counts go on beyond it.
const maxCalls = 10_000

// Call is one request as the server saw it. It holds no token: the tenant
// token of a path is written {tenantUUID}.
type Call struct {
	Time      time.Time // when it arrived, in real time
	Method    string
	Path      string
	Query     string
	Host      string        // "main" or "analytics"
	Model     string        // snake_case; "" if the path is unknown
	Operation string        // as in the catalog; "" if the path is unknown
	Rows      int           // rows of a bulk body, 1 for a single record
	Status    int           // 0 where the connection was reset
	Fault     string        // the fault that hit the call, "" if none did
	Applied   bool          // whether the call reached the store
	Bytes     int           // size of the request body
	Duration  time.Duration // until the answer was ready
}

// Filter selects calls; empty fields select all. The model conversation
// includes the calls that were about notes.
type Filter struct {
	Model     string
	Operation string
	Method    string
	Host      string
	Status    int
	Fault     string
}

type countKey struct {
	host, model, operation, method, fault string
	status                                int
}

// callLog remembers calls. It is safe for concurrent use.
type callLog struct {
	mu     sync.Mutex
	recent []Call
	next   int
	counts map[countKey]int
}

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[countKey]int{}
	}
	l.counts[countKey{c.Host, c.Model, c.Operation, c.Method, c.Fault, c.Status}]++
	if len(l.recent) < maxCalls {
		l.recent = append(l.recent, c)
		return
	}
	l.recent[l.next] = c
	l.next = (l.next + 1) % maxCalls
}

func (f Filter) matches(k countKey) bool {
	return (f.Model == "" || f.Model == k.model || sharesPath(catalog.Load().Model(k.model), catalog.Load().Model(f.Model))) &&
		(f.Operation == "" || f.Operation == k.operation) &&
		(f.Method == "" || f.Method == k.method) &&
		(f.Host == "" || f.Host == k.host) &&
		(f.Status == 0 || f.Status == k.status) &&
		(f.Fault == "" || f.Fault == k.fault)
}

func (l *callLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent, l.next = nil, 0
	clear(l.counts)
}

// Calls returns the latest calls, oldest first, at most 10,000.
func (s *Server) Calls() []Call {
	l := &s.calls
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.recent[l.next:], l.recent[:l.next])
}

// Count returns how many calls the filter selects, since the start or the
// last Reset. Calls that were cut off or refused count as well.
func (s *Server) Count(f Filter) (n int) {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	for k, times := range s.calls.counts {
		if f.matches(k) {
			n += times
		}
	}
	return n
}

// CountsByOperation returns the number of calls per operation, with keys such
// as "company.get_list". Operations that were not called are absent.
func (s *Server) CountsByOperation() map[string]int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	out := map[string]int{}
	for k, times := range s.calls.counts {
		if k.operation != "" {
			out[k.model+"."+k.operation] += times
		}
	}
	return out
}
