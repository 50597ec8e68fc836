// Package wire shows the HTTP requests of a run and their answers, without secrets.
package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// mostBody is how much is shown of a body, and mostValue of a header, in bytes.
const (
	mostBody  = 2 << 10
	mostValue = 300
)

// Trace writes a line for each request and one for its answer. It is safe for concurrent
// use.
type Trace struct {
	// Secrets are those of the run.
	Secrets *redact.Secrets
	// Now is the time of lines.
	Now func() time.Time

	mu    sync.Mutex
	w     io.Writer
	count atomic.Int64
	found found
}

// New returns a trace that writes to w.
func New(w io.Writer, secrets *redact.Secrets, now func() time.Time) *Trace {
	return &Trace{Secrets: secrets, Now: now, w: w}
}

// Transport returns a transport that shows what it passes to next.
func (t *Trace) Transport(next http.RoundTripper) http.RoundTripper { return &transport{t, next} }

type transport struct {
	trace *Trace
	next  http.RoundTripper
}

// CloseIdleConnections does so for the transport inside.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	number := t.trace.count.Add(1)
	req, sent := begun(req)
	t.trace.write(number, '>', req.Method+" "+t.trace.address(req), req.Header, sent)
	began := time.Now()
	res, err := t.next.RoundTrip(req)
	if err != nil {
		t.trace.write(number, '<', "failed after "+took(began)+": "+err.Error(), nil, body{})
		return nil, err
	}
	res.Body = &answer{ReadCloser: res.Body, trace: t.trace, number: number, began: began, res: res}
	return res, nil
}

// begun returns the request to send, and the beginning of its body.
func begun(req *http.Request) (*http.Request, body) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, body{}
	}
	from := req.Body
	if req.GetBody != nil {
		again, err := req.GetBody()
		if err != nil {
			return req, body{size: req.ContentLength}
		}
		defer func() { _ = again.Close() }()
		from = again
	}
	text := make([]byte, mostBody+1)
	n, err := io.ReadFull(from, text)
	text = text[:n]
	if req.GetBody == nil {
		var rest io.Reader = from
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			rest = failing{err}
		}
		sent := *req
		sent.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(string(text)), rest), req.Body}
		req = &sent
	}
	size := req.ContentLength
	if size <= 0 && n <= mostBody {
		size = int64(n)
	}
	return req, body{text: text, size: size, kind: req.Header.Get("Content-Type")}
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// body is the beginning of a body, with more than mostBody bytes if it is cut. size is 0 if
// it is not known.
type body struct {
	text []byte
	size int64
	kind string
}

// answer is a body that is shown when it was read to its end, or closed.
type answer struct {
	io.ReadCloser
	trace  *Trace
	number int64
	began  time.Time
	res    *http.Response
	text   []byte
	size   int64
	failed error
	once   sync.Once
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if room := mostBody + 1 - len(a.text); room > 0 {
		a.text = append(a.text, p[:min(n, room)]...)
	}
	a.size += int64(n)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			a.failed = err
		}
		a.show()
	}
	return n, err
}

func (a *answer) Close() error {
	a.show()
	return a.ReadCloser.Close()
}

func (a *answer) show() {
	a.once.Do(func() {
		text := a.res.Status + " in " + took(a.began)
		if a.failed != nil {
			text += ", and the answer broke off: " + a.failed.Error()
		}
		if a.res.Header.Get("Content-Encoding") == "gzip" {
			a.text = unzipped(a.text)
		}
		a.trace.write(a.number, '<', text, a.res.Header, body{a.text, a.size, a.res.Header.Get("Content-Type")})
	})
}

// unzipped returns the beginning of what was compressed.
func unzipped(text []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return text
	}
	out := make([]byte, mostBody+1)
	n, _ := io.ReadFull(r, out) // the rest is missing
	return out[:n]
}

func took(began time.Time) string { return time.Since(began).Round(time.Millisecond).String() }

// write writes a line.
func (t *Trace) write(number int64, direction rune, text string, h http.Header, b body) {
	t.found.inHeader(h)
	t.found.inBody(b)
	var line strings.Builder
	fmt.Fprintf(&line, "%s #%d %c %s", t.Now().Format("15:04:05.000"), number, direction, t.hide(text))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			fmt.Fprintf(&line, "  %s: %s", name, t.header(name, value))
		}
	}
	if b.size > 0 || len(b.text) > 0 {
		line.WriteString("  " + t.body(b))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.w, display.OneLine(line.String())+"\n") // a trace must not end the run
}

// hide replaces secrets in a text.
func (t *Trace) hide(text string) string { return t.found.hide(t.Secrets.String(text)) }

// header returns the value of a header as it is shown.
func (t *Trace) header(name, value string) string {
	if redact.SecretName(name) {
		if scheme, _, ok := strings.Cut(value, " "); ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic")) {
			return scheme + " " + redact.Mark
		}
		return redact.Mark
	}
	if value = t.hide(value); len(value) > mostValue {
		value = strings.ToValidUTF8(value[:mostValue], "") + "…"
	}
	return value
}

// body returns a body as it is shown: at most mostBody bytes, and its size.
func (t *Trace) body(b body) string {
	size := ""
	if b.size > 0 {
		size = humanize.IBytes(uint64(b.size))
	}
	cut := len(b.text) > mostBody
	text := b.text[:min(len(b.text), mostBody)]
	for cut && len(text) > 0 && !utf8.RuneStart(b.text[len(text)]) {
		text = text[:len(text)-1]
	}
	if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return strings.TrimSpace("(binary, " + size + ")")
	}
	shown := masked(string(text), b.kind)
	if cut {
		shown = t.found.hide(t.Secrets.Beginning(shown)) + "…"
	} else {
		shown = t.hide(shown)
	}
	if cut || len(text) > 100 {
		shown += " (" + size + ")"
	}
	return strings.Replace(shown, " ()", "", 1)
}
