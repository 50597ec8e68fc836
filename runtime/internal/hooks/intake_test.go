package hooks

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/webhook"
	"github.com/phscript/phscript/tests/patience"
)

// named is a webhook of a scheme.
func named(scheme string) config.Webhook {
	own, _ := variableOf(scheme)
	w := config.Webhook{Name: scheme, Scheme: scheme, SecretEnv: own}
	switch scheme {
	case "asknicely", "header", "planhat", webhook.HMAC:
		w.Header = "X-Secret"
	}
	return w
}

func everyScheme() []string { return append(webhook.Schemes(), webhook.HMAC) }

// TestEveryScheme: through a server, the message of each sender is stored before it is
// acknowledged, and once. Changed, old and unsigned ones are refused with nothing but 401.
func TestEveryScheme(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		var list []config.Webhook
		for _, scheme := range everyScheme() {
			list = append(list, named(scheme))
		}
		const body = `{"id": "evt-1", "event_id": "evt-1"}`
		for _, h := range f.use(list...) {
			own, wrong := variableOf(h.Scheme)
			now := f.clock()
			refused := func(why string, r *http.Request) {
				t.Helper()
				status, _, said := f.send(r)
				want := http.StatusUnauthorized
				if h.secretInPath() && status == http.StatusNotFound {
					want = status
				}
				assert.Equal(t, want, status, "%s: %s", h.Scheme, why)
				assert.Equal(t, fmt.Sprintln(want), said, "%s: %s", h.Scheme, why)
			}
			signed := func() *http.Request { return f.signed(h, own, body, "d-1", now) }
			refused("another secret", f.signed(h, wrong, body, "d-1", now))
			k, err := h.open(reader(), now)
			require.NoError(t, err)
			shared, inPath := k.Compares()
			if !shared && !inPath {
				r := signed()
				r.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "1", "2", 1)))
				refused("another body", r)
			}
			if k.Timestamp(webhook.Message{Header: signed().Header}) != "" {
				refused("an old message", f.signed(h, own, body, "d-1", now.Add(-webhook.Tolerance-time.Minute)))
				refused("a message of the future", f.signed(h, own, body, "d-1", now.Add(webhook.Tolerance+time.Minute)))
			}
			if name := k.Header(); name != "" {
				r := signed()
				r.Header.Del(name)
				refused("no signature", r)
				r = signed()
				r.Header.Add(name, r.Header.Get(name))
				refused("two signatures", r)
			}
			assert.Empty(t, f.all(), h.Scheme)

			status, header, said := f.send(signed())
			assert.Equal(t, http.StatusOK, status, "%s: %s", h.Scheme, said)
			require.Len(t, f.all(), 1, h.Scheme)
			if h.Scheme == "salesforce" {
				assert.Contains(t, said, "<Ack>true</Ack>")
				assert.Contains(t, header.Get("Content-Type"), "text/xml")
			} else {
				assert.Empty(t, said)
			}
			status, _, _ = f.send(signed())
			assert.Equal(t, http.StatusOK, status, "a repetition")
			if k.ID(webhook.Message{Header: signed().Header}) != "" && !shared {
				// A message that was seen on its way cannot be made a new one.
				r := f.signed(h, own, body, "d-2", now)
				if k.SignsID() {
					r = signed()
				}
				_, _, _ = f.send(r)
				r = signed()
				for _, name := range []string{"X-GitHub-Delivery", "X-Atlassian-Webhook-Identifier", "X-Zendesk-Webhook-Invocation-Id"} {
					r.Header.Del(name)
				}
				_, _, _ = f.send(r)
			}
			one := f.all()
			require.Len(t, one, 1, h.Scheme)
			assert.Positive(t, one[0].Repeats, h.Scheme)
			assert.Equal(t, own, one[0].Secret)
			assert.NotContains(t, fmt.Sprint(one[0].Header, one[0].Path), secrets[own], "the secret is not stored")
			whole, err := f.events.Get(t.Context(), one[0].ID)
			require.NoError(t, err)
			assert.Equal(t, body, string(whole.Body))
			require.NoError(t, store.Exec(t.Context(), f.db, `DELETE FROM phscript_hook_event`))
		}
		// All that was refused is recorded, without secrets.
		f.intake.flush(t.Context())
		last, err := f.events.Refusals(t.Context(), nil)
		require.NoError(t, err)
		for _, r := range last {
			assert.NotContains(t, r.Reason, long)
			assert.NotEmpty(t, r.Reason)
			assert.Equal(t, "127.0.0.1", r.Address)
		}
		assert.Greater(t, len(last), len(list))
	})
}

// TestWhatTellsEventsApart: ids in bodies, and messages that may be the same a second time.
func TestWhatTellsEventsApart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hooks := f.use(named("planhat"), named("hubspot_v3"), named("zendesk"), plain(), named("google_calendar"), named("salesforce"))
		by := map[string]Hook{}
		for _, h := range hooks {
			by[h.Name] = h
		}
		sent := func(h Hook, body string, change ...func(*http.Request)) int {
			own, _ := variableOf(h.Scheme)
			r := f.signed(h, own, body, "d-1", f.clock())
			for _, c := range change {
				c(r)
			}
			status, _, _ := f.send(r)
			require.Equal(t, http.StatusOK, status)
			list, err := f.events.List(t.Context(), Filter{Hook: h.Name})
			require.NoError(t, err)
			return len(list)
		}
		later := func(d time.Duration) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.now = f.now.Add(d)
		}
		// An automation says the same about a second change.
		assert.Equal(t, 1, sent(by["planhat"], `{"id":"A-1"}`))
		assert.Equal(t, 1, sent(by["planhat"], `{"id":"A-1"}`))
		later(2 * repeatedWithin)
		assert.Equal(t, 2, sent(by["planhat"], `{"id":"A-1"}`))
		// HubSpot counts the attempts in the body.
		assert.Equal(t, 1, sent(by["hubspot_v3"], `[{"eventId":1,"subscriptionId":7,"occurredAt":5,"attemptNumber":0}]`))
		assert.Equal(t, 1, sent(by["hubspot_v3"], `[{"eventId":1,"subscriptionId":7,"occurredAt":5,"attemptNumber":1}]`))
		assert.Equal(t, 2, sent(by["hubspot_v3"], `[{"eventId":1,"subscriptionId":7,"occurredAt":6,"attemptNumber":1}]`))
		// Zendesk's events have ids, and a repetition has another time.
		assert.Equal(t, 1, sent(by["zendesk"], `{"zendesk_event_version":"1","id":"e-1"}`))
		later(time.Minute)
		again := func(r *http.Request) { r.Header.Set("X-Zendesk-Webhook-Invocation-Id", "9") }
		assert.Equal(t, 1, sent(by["zendesk"], `{"zendesk_event_version":"1","id":"e-1"}`, again))
		assert.Equal(t, 2, sent(by["zendesk"], `{"zendesk_event_version":"1","id":"e-2"}`, again))
		// Google numbers the messages of each channel.
		channel := func(id string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("X-Goog-Channel-ID", id) }
		}
		assert.Equal(t, 1, sent(by["google_calendar"], "", channel("a")))
		assert.Equal(t, 1, sent(by["google_calendar"], "", channel("a")))
		assert.Equal(t, 2, sent(by["google_calendar"], "", channel("b")))
		// Salesforce sends notifications with ids.
		outbound := func(id string) string {
			return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><Notification><Id>` + id +
				`</Id><sObject><Id>003</Id></sObject></Notification></notifications></e:Body></e:Envelope>`
		}
		assert.Equal(t, 1, sent(by["salesforce"], outbound("04l1")))
		assert.Equal(t, 1, sent(by["salesforce"], outbound("04l1")))
		assert.Equal(t, 2, sent(by["salesforce"], outbound("04l2")))
		list, err := f.events.List(t.Context(), Filter{Hook: "salesforce"})
		require.NoError(t, err)
		assert.Equal(t, "04l1", list[1].Delivery)
		// An id that is not there must not make different events the same.
		assert.Equal(t, 1, sent(by["plain"], `{"n":1}`))
		assert.Equal(t, 2, sent(by["plain"], `{"n":2}`))
		assert.Equal(t, 3, sent(by["plain"], "not JSON \x00\xff"))
		assert.Equal(t, 4, sent(by["plain"], `{"id":"x\u0000`+strings.Repeat("y", 300)+`"}`))
	})
}

// TestProbes: senders ask whether an address exists, and Salesforce wants its own answer.
func TestProbes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	hooks := f.use(named("surveymonkey"), named("productboard"), named("google_calendar"), named("slack"))
	status, _, _ := f.send(f.request(http.MethodHead, "/hooks/surveymonkey", ""))
	assert.Equal(t, http.StatusOK, status)
	status, header, said := f.send(f.request(http.MethodGet, "/hooks/productboard?validationToken=a%3Cb%3E", ""))
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "a<b>", said)
	assert.Equal(t, []string{plainText, "nosniff"}, []string{header.Get("Content-Type"), header.Get("X-Content-Type-Options")})
	r := f.signed(hooks[2], "SECRET", "", "1", f.clock())
	r.Header.Set("X-Goog-Resource-State", "sync")
	status, _, _ = f.send(r)
	assert.Equal(t, http.StatusOK, status)
	const challenge = `{"type":"url_verification","challenge":"3eZbrw1a"}`
	status, _, said = f.send(f.signed(hooks[3], "SECRET", challenge, "1", f.clock()))
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "3eZbrw1a", said)
	status, _, said = f.send(f.signed(hooks[3], "OTHER", challenge, "1", f.clock()))
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.NotContains(t, said, "3eZbrw1a")
	assert.Empty(t, f.all(), "questions are no events")
	status, header, _ = f.send(f.request(http.MethodDelete, "/hooks/slack", ""))
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	assert.Equal(t, "POST, PUT, PATCH", header.Get("Allow"))
	status, _, _ = f.send(f.request(http.MethodPost, "/hooks/slack/", "{}"))
	assert.Equal(t, http.StatusNotFound, status)
}

// TestLimits: what is too large is refused before it takes memory, and recorded.
func TestLimits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain(func(w *config.Webhook) { w.MaxBody = "64KiB" }))
	send := func(body io.Reader, length int64, change ...func(*http.Request)) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+"/hooks/plain", body)
		require.NoError(t, err)
		r.ContentLength = length
		r.Header.Set("X-Secret", long)
		for _, c := range change {
			c(r)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, nil // the server has closed the connection while the rest was sent
		}
		_ = res.Body.Close()
		return res.StatusCode, res.Header
	}
	packed := func(n int) *bytes.Buffer {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(bytes.Repeat([]byte(" "), n))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return &b
	}
	gzipped := func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }
	zeros := func(n int64) io.Reader { return io.LimitReader(endless{}, n) }
	const gigabyte = 1 << 30
	for name, status := range map[string]int{
		"a gigabyte": first(send(zeros(gigabyte), gigabyte)), "a gigabyte in parts": first(send(zeros(gigabyte), -1)),
		"a byte too many": first(send(zeros(64<<10+1), -1)), "a bomb": first(send(packed(50<<20), -1, gzipped)),
	} {
		assert.Contains(t, []int{http.StatusRequestEntityTooLarge, 0}, status, name)
	}
	assert.Equal(t, http.StatusRequestEntityTooLarge, first(send(packed(50<<20), -1, gzipped)))
	assert.Equal(t, http.StatusUnsupportedMediaType, first(send(strings.NewReader("{}"), -1, gzipped)))
	assert.Equal(t, http.StatusUnsupportedMediaType, first(send(strings.NewReader("{}"), -1, func(r *http.Request) { r.Header.Set("Content-Encoding", "br") })))
	assert.Empty(t, f.all())
	assert.Equal(t, http.StatusOK, first(send(packed(64<<10), -1, gzipped)))
	assert.Equal(t, http.StatusOK, first(send(zeros(64<<10), -1)))
	require.Len(t, f.all(), 2)
	assert.Less(t, f.all()[0].Size, int64(1000), "as it was sent")
	f.intake.flush(t.Context())
	last, err := f.events.Refusals(t.Context(), nil)
	require.NoError(t, err)
	large := 0
	for _, r := range last {
		if r.Status == http.StatusRequestEntityTooLarge {
			large++
			assert.Positive(t, r.Size)
		}
	}
	assert.GreaterOrEqual(t, large, 4)
	assert.True(t, f.intake.memory.TryAcquire(f.intake.most), "all memory is free again")
}

func first(status int, _ http.Header) int { return status }

// endless is a body of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestFull: more than can wait is refused for now, and so is everything if the store cannot
// be written. Nothing is acknowledged that was not stored.
func TestFull(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain(func(w *config.Webhook) { w.MaxWaiting = 3 }))
	for i := range 5 {
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusServiceUnavailable
		}
		assert.Equal(t, want, f.post(fmt.Sprintf(`{"id":"%d"}`, i)), i)
	}
	require.Len(t, f.all(), 3)
	runs := f.pass()
	require.NotEmpty(t, runs)
	patience.Await(t, 20*time.Millisecond, func() bool { return f.post(`{"id":"later"}`) == http.StatusOK }, "there is room again")

	require.NoError(t, f.durable.Close())
	r := f.request(http.MethodPost, "/hooks/plain", `{"id":"lost"}`)
	r.Header.Set("X-Secret", long)
	status, header, said := f.send(r)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "20", header.Get("Retry-After"))
	assert.Equal(t, "503\n", said)
	f.mu.Lock()
	defer f.mu.Unlock()
	assert.Contains(t, f.log.String(), "an event could not be stored")
}

// TestSecretsThatAreNotThere: without a secret, nothing is accepted, and the sender tries
// again.
func TestSecretsThatAreNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain(func(w *config.Webhook) { w.SecretEnv = "UNSET" }))
	assert.Equal(t, http.StatusServiceUnavailable, f.post(`{"id":"1"}`))
	hooks := f.use(plain(func(w *config.Webhook) {
		w.SecretEnv, w.Secrets = "", []config.WebhookSecret{{Env: "OTHER"}, {Env: "SECRET", Until: f.clock().Add(time.Hour).Format(time.RFC3339)}}
	}))
	assert.Equal(t, http.StatusOK, f.post(`{"id":"1"}`))
	assert.Equal(t, "SECRET", f.all()[0].Secret)
	assert.Empty(t, hooks[0].Doubts(reader(), f.clock()))
	f.mu.Lock()
	f.now = f.now.Add(2 * time.Hour)
	f.mu.Unlock()
	assert.Equal(t, http.StatusUnauthorized, f.post(`{"id":"2"}`), "its time is over")
}

// TestReplacedStore: what would go to a file that nobody finds any longer is not
// acknowledged.
func TestReplacedStore(t *testing.T) {
	t.Parallel()
	name := t.TempDir() + "/state.db"
	f := newFixture(t, name)
	f.use(plain())
	require.Equal(t, http.StatusOK, f.post(`{"id":"1"}`))
	require.NoError(t, os.Rename(name, name+".old"))
	assert.Equal(t, http.StatusServiceUnavailable, f.post(`{"id":"2"}`))
	require.NoError(t, os.Rename(name+".old", name))
	assert.Equal(t, http.StatusOK, f.post(`{"id":"2"}`))
}
