package standin

import (
	"math/rand/v2"
	"net/http"
	"sync"
)

// Fault is a failure between the client and the vendor.
type Fault struct {
	name string
	// instead answers without handling the request, which has no effect then.
	instead func(w http.ResponseWriter)
	// send delivers the answer of a request that was handled.
	send func(w http.ResponseWriter, r *http.Request, a *answer)
}

// Drop closes the connection before the request is handled: it has no effect.
func Drop() Fault {
	return Fault{name: "drop", instead: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }}
}

// Lose handles the request and closes the connection instead of answering: a
// write has happened, and the client does not know.
func Lose() Fault {
	return Fault{name: "lose", send: func(http.ResponseWriter, *http.Request, *answer) { panic(http.ErrAbortHandler) }}
}

// Answer answers with the given status, headers and body, and does not handle
// the request. Pairs of names and values are the headers.
func Answer(status int, body string, headers ...string) Fault {
	return Fault{name: "answer", instead: func(w http.ResponseWriter) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}}
}

// Truncate handles the request, promises the whole body in Content-Length, sends
// at most n bytes of it and closes the connection.
func Truncate(n int) Fault {
	return Fault{name: "truncate", send: func(w http.ResponseWriter, _ *http.Request, a *answer) {
		a.head(w)
		_, _ = w.Write(a.body.Bytes()[:min(n, a.body.Len())])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}}
}

// Stall handles the request, sends the headers and half of the body, and the rest
// when release is closed or the client gives up, whichever is first.
func Stall(release <-chan struct{}) Fault {
	return Fault{name: "stall", send: func(w http.ResponseWriter, r *http.Request, a *answer) {
		a.head(w)
		half := a.body.Len() / 2
		_, _ = w.Write(a.body.Bytes()[:half])
		_ = http.NewResponseController(w).Flush()
		select {
		case <-release:
			_, _ = w.Write(a.body.Bytes()[half:])
		case <-r.Context().Done():
		}
	}}
}

// Faults decides which requests fail. For each request the first planned fault
// that applies is used.
type Faults struct {
	mu      sync.Mutex
	planned []*plan
}

type plan struct {
	applies func(*Request) bool
	left    int // how often it still applies; negative for always
	choose  func() Fault
}

// At fails the request with that number, as [Request.N] counts.
func (f *Faults) At(n int, fault Fault) {
	f.On(func(r *Request) bool { return r.N == n }, 1, fault)
}

// On fails the next requests that match, as many as times; all of them if times
// is negative.
func (f *Faults) On(match Match, times int, fault Fault) {
	f.add(&plan{applies: match.of, left: times, choose: func() Fault { return fault }})
}

// Seeded fails that share of the requests, each with one of the faults. The same
// seed and the same order of requests fail the same requests.
func (f *Faults) Seeded(seed uint64, share float64, faults ...Fault) {
	random := rand.New(rand.NewPCG(seed, seed))
	f.add(&plan{
		applies: func(*Request) bool { return random.Float64() < share },
		left:    -1,
		choose:  func() Fault { return faults[random.IntN(len(faults))] },
	})
}

// Clear removes all planned faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = nil
}

func (f *Faults) add(p *plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = append(f.planned, p)
}

// next returns the fault for a request. The zero Fault has no name and no effect.
func (f *Faults) next(r *Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.planned {
		if p.left != 0 && p.applies(r) {
			p.left = max(p.left-1, -1)
			return p.choose()
		}
	}
	return Fault{}
}
