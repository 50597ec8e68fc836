package recording

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
)

// Replay answers requests from a recording. It is safe for concurrent use: the order of
// requests does not matter, only how often each was recorded.
type Replay struct {
	file  *File
	name  string
	masks *Masks
	// now is the clock of the run, and start when it started.
	now   func() time.Time
	start time.Time

	mu    sync.Mutex
	used  []bool
	exact map[string][]int
	// missed is the first request that was not recorded.
	missed *planhat.Error
}

// NewReplay returns a Replay of a recording. name is that of its file, and now the clock of
// the run, which starts.
func NewReplay(f *File, name string, m *Masks, now func() time.Time) *Replay {
	r := &Replay{file: f, name: name, masks: m, now: now, start: now(), used: make([]bool, len(f.Exchanges)), exact: map[string][]int{}}
	for i, x := range f.Exchanges {
		r.exact[x.Request.key()] = append(r.exact[x.Request.key()], i)
		m.learnAll(x) // for the hosts
	}
	return r
}

// Header returns the first line of the recording.
func (r *Replay) Header() Header { return r.file.Header }

// Transport returns the transport that answers, whatever would send.
func (r *Replay) Transport(http.RoundTripper) http.RoundTripper { return r }

// RoundTrip implements http.RoundTripper. It fails for a request that was not recorded with
// an error of the kind config, which nobody repeats.
func (r *Replay) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _, err := sentBody(req)
	if err != nil {
		return nil, err
	}
	if req.GetBody != nil && req.Body != nil {
		_ = req.Body.Close()
	}
	asked := Request{Method: req.Method, URL: req.URL.String(), Body: bodyOf(req.Header, body)}
	r.mu.Lock()
	defer r.mu.Unlock()
	plain := asked.clone()
	people := r.masks.People
	r.masks.People = nil // a request may have been made of a response, in which they are replaced
	r.masks.request(&plain)
	r.masks.People = people
	i, found := r.find(&plain)
	if _, grants := asked.Form["grant_type"]; !found && grants {
		return granted().http(req), nil // the recorded run had a token
	}
	if !found {
		missed := r.miss(&plain)
		if r.missed == nil {
			r.missed = missed
		}
		return nil, missed
	}
	r.used[i] = true
	x := r.file.Exchanges[i]
	if x.Response == nil {
		return nil, &planhat.Error{Kind: planhat.KindNetwork, Message: "the recorded request failed: " + x.Failure}
	}
	return x.Response.http(req), nil
}

// find returns the exchange that answers a request: the first that was not used, or, if the
// last one would be repeated, that one.
func (r *Replay) find(asked *Request) (index int, ok bool) {
	repeated := -1
	for _, i := range r.exact[asked.key()] {
		if !r.used[i] {
			return i, true
		}
		repeated = i
	}
	for i, x := range r.file.Exchanges {
		if x.Request.Method != asked.Method || r.used[i] && !x.vain() || len(r.differences(&x.Request, asked)) > 0 {
			continue
		}
		if !r.used[i] {
			return i, true
		}
		repeated = i
	}
	if repeated >= 0 && r.file.Exchanges[repeated].vain() {
		return repeated, true
	}
	return 0, false
}

// granted is the response to a request for a token that was not recorded.
func granted() *Response {
	const token = `{"access_token":"replayed-access-token","refresh_token":"replayed-refresh-token","token_type":"Bearer","expires_in":3600}`
	return &Response{Status: http.StatusOK, Body: Body{Type: "application/json", JSON: []byte(token)}}
}

func (r *Response) http(req *http.Request) *http.Response {
	body := r.bytes()
	header := http.Header{}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	if r.Type != "" {
		header.Set("Content-Type", r.Type)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)), StatusCode: r.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// miss is the error for a request that was not recorded: it names the nearest one and how
// that differs.
func (r *Replay) miss(asked *Request) *planhat.Error {
	e := &planhat.Error{Kind: planhat.KindConfig, Message: fmt.Sprintf("%s has no %s", r.name, asked.shown())}
	nearest, best, count := -1, 0, 0
	for i, x := range r.file.Exchanges {
		differences := r.differences(&x.Request, asked)
		if len(differences) == 0 {
			count++
			continue
		}
		if near := r.nearness(&x.Request, asked, differences); near > best {
			nearest, best = i, near
		}
	}
	again := "if you have changed the script, record it again"
	switch {
	case count > 0:
		e.Message = fmt.Sprintf("%s has %s %s, and the script sent it once more", r.name, asked.shown(), times(count))
		e.Hint = again
	case nearest >= 0:
		x := r.file.Exchanges[nearest]
		differences := r.differences(&x.Request, asked)
		more := ""
		if len(differences) > mostShown {
			more = fmt.Sprintf(", and %d more", len(differences)-mostShown)
			differences = differences[:mostShown]
		}
		e.Hint = fmt.Sprintf("the nearest is line %d, %s, where %s%s; %s", nearest+2, x.Request.shown(), strings.Join(differences, ", "), more, again)
	default:
		e.Hint = again
	}
	return e
}

// mostShown is how many differences a message lists.
const mostShown = 3

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Missed returns the error for the first request that was not recorded, or nil. The script
// may have caught it.
func (r *Replay) Missed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.missed == nil {
		return nil
	}
	return r.missed
}

// Unused returns the requests that were not sent, each with its line.
func (r *Replay) Unused() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, x := range r.file.Exchanges {
		if !r.used[i] {
			list = append(list, fmt.Sprintf("line %d: %s", i+2, x.Request.shown()))
		}
	}
	return list
}
