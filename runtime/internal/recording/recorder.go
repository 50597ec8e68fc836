package recording

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

// mostKept is how many bytes of requests and responses a recording has at most. They stay
// in memory until the run has ended.
const mostKept = 64 << 20

// ErrTooLarge is the error for a run that sends and receives too much.
var ErrTooLarge = errors.New("the run sent and received more than 64 MiB, which is too much for a recording")

// Recorder keeps what is sent through its transports. It is safe for concurrent use.
type Recorder struct {
	mu     sync.Mutex
	list   []*taken
	kept   int
	tooBig bool
}

// taken is an exchange as it was.
type taken struct {
	Exchange
	// header are those of the request and of the response, with secrets.
	header [2]http.Header
}

// Transport returns a transport that sends through next, and keeps what it sends.
func (r *Recorder) Transport(next http.RoundTripper) http.RoundTripper { return &tape{r, next} }

type tape struct {
	*Recorder
	next http.RoundTripper
}

// CloseIdleConnections closes those of the transport that sends.
func (t *tape) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t *tape) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, out, err := sentBody(req)
	if err != nil {
		return nil, err
	}
	x := &taken{Exchange: Exchange{Request: Request{Method: req.Method, URL: req.URL.String(), Body: bodyOf(req.Header, sent)}}}
	x.header[0] = req.Header.Clone()
	if !t.add(x, len(sent)) {
		return t.next.RoundTrip(out)
	}
	res, err := t.next.RoundTrip(out)
	if err != nil {
		t.mu.Lock()
		x.Failure = err.Error()
		t.mu.Unlock()
		return nil, err
	}
	body, readErr := io.ReadAll(io.LimitReader(res.Body, mostKept+1))
	rest := res.Body
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), failing(readErr, rest)), rest}
	t.mu.Lock()
	defer t.mu.Unlock()
	if readErr != nil {
		x.Failure = readErr.Error()
		return res, nil
	}
	t.keep(len(body))
	x.header[1] = res.Header.Clone()
	x.Response = &Response{Status: res.StatusCode, Body: bodyOf(res.Header, unzipped(res.Header, body))}
	return res, nil
}

// failing returns what follows the part of a body that was read: the error, or the rest.
func failing(err error, rest io.Reader) io.Reader {
	if err == nil {
		return rest
	}
	return errorReader{err}
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

// add keeps an exchange, unless there is too much.
func (r *Recorder) add(x *taken, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keep(size + len(x.Request.URL)); r.tooBig {
		r.list = nil
		return false
	}
	r.list = append(r.list, x)
	return true
}

func (r *Recorder) keep(size int) {
	r.kept += size
	r.tooBig = r.tooBig || r.kept > mostKept
}

// sentBody returns the body of a request, and the request to send.
func sentBody(req *http.Request) (body []byte, out *http.Request, err error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, req, nil
	}
	if req.GetBody != nil {
		again, err := req.GetBody()
		if err != nil {
			return nil, nil, err
		}
		body, err = io.ReadAll(again)
		return body, req, errors.Join(err, again.Close())
	}
	body, err = io.ReadAll(req.Body)
	if err = errors.Join(err, req.Body.Close()); err != nil {
		return nil, nil, err
	}
	out = req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	return body, out, nil
}

// dropped are the headers of responses that say nothing to a script, or ask it to wait.
var dropped = []string{
	"Age", "Alt-Svc", "Cf-Cache-Status", "Cf-Ray", "Connection", "Content-Encoding", "Content-Length", "Content-Security-Policy", "Date", "Keep-Alive", "Nel",
	"Report-To", "Retry-After", "Server", "Server-Timing", "Strict-Transport-Security", "Transfer-Encoding", "Vary", "Via", "X-Powered-By", "X-Runtime",
}

// forgotten reports whether a recording leaves a header out.
func forgotten(name string) bool {
	lower := strings.ToLower(name)
	for _, d := range dropped {
		if strings.EqualFold(d, name) {
			return true
		}
	}
	for _, part := range []string{"ratelimit", "rate-limit", "request-id", "trace", "correlation"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// File returns what was recorded, and teaches masks the secrets in it. It leaves out attempts
// that were repeated, since a replay does not wait.
func (r *Recorder) File(h Header, m *Masks) (*File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tooBig {
		return nil, ErrTooLarge
	}
	f := &File{Header: h}
	later := map[string]bool{}
	keep := make([]bool, len(r.list))
	for i := len(r.list) - 1; i >= 0; i-- {
		x := r.list[i]
		k := x.Request.Method + " " + x.Request.URL + " " + string(x.Request.bytes())
		repeated := later[k] && x.vain()
		keep[i] = !repeated && (x.Response != nil || x.Failure != "")
		later[k] = true
	}
	for i, x := range r.list {
		m.learn(x)
		if !keep[i] {
			continue
		}
		if x.Response != nil {
			x.Response.Headers = map[string]string{}
			for name, values := range x.header[1] {
				if !forgotten(name) && name != "Content-Type" {
					x.Response.Headers[name] = strings.Join(values, ", ")
				}
			}
		}
		f.Exchanges = append(f.Exchanges, &x.Exchange)
	}
	return f, nil
}

// vain reports whether clients repeat a request after such an end.
func (x *Exchange) vain() bool {
	return x.Response == nil || x.Response.Status == http.StatusTooManyRequests || x.Response.Status >= http.StatusInternalServerError
}
