package plan

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/phscript/phscript/planhat"
)

// Placeholder ids look like those of Planhat: 24 hexadecimal digits. The first eight are
// zeros, which no real id has: they are the time of its making. Then come eight that are
// random for each run, and a counter.
const (
	idDigits     = 24
	noTime       = "00000000"
	randomDigits = 8
)

// mark returns the beginning of a run's placeholders.
func mark() string {
	b := make([]byte, randomDigits/2)
	_, _ = rand.Read(b) // it never fails
	return noTime + hex.EncodeToString(b)
}

// id returns the n-th placeholder.
func (r *Run) id(n int) string { return fmt.Sprintf("%s%08x", r.mark, n) }

// placeholder reports whether an id is one of the run's placeholders.
func (r *Run) placeholder(id string) bool {
	return len(id) == idDigits && strings.HasPrefix(id, r.mark)
}

// placeholders appends those in a text.
func (r *Run) placeholders(ids []string, text []byte) []string {
	for {
		_, rest, found := bytes.Cut(text, []byte(r.mark))
		if !found {
			return ids
		}
		if n := idDigits - len(r.mark); len(rest) >= n {
			ids = append(ids, r.mark+string(rest[:n]))
		}
		text = rest
	}
}

// Beginning is how the JSON of each planned record begins.
func (r *Run) Beginning() string { return `{"_id":"` + r.mark }

// Model names the model of a planned record, given its JSON.
func (r *Run) Model(text []byte) string {
	id := planhat.Record(text).ID()
	for _, p := range r.all() {
		p.mu.Lock()
		for name, t := range p.tables {
			if t.byID[id] != nil {
				p.mu.Unlock()
				return name
			}
		}
		p.mu.Unlock()
	}
	return "record"
}

// errPlaceholder returns the error of a request that has a placeholder.
func errPlaceholder() error {
	return &planhat.Error{Kind: planhat.KindNotFound, Message: "the request has the id of a record that does not exist yet, so the dry run did not send it"}
}

// Guard returns a transport that sends no request that has a placeholder in its address or
// body.
func (r *Run) Guard(next http.RoundTripper) http.RoundTripper {
	return &guard{text: r.mark, active: r.active, refusal: errPlaceholder, next: next}
}

// Without returns a transport that sends no request that has a text, such as the beginning of
// the placeholders of a plan, in its address or body. It fails with refusal instead.
func Without(text string, refusal func() error, next http.RoundTripper) http.RoundTripper {
	return &guard{text: text, active: func() bool { return text != "" }, refusal: refusal, next: next}
}

// guard refuses requests that have a text while it is active.
type guard struct {
	text    string
	active  func() bool
	refusal func() error
	next    http.RoundTripper
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !g.active() {
		return g.next.RoundTrip(req)
	}
	found := strings.Contains(req.URL.Path, g.text) || strings.Contains(req.URL.RawQuery, g.text)
	if !found && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		_ = body.Close()
		if err != nil {
			return nil, err
		}
		found = bytes.Contains(text, []byte(g.text))
	}
	if found {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, g.refusal()
	}
	return g.next.RoundTrip(req)
}

// CloseIdleConnections closes those of the transport that sends.
func (g *guard) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
