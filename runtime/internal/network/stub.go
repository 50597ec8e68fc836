package network

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/phscript/phscript/bindings"
)

// Stubs answer requests in place of other systems. The zero value is ready, and safe for
// concurrent use.
type Stubs struct {
	mu   sync.Mutex
	list []*stub
	seen []bindings.SeenRequest
	held []bindings.Message
}

type stub struct {
	bindings.Stub
	used int
}

// mostSeen is how many bytes of a request's body are kept.
const mostSeen = 1 << 20

// Stub answers matching requests from now on; the last one that matches answers. It
// fails unless all requests are answered by stubs.
func (n *Network) Stub(s bindings.Stub) error {
	if n.options.Stubs == nil {
		return &Refusal{
			Message: "http.stub only works in tests and with --simulate, because other runs reach the real system",
			Hint:    "run the script with --simulate, or call http.stub only if run.simulated",
			Kind:    "config",
		}
	}
	n.options.Stubs.mu.Lock()
	defer n.options.Stubs.mu.Unlock()
	n.options.Stubs.list = append(n.options.Stubs.list, &stub{Stub: s})
	return nil
}

// Stubbed reports whether stubs answer all requests.
func (n *Network) Stubbed() bool { return n.options.Stubs != nil }

// Seen returns the requests that stubs have answered.
func (n *Network) Seen() []bindings.SeenRequest {
	if n.options.Stubs == nil {
		return nil
	}
	n.options.Stubs.mu.Lock()
	defer n.options.Stubs.mu.Unlock()
	return slices.Clone(n.options.Stubs.seen)
}

// Part returns a function that forgets the stubs and requests since the call of Part.
func (s *Stubs) Part() (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stubs, seen, held := len(s.list), len(s.seen), len(s.held)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.list, s.seen, s.held = s.list[:stubs:stubs], s.seen[:seen:seen], s.held[:held:held]
	}
}

// RoundTrip answers a request.
func (s *Stubs) RoundTrip(req *http.Request) (*http.Response, error) {
	seen := bindings.SeenRequest{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
	if req.Body != nil {
		body, err := io.ReadAll(io.LimitReader(req.Body, mostSeen))
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		seen.Body = body
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, seen)
	for i := len(s.list) - 1; i >= 0; i-- {
		stub := s.list[i]
		if !stub.matches(req) || stub.Times > 0 && stub.used >= stub.Times {
			continue
		}
		stub.used++
		if stub.Failure != "" {
			return nil, fmt.Errorf("%s", stub.Failure)
		}
		header := stub.Header.Clone()
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{
			Status: fmt.Sprintf("%d %s", stub.Status, http.StatusText(stub.Status)), StatusCode: stub.Status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
			Body: io.NopCloser(bytes.NewReader(stub.Body)), ContentLength: int64(len(stub.Body)), Request: req,
		}, nil
	}
	return nil, &Refusal{
		Message: fmt.Sprintf("no stub answers %s %s, and tests and --simulate reach no other system", req.Method, shown(req.URL)),
		Hint:    fmt.Sprintf("add http.stub{ method = %q, url = %q, json = {} } before the request", req.Method, shown(req.URL)),
		Kind:    "not_found",
	}
}

// matches compares the method, and the address without its parameters unless the stub
// names some. A * in the stub's address stands for any text between slashes.
func (s *stub) matches(req *http.Request) bool {
	if s.Method != "" && !strings.EqualFold(s.Method, req.Method) {
		return false
	}
	url := shown(req.URL)
	if strings.Contains(s.URL, "?") {
		url = req.URL.String()
	}
	if url == s.URL || strings.TrimSuffix(url, "/") == strings.TrimSuffix(s.URL, "/") {
		return true
	}
	ok, err := path.Match(strings.NewReplacer("?", `\?`, "[", `\[`).Replace(s.URL), url)
	return err == nil && ok
}
