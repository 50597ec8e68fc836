package hooks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// Times of the intake.
const (
	// receiveTime is how long a sender may take to send an event.
	receiveTime = 10 * time.Second
	// keysFor is how long secrets are kept before they are read again.
	keysFor = 15 * time.Second
	// retryAfter is what senders are told when an event cannot be stored now, in seconds.
	retryAfter = 20
	// flushEvery is how often refusals are stored, and what waits is counted.
	flushEvery = time.Second
	// leastPiece and piece are how much of a body is read at a time: little at first, since
	// there may be many slow senders.
	leastPiece, piece = 1 << 10, 32 << 10
)

// Intake takes events over HTTP. It is safe for concurrent use.
type Intake struct {
	events *Events
	writer *writer
	reader Reader
	log    *slog.Logger
	// arrived is called after events were stored.
	arrived func()
	now     func() time.Time
	memory  *semaphore.Weighted
	most    int64

	// flushing is held while refusals are stored, so that after a flush all are.
	flushing sync.Mutex

	mu      sync.Mutex
	hooks   map[string]*intakeHook // by path
	refused map[string]*refusals
	meters  map[string]*meter
	noticed map[notice]bool
}

// intakeHook is a webhook at work.
type intakeHook struct {
	Hook
	mu sync.Mutex
	// keys are the secrets as they were read at the time opened, keysErr why they cannot be
	// used.
	keys    *keyring
	keysErr error
	opened  time.Time
	// waiting and bytes are the events that wait and their bodies, as far as is known.
	waiting, bytes int64
}

// IntakeOptions configure an Intake.
type IntakeOptions struct {
	// Durable is a store whose transactions survive a power failure, DB the usual one.
	Durable, DB *store.DB
	Reader      Reader
	Log         *slog.Logger
	// Arrived, if set, is called after events were stored.
	Arrived func()
	// Now is the clock of this machine, nil for the system's.
	Now func() time.Time
	// MaxMemory bounds the bodies that are being received, 0 for the default.
	MaxMemory int64
}

// NewIntake returns an intake without webhooks. Run stores what it takes.
func NewIntake(o IntakeOptions) *Intake {
	in := &Intake{
		events: NewEvents(o.DB), writer: &writer{db: o.Durable, arrivals: make(chan arrival), stopped: make(chan struct{})}, reader: o.Reader, log: o.Log, arrived: o.Arrived, now: o.Now,
		hooks: map[string]*intakeHook{}, refused: map[string]*refusals{}, meters: map[string]*meter{}, noticed: map[notice]bool{},
	}
	if in.now == nil {
		in.now = time.Now
	}
	in.most = o.MaxMemory
	if in.most <= 0 {
		in.most = DefaultMaxMemory
	}
	in.memory = semaphore.NewWeighted(in.most)
	return in
}

// Use makes the intake take the events of these webhooks, and of no others.
func (in *Intake) Use(hooks []Hook) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.hooks = map[string]*intakeHook{}
	for _, h := range hooks {
		if h.Active() {
			in.hooks[h.Path] = &intakeHook{Hook: h}
		}
	}
}

// Run stores events and refusals until ctx ends.
func (in *Intake) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { in.writer.run(ctx) })
	both.Go(func() {
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			in.flush(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
				last, done := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
				defer done()
				in.flush(last)
				return
			}
		}
	})
	both.Wait()
}

// find returns the webhook of a path. The addresses of some have a secret at the end.
func (in *Intake) find(path string) *intakeHook {
	in.mu.Lock()
	defer in.mu.Unlock()
	if h := in.hooks[path]; h != nil {
		return h
	}
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		if h := in.hooks[path[:at]]; h != nil && h.secretInPath() {
			return h
		}
	}
	return nil
}

// secretInPath reports whether the address of the webhook ends with its secret.
func (h *Hook) secretInPath() bool { return h.Scheme == "aha" || h.Scheme == "salesforce" }

// keyring returns the secrets of a webhook.
func (in *Intake) keyring(h *intakeHook) (*keyring, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := in.now(); h.opened.IsZero() || now.Sub(h.opened).Abs() > keysFor {
		h.keys, h.keysErr = h.open(in.reader, now)
		h.opened = now
	}
	return h.keys, h.keysErr
}

// refusal is an answer other than 200.
type refusal struct {
	status int
	reason string
	// quiet refusals are not recorded: nobody has sent an event.
	quiet bool
}

func (r *refusal) Error() string { return r.reason }

// ServeHTTP implements http.Handler.
func (in *Intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	// The body must arrive in time, also behind a server with other limits.
	_ = http.NewResponseController(w).SetReadDeadline(began.Add(receiveTime))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	h := in.find(r.URL.Path)
	if h == nil {
		in.refuse(w, r, "", &refusal{status: http.StatusNotFound, reason: "no webhook has this path"}, 0)
		return
	}
	answer, err := in.take(w, r, h)
	var no *refusal
	switch {
	case errors.As(err, &no):
		in.refuse(w, r, h.Name, no, answer.size)
	case err != nil:
		in.log.Error("an event could not be stored", "webhook", h.Name, "reason", err.Error())
		in.refuse(w, r, h.Name, &refusal{status: http.StatusServiceUnavailable, reason: "the store could not be written"}, answer.size)
	default:
		if answer.kind != "" {
			w.Header().Set("Content-Type", answer.kind)
		}
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, answer.text)
		if answer.event {
			in.meter(h.Name).observe(answer.again, time.Since(began))
		}
	}
}

// answer is what a sender gets.
type answer struct {
	kind, text string
	size       int64
	// event reports whether it answers an event, and again whether that is a repetition.
	event, again bool
}

// take takes one event, or answers a question of the sender.
func (in *Intake) take(w http.ResponseWriter, r *http.Request, h *intakeHook) (a answer, err error) {
	if a, ok := h.probe(r); ok {
		return a, nil
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		w.Header().Set("Allow", "POST, PUT, PATCH")
		return a, &refusal{status: http.StatusMethodNotAllowed, reason: "the method is " + r.Method, quiet: r.Method == http.MethodGet || r.Method == http.MethodOptions}
	}
	keys, err := in.keyring(h)
	if err != nil {
		return a, &refusal{status: http.StatusServiceUnavailable, reason: err.Error()}
	}
	if full := h.full(); full != "" {
		return a, &refusal{status: http.StatusServiceUnavailable, reason: full}
	}
	body, release, err := in.read(w, r, h.MaxBody)
	defer func() { release() }()
	if a.size = int64(len(body)); err != nil {
		if _, ok := errors.AsType[*refusal](err); ok && a.size == 0 {
			a.size = max(0, r.ContentLength)
		}
		return a, err
	}
	m := webhook.Message{Method: r.Method, URL: h.address(r), Header: r.Header, Body: body}
	secret, err := keys.Match(m, in.now())
	if err != nil {
		return a, &refusal{status: http.StatusUnauthorized, reason: err.Error()}
	}
	plain, free, err := in.inflated(r.Header, body, h.MaxBody)
	defer func() { free() }()
	if err != nil {
		return a, err
	}
	p := &parts{header: r.Header, body: plain}
	if a, ok := h.question(r, p); ok {
		return a, nil
	}
	id := h.identify(keys, m, p, in.now())
	e := &Event{
		Hook: h.Name, Delivery: id.id, before: id.before, content: id.content, Key: h.keyOf(p), Address: remote(r), Method: r.Method,
		Path: h.shownPath(r), Header: kept(r.Header, keys), Body: body, Secret: keys.names[secret],
	}
	if !id.varies {
		e.digest = contentHash("", plain)
	}
	if a.again, err = in.writer.store(r.Context(), e); err != nil {
		return a, err
	}
	in.warn(h, e, p)
	h.add(int64(len(body)), a.again)
	if !a.again && in.arrived != nil {
		in.arrived()
	}
	a.event = true
	a.kind, a.text = h.acknowledgement()
	return a, nil
}

// keyOf is what an event has in common with those that are handled in order with it.
func (h *Hook) keyOf(p *parts) string {
	values, ok := p.all(h.key)
	if !ok {
		return ""
	}
	return shortened(textOf(values, ":"))
}

// address is the address of a request as its sender knows it.
func (h *Hook) address(r *http.Request) string {
	query := ""
	if r.URL.RawQuery != "" {
		query = "?" + r.URL.RawQuery
	}
	if h.PublicURL == "" {
		return r.URL.EscapedPath() + query
	}
	return h.PublicURL + strings.TrimPrefix(r.URL.EscapedPath(), h.Path) + query
}

// shownPath is the path of a request without its secret.
func (h *Hook) shownPath(r *http.Request) string {
	path := h.Path
	if h.secretInPath() {
		path += "/*"
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return storable(path)
}

// read reads a body of at most so many bytes, and counts it until release is called.
func (in *Intake) read(w http.ResponseWriter, r *http.Request, most int64) (body []byte, release func(), err error) {
	held := int64(0)
	release = func() { in.memory.Release(held) }
	tooLarge := &refusal{status: http.StatusRequestEntityTooLarge, reason: "the body has more than " + strconv.FormatInt(most, 10) + " bytes"}
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return nil, release, tooLarge
	}
	body = []byte{}
	from := http.MaxBytesReader(w, r.Body, most)
	buffer := make([]byte, leastPiece)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !in.memory.TryAcquire(int64(n)) {
				w.Header().Set("Connection", "close")
				return body, release, &refusal{status: http.StatusServiceUnavailable, reason: "too many events arrive at once"}
			}
			held += int64(n)
			body = append(body, buffer[:n]...)
			if n == len(buffer) && n < piece { // the sender is fast
				buffer = make([]byte, 2*n)
			}
		}
		var large *http.MaxBytesError
		var timeout net.Error
		switch {
		case errors.Is(err, io.EOF):
			return body, release, nil
		case errors.As(err, &large):
			return body, release, tooLarge
		case errors.As(err, &timeout) && timeout.Timeout():
			return body, release, &refusal{status: http.StatusRequestTimeout, reason: "the sender took longer than " + receiveTime.String()}
		case err != nil:
			return body, release, &refusal{status: http.StatusBadRequest, reason: "the sender broke the connection"}
		}
	}
}

// remote is where a request comes from.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// full says why a webhook takes no more events for now, or "".
func (h *intakeHook) full() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting >= int64(h.MaxWaiting) {
		return "too many events wait: " + strconv.FormatInt(h.waiting, 10)
	}
	if h.bytes >= mostBytes {
		return "the events that wait take too much space: " + strconv.FormatInt(h.bytes>>20, 10) + " MiB"
	}
	return ""
}

// mostBytes is what the bodies of the events may take that wait for one webhook.
const mostBytes = 1 << 30

func (h *intakeHook) add(bytes int64, again bool) {
	if again {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting++
	h.bytes += bytes
}

func (h *intakeHook) setWaiting(n, bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting, h.bytes = n, bytes
}
