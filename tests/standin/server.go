package standin

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// mostBody is the size of the largest request that a stand-in reads.
const mostBody = 64 << 20

// Server is what stand-ins of all vendors do around their own handler.
type Server struct {
	// Vendor names the files of recorded exchanges; see [Exchange].
	Vendor   string
	Clock    *Clock
	Log      *Log
	Faults   *Faults
	Throttle *Throttle

	mu            sync.Mutex
	before, after []func(*Request)
}

// New returns a Server without hooks and faults.
func New(vendor string, clock *Clock) *Server {
	return &Server{Vendor: vendor, Clock: clock, Log: &Log{}, Faults: &Faults{}, Throttle: NewThrottle(clock)}
}

// Before calls hook before each request is handled, after it was logged. The
// client waits meanwhile, so the hook can change records between two pages or
// end the client's process.
func (s *Server) Before(hook func(*Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = append(s.before[:len(s.before):len(s.before)], hook)
}

// After calls hook when a request has been handled and its answer is not sent
// yet. [Request.Status] is set. It is not called for requests that are not
// handled because of a fault.
func (s *Server) After(hook func(*Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = append(s.after[:len(s.after):len(s.after)], hook)
}

// ClearHooks removes all hooks.
func (s *Server) ClearHooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = nil, nil
}

// hooks returns the hooks of the moment, so that a hook can add or clear some.
func (s *Server) hooks() (before, after []func(*Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.before, s.after
}

// Serve logs the request for the account that account finds, calls the hooks,
// injects faults and lets handle answer. account may be nil, and returns an empty
// string for unknown credentials. handle can read the whole body.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, account func(*http.Request) string, handle http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil { // the client has gone, or sends too much
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	request := &Request{
		At: s.Clock.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Header: r.Header.Clone(), Body: body,
	}
	if account != nil {
		request.Account = account(r)
	}
	s.Log.receive(request)
	before, after := s.hooks()
	for _, hook := range before {
		hook(request)
	}
	fault := s.Faults.next(request)
	request.Fault = fault.name
	a := &answer{header: http.Header{"Date": {s.Clock.Now().Format(http.TimeFormat)}}}
	if fault.instead != nil {
		defer s.Log.answered(request)
		fault.instead(a)
		request.Status = a.status
		a.send(w)
		return
	}
	handle.ServeHTTP(a, r)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	request.Status = a.status
	s.Log.answered(request)
	for _, hook := range after {
		hook(request)
	}
	if fault.send != nil {
		fault.send(w, r, a)
		return
	}
	record(s.Vendor, r, request, a)
	a.send(w)
}

// answer is an answer that is complete before the client gets any of it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// head sends the status and the headers, with the length of the whole body.
func (a *answer) head(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	w.WriteHeader(a.status)
}

func (a *answer) send(w http.ResponseWriter) {
	a.head(w)
	_, _ = w.Write(a.body.Bytes())
}
