package simulator

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// answer is what a handler wants to be sent. It is complete before the first
// byte goes out, so that faults can cut it at will.
type answer struct {
	status      int
	contentType string // "" means JSON
	body        []byte
}

func ok(body []byte) *answer { return &answer{status: http.StatusOK, body: body} }

// failure is a call, or a row of a bulk call, that Planhat refuses.
type failure struct {
	status  int
	message string
	value   bool // a value of the wrong type or outside its list
}

func (f *failure) Error() string { return f.message }

func refuse(status int, message ...string) *failure {
	return &failure{status: status, message: strings.Join(message, "")}
}

func invalid(message ...string) *failure { return refuse(http.StatusBadRequest, message...) }

// errorAnswer writes a failure in the form that the switch error-body names.
func (s *Server) errorAnswer(f *failure) *answer {
	a := &answer{status: f.status}
	switch s.switches[swErrorBody] {
	case "text":
		a.contentType, a.body = "text/plain; charset=utf-8", []byte(f.message)
	case "html":
		a.contentType, a.body = "text/html; charset=utf-8", htmlPage(f.status, f.message)
	default:
		a.body = object("message", quote(f.message), "statusCode", jsontext.Value(itoa(f.status)))
	}
	return a
}

func htmlPage(status int, message string) []byte {
	title := itoa(status) + " " + http.StatusText(status)
	return []byte("<!DOCTYPE html>\n<html><head><title>" + title + "</title></head>\n<body><h1>" +
		title + "</h1><p>" + html.EscapeString(message) + "</p></body></html>\n")
}

// object builds a JSON object from names and raw values, in their order.
func object(pairs ...any) jsontext.Value {
	b := []byte{'{'}
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(pairs[i].(string))...)
		b = append(b, ':')
		b = append(b, pairs[i+1].(jsontext.Value)...)
	}
	return append(b, '}')
}

// array joins raw values.
func array[T ~[]byte](values []T) jsontext.Value {
	size := 2
	for _, v := range values {
		size += len(v) + 1
	}
	b := append(make([]byte, 0, size), '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
	}
	return append(b, ']')
}

func quote(text string) jsontext.Value {
	// The error is about invalid UTF-8, which is replaced.
	b, _ := jsontext.AppendQuote(nil, text)
	return b
}

// gzipFloor is the size below which compression is not worth it.
const gzipFloor = 1024

var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return w
}}

// encode compresses the body where the client and the switch allow it, and
// sets the headers that describe it.
func (s *Server) encode(w http.ResponseWriter, r *http.Request, a *answer) []byte {
	h := w.Header()
	body := a.body
	if len(body) > 0 {
		h.Set("Content-Type", "application/json; charset=utf-8")
		if a.contentType != "" {
			h.Set("Content-Type", a.contentType)
		}
	}
	h.Add("Vary", "Accept-Encoding")
	if len(body) >= gzipFloor && s.switches.is(swGzip, "yes") && acceptsGzip(r) {
		var out bytes.Buffer
		z := compressors.Get().(*gzip.Writer)
		z.Reset(&out)
		_, _ = z.Write(body) // a bytes.Buffer does not fail
		_ = z.Close()
		compressors.Put(z)
		h.Set("Content-Encoding", "gzip")
		body = out.Bytes()
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", itoa(len(body)))
	}
	return body
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}

func (x *exchange) send(a *answer) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body) // a client that went away needs no answer
}

// sendFault answers with the error that a status fault asks for.
func (x *exchange) sendFault(f *Fault) {
	h := x.w.Header()
	switch f.RetryAfter {
	case "", "none":
	case "date":
		h.Set("Retry-After", httpDate(time.Now().Add(time.Second)))
	default:
		h.Set("Retry-After", f.RetryAfter)
	}
	message := "Simulated fault: " + http.StatusText(f.Status)
	if f.Kind == FaultHTML {
		x.send(&answer{status: f.Status, contentType: "text/html; charset=utf-8", body: htmlPage(f.Status, message)})
		return
	}
	x.send(x.server.errorAnswer(refuse(f.Status, message)))
}

// cut ends the connection without an answer, with a TCP reset where the
// connection allows it.
func (x *exchange) cut() {
	x.record()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // without it the client sees an orderly end
	}
	_ = conn.Close()
}

// truncate promises the whole body, sends half of it and ends the connection.
func (x *exchange) truncate(a *answer) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body[:len(body)/2])
	_ = http.NewResponseController(x.w).Flush()
	panic(http.ErrAbortHandler)
}

// drip sends the body in pieces over the given time.
func (x *exchange) drip(a *answer, over time.Duration) {
	body := x.server.encode(x.w, x.r, a)
	x.call.Status = a.status
	x.record()
	x.w.WriteHeader(a.status)
	control := http.NewResponseController(x.w)
	pieces := max(min(20, len(body)), 1)
	step := (len(body) + pieces - 1) / pieces
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := x.w.Write(body[:n]); err != nil {
			return
		}
		_ = control.Flush()
		body = body[n:]
		if !sleep(x.r.Context(), over/time.Duration(pieces)) {
			return
		}
	}
}
