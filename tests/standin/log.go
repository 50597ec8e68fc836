package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is a request as the stand-in received it.
type Request struct {
	N       int       // 1 for the first request
	At      time.Time // the stand-in's time
	Account string    // empty if the credentials are unknown
	Method  string
	Path    string
	Query   url.Values
	Header  http.Header
	Body    []byte
	// Status is the status of the answer. It is 0 in hooks before the request, and
	// for a request whose connection was dropped.
	Status int
	// Fault is the name of the fault that was injected, if any.
	Fault string
}

// String returns one line without headers, because those contain tokens.
func (r *Request) String() string {
	text := fmt.Sprintf("%d %s %s %s", r.N, r.At.Format("15:04:05.000"), r.Method, r.Path)
	if len(r.Query) > 0 {
		text += "?" + r.Query.Encode()
	}
	text += fmt.Sprintf(" -> %d", r.Status)
	if r.Fault != "" {
		text += " (" + r.Fault + ")"
	}
	return text
}

// Match reports whether a request is one of those that a test is about. A nil
// Match matches all.
type Match func(*Request) bool

func (m Match) of(r *Request) bool { return m == nil || m(r) }

// Is matches requests whose path ends with suffix. An empty method matches all
// methods.
func Is(method, suffix string) Match {
	return func(r *Request) bool {
		return (method == "" || r.Method == method) && strings.HasSuffix(r.Path, suffix)
	}
}

// Log keeps the requests of a stand-in in the order in which they arrived.
type Log struct {
	mu       sync.Mutex
	requests []Request
	received int
}

// receive adds a request and numbers it.
func (l *Log) receive(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received++
	r.N = l.received
	l.requests = append(l.requests, *r)
}

// answered stores how the request ended.
func (l *Log) answered(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, found := slices.BinarySearchFunc(l.requests, r.N, func(r Request, n int) int { return r.N - n })
	if found {
		l.requests[i].Status, l.requests[i].Fault = r.Status, r.Fault
	}
}

// Requests returns the requests that match.
func (l *Log) Requests(match Match) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []Request
	for _, r := range l.requests {
		if match.of(&r) {
			found = append(found, r)
		}
	}
	return found
}

// Count returns how many requests match.
func (l *Log) Count(match Match) int { return len(l.Requests(match)) }

// Busiest returns the largest number of matching requests that arrived within
// any interval of the given length, whether they were refused or not.
func (l *Log) Busiest(per time.Duration, match Match) int {
	requests := l.Requests(match)
	slices.SortStableFunc(requests, func(a, b Request) int { return a.At.Compare(b.At) })
	most, first := 0, 0
	for i, r := range requests {
		for r.At.Sub(requests[first].At) >= per {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Reset forgets the requests. The next request gets the next number.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = nil
}
