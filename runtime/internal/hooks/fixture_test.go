package hooks

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/webhook"
	"github.com/phscript/phscript/tests/postgres"
)

const (
	long  = "0123456789abcdef0123456789abcdef01234567"
	other = "another-secret-another-secret-another-secret"
)

// secrets are valid for each scheme, by the names of variables.
var secrets = map[string]string{
	"SECRET": long, "OTHER": other, "STANDARD": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MONKEY": "client123&topsecret",
	"STANDARD_OTHER": "whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldA==", "MONKEY_OTHER": "client123&othersecret",
}

// variableOf names the variables with a secret for a scheme, and with another one.
func variableOf(scheme string) (own, wrong string) {
	switch scheme {
	case "standard":
		return "STANDARD", "STANDARD_OTHER"
	case "surveymonkey":
		return "MONKEY", "MONKEY_OTHER"
	}
	return "SECRET", "OTHER"
}

// fixture is an intake and a handler on one store.
type fixture struct {
	t       *testing.T
	db      *store.DB
	durable *store.DB
	intake  *Intake
	handler *Handler
	events  *Events
	history *history.History
	server  *httptest.Server

	mu   sync.Mutex
	now  time.Time
	jobs int64
	told []Change
	log  bytes.Buffer
}

// onBoth runs a test on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newFixture(t, filepath.Join(t.TempDir(), "state.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newFixture(t, postgres.Start(t).URL()))
	})
}

func newFixture(t *testing.T, location string) *fixture {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	durable, err := db.Durable()
	require.NoError(t, err)
	f := &fixture{t: t, db: db, durable: durable, events: NewEvents(db), history: history.New(db), now: time.Now()}
	log := slog.New(slog.NewTextHandler(lockedWriter{f}, nil))
	f.handler = NewHandler(HandlerOptions{DB: db, Queue: f, Log: log, Tell: func(_ context.Context, _ *store.Tx, c Change) error {
		f.told = append(f.told, c)
		return nil
	}})
	f.intake = NewIntake(IntakeOptions{Durable: durable, DB: db, Reader: reader(), Log: log, Now: f.clock})
	f.server = httptest.NewServer(f.intake)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.intake.Run(ctx) })
	t.Cleanup(func() {
		f.server.Close()
		stop()
		running.Wait()
		require.NoError(t, durable.Close())
		require.NoError(t, db.Close())
	})
	return f
}

func reader() Reader {
	return Reader{Getenv: func(name string) (string, bool) { v, ok := secrets[name]; return v, ok }}
}

type lockedWriter struct{ f *fixture }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.log.Write(p)
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Enqueue implements Queue.
func (f *fixture) Enqueue(context.Context, *store.Tx, int64, time.Duration) (int64, error) {
	f.jobs++
	return f.jobs, nil
}

// use puts webhooks into effect.
func (f *fixture) use(list ...config.Webhook) []Hook {
	f.t.Helper()
	var hooks []Hook
	for _, w := range list {
		if w.Script == "" {
			w.Script = "handle.lua"
		}
		h, err := New(w, config.Webhooks{PublicURL: "https://hooks.example.com"}, "phscript.toml")
		require.NoError(f.t, err)
		hooks = append(hooks, h)
	}
	f.intake.Use(hooks)
	f.handler.Use(hooks, nil, 0)
	return hooks
}

// plain is a webhook without ids, whose events all differ by their bodies.
func plain(change ...func(*config.Webhook)) config.Webhook {
	w := config.Webhook{Name: "plain", Scheme: "header", Header: "X-Secret", SecretEnv: "SECRET", Key: config.Places{"key"}, Dedupe: config.Places{"id"}}
	for _, c := range change {
		c(&w)
	}
	return w
}

// send sends a request and returns the answer.
func (f *fixture) send(r *http.Request) (status int, header http.Header, body string) {
	f.t.Helper()
	res, err := http.DefaultClient.Do(r)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, res.Header, string(text)
}

// post sends a body to the webhook "plain".
func (f *fixture) post(body string) int {
	f.t.Helper()
	r := f.request(http.MethodPost, "/hooks/plain", body)
	r.Header.Set("X-Secret", long)
	status, _, _ := f.send(r)
	return status
}

func (f *fixture) request(method, path, body string) *http.Request {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.server.URL+path, strings.NewReader(body))
	require.NoError(f.t, err)
	return r
}

// signed is a message of a scheme to a webhook, as a request.
func (f *fixture) signed(h Hook, secret, body, id string, at time.Time) *http.Request {
	f.t.Helper()
	v, err := h.verifier([]string{secrets[secret]})
	require.NoError(f.t, err)
	m := webhook.Message{Method: http.MethodPost, URL: "https://hooks.example.com" + h.Path, Header: http.Header{}, Body: []byte(body)}
	to := v.Sign(&m, id, at)
	r := f.request(m.Method, strings.TrimPrefix(to, "https://hooks.example.com"), body)
	r.Header = m.Header
	return r
}

// all returns the stored events, the first one first.
func (f *fixture) all() (list []*Event) {
	f.t.Helper()
	newest, err := f.events.List(f.t.Context(), Filter{})
	require.NoError(f.t, err)
	for _, e := range newest {
		list = append([]*Event{e}, list...)
	}
	return list
}

// pass makes a pass of the handler, and returns the runs that it began with their events.
func (f *fixture) pass() map[int64][]string {
	f.t.Helper()
	before := map[int64]bool{}
	for id := range f.running() {
		before[id] = true
	}
	require.NoError(f.t, f.handler.Pass(f.t.Context()))
	began := map[int64][]string{}
	for id, events := range f.running() {
		if !before[id] {
			began[id] = events
		}
	}
	return began
}

// running returns the events that are in runs.
func (f *fixture) running() map[int64][]string {
	f.t.Helper()
	runs := map[int64][]string{}
	for _, e := range f.all() {
		if e.State == Running {
			runs[e.Run] = append(runs[e.Run], e.Delivery)
		}
	}
	return runs
}

// end ends a run.
func (f *fixture) end(run int64, end history.End) {
	f.t.Helper()
	if end.Status != history.Cancelled {
		claimed, err := f.history.Claim(f.t.Context(), f.db, run, "worker")
		require.NoError(f.t, err)
		require.True(f.t, claimed)
	}
	done, err := f.history.Finish(f.t.Context(), f.db, run, end, map[bool]history.Status{true: history.Queued, false: history.Running}[end.Status == history.Cancelled])
	require.NoError(f.t, err)
	require.True(f.t, done)
}

// due makes the events wait no longer.
func (f *fixture) due() {
	f.t.Helper()
	require.NoError(f.t, store.Exec(f.t.Context(), f.db, `UPDATE phscript_hook_event SET due_at = 0`))
}
