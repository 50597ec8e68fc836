// Package traffic puts a server in front of a simulated Planhat that sees each request as a
// whole. It finds requests that must never be sent: those with the id of a record that does not
// exist yet, and writes while a plan is made.
package traffic

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// Request is one request.
type Request struct {
	Method, Path, Query string
	Body                []byte
}

func (r Request) String() string {
	text := r.Method + " " + r.Path
	if r.Query != "" {
		text += "?" + r.Query
	}
	if len(r.Body) > 0 {
		text += " " + string(r.Body)
	}
	return text
}

// Writes reports whether the request can change something.
func (r Request) Writes() bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// placeholder is the id of a record that does not exist yet: 24 hexadecimal digits that begin
// with eight zeros.
var placeholder = regexp.MustCompile(`(?i)00000000[0-9a-f]{16}`)

// Placeholder returns the first id in the request of a record that does not exist yet, or "".
func (r Request) Placeholder() string {
	texts := []string{r.Path, r.Query, string(r.Body)}
	if text, err := url.PathUnescape(r.Path); err == nil {
		texts = append(texts, text)
	}
	if text, err := url.QueryUnescape(r.Query); err == nil {
		texts = append(texts, text)
	}
	// The digits of an id may be escaped in JSON.
	if body := jsontext.Value(bytes.Clone(r.Body)); body.Canonicalize() == nil {
		texts = append(texts, string(body))
	}
	for _, text := range texts {
		if id := placeholder.FindString(text); id != "" {
			return id
		}
	}
	return ""
}

// Proxy passes requests on to a simulated Planhat.
type Proxy struct {
	*httptest.Server
	// Before, if it is set, is called with each request before that is carried out. carry carries
	// it out at once, with another writer of the answer. To cut the connection, Before panics with
	// http.ErrAbortHandler.
	Before func(r Request, carry func(http.ResponseWriter))

	mu       sync.Mutex
	planning bool
	requests []Request
	wrong    []string
}

// Start returns a proxy in front of a handler. It ends with the test, which fails if a request
// was wrong and Wrong was not asked.
func Start(t testing.TB, planhat http.Handler) *Proxy {
	t.Helper()
	p := New(planhat)
	t.Cleanup(func() {
		p.Close()
		for _, text := range p.Wrong() {
			t.Error(text)
		}
	})
	return p
}

// New is Start for a proxy that the caller closes.
func New(planhat http.Handler) *Proxy {
	p := &Proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the client is gone
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r := Request{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, body}
		p.see(r)
		if p.Before != nil {
			p.Before(r, func(w http.ResponseWriter) { planhat.ServeHTTP(w, req) })
		}
		planhat.ServeHTTP(w, req)
	}))
	return p
}

func (p *Proxy) see(r Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	if id := r.Placeholder(); id != "" {
		p.wrong = append(p.wrong, fmt.Sprintf("the id %s of a record that does not exist yet was sent: %s", id, r))
	}
	if p.planning && r.Writes() {
		p.wrong = append(p.wrong, "a write was sent while a plan was made: "+r.String())
	}
}

// Planning calls do, in which every write is wrong.
func (p *Proxy) Planning(do func()) {
	p.plans(true)
	defer p.plans(false)
	do()
}

func (p *Proxy) plans(now bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planning = now
}

// Wrong returns the requests that must not have been sent since the last call of it.
func (p *Proxy) Wrong() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	wrong := p.wrong
	p.wrong = nil
	return wrong
}

// Requests returns the requests since the last call of it.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := p.requests
	p.requests = nil
	return requests
}

// Writes counts the requests among some that write.
func Writes(requests []Request) (n int) {
	for _, r := range requests {
		if r.Writes() {
			n++
		}
	}
	return n
}

// Environment are the variables that lead a command to the proxy, with the tokens of the
// simulated Planhat.
func (p *Proxy) Environment(apiToken, tenantToken string) map[string]string {
	return map[string]string{
		"PLANHAT_API_URL": p.URL, "PLANHAT_API_TOKEN": apiToken,
		"PLANHAT_ANALYTICS_URL": p.URL, "PLANHAT_TENANT_TOKEN": tenantToken,
	}
}
