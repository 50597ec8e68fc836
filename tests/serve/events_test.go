package serve

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

var (
	eventsFor = flag.Duration("events.for", 4*time.Second, "how long TestEventsSurvive sends events")
	eventsPer = flag.Int("events.per-second", 500, "how many events TestEventsSurvive sends per second")
)

const hookSecret = "0123456789abcdef0123456789abcdef"

// counting notes for each key the last event, in one transaction for all events of the run.
// An event that comes too early would show as a gap, one that comes again as a line.
const counting = `
local webhook = require "webhook"
local seen = require("state").open("seen")
local last, gaps, again = {}, 0, 0
for _, event in ipairs(webhook.events()) do
  local key, n = event.key, event.body.n
  last[key] = last[key] or seen:get(key) or 0
  if n == last[key] + 1 then
    last[key] = n
  elseif n <= last[key] then
    again = again + 1
  else
    gaps = gaps + 1
  end
end
seen:set_all(last)
if gaps > 0 then fs.write("out/gaps.txt", gaps .. "\n", { append = true }) end
for _ = 1, again do fs.write("out/again.txt", "again\n", { append = true }) end
`

const showing = `
local seen = require("state").open("seen")
local all = {}
for _, key in ipairs(seen:keys()) do all[key] = seen:get(key) end
print(json.encode(all))
`

// port returns a free port.
func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// sender sends the events of one key in order, each until it is acknowledged.
type sender struct {
	address, key string
	every        time.Duration
	last         int
	took         []time.Duration
}

// run sends so many events, on time or as soon as the one before was acknowledged, and more until
// it has seen the worst.
func (s *sender) run(events int, seen *atomic.Bool) {
	client := &http.Client{Timeout: 30 * time.Second}
	began := time.Now()
	for n := 1; n <= events || !seen.Load(); n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * s.every)))
		body := fmt.Appendf(nil, `{"key":%q,"n":%d,"fill":%q}`, s.key, n, strings.Repeat("x", 1000))
		mac := hmac.New(sha256.New, []byte(hookSecret))
		_, _ = mac.Write(body)
		for s.last < n {
			request, err := http.NewRequest(http.MethodPost, s.address, bytes.NewReader(body))
			if err != nil {
				return
			}
			request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
			request.Header.Set("X-GitHub-Delivery", fmt.Sprintf("%s-%d", s.key, n))
			request.Header.Set("Content-Type", "application/json")
			sent := time.Now()
			res, err := client.Do(request)
			if err == nil {
				_ = res.Body.Close()
			}
			if err == nil && res.StatusCode == http.StatusOK {
				s.took = append(s.took, time.Since(sent))
				s.last = n
			} else {
				time.Sleep(50 * time.Millisecond) // as senders do
			}
		}
	}
}

// powerFails lets the power fail for a service, nil where that cannot be simulated.
var powerFails func(s *service)

// TestEventsSurvive: every event that was acknowledged is handled, in the order of its key, and
// counts once, although the service is killed meanwhile, and then the power fails. Of
// PostgreSQL, only the server crashes, one that does not wait for the disk by itself.
func TestEventsSurvive(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		w := newFixture(t, "")
		if powerFails == nil {
			w.survives(func(s *service) *service { s.kill(); return w.serve() })
			return
		}
		w.watch()
		w.survives(func(s *service) *service { powerFails(s); return w.serve() })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		cluster := postgres.Start(t)
		db := history.Open(t, cluster.URL())
		for _, setting := range []string{"synchronous_commit = off", "wal_writer_delay = '10s'"} {
			_, err := db.ExecContext(t.Context(), "ALTER SYSTEM SET "+setting)
			require.NoError(t, err)
		}
		cluster.Stop()
		cluster.Start()
		newFixture(t, cluster.URL()).survives(func(s *service) *service {
			s.says("PostgreSQL runs with fsync turned off") // as the tests do, to be fast
			cluster.Stop()
			cluster.Start()
			return s
		})
	})
}

// survives sends events to a service that is killed, and to which worse happens later. fails
// returns the service that works after that.
func (w *fixture) survives(fails func(s *service) *service) {
	t := w.t
	const keys, batch, atOnce = 20, 100, 2
	at := port(t)
	w.env = append(w.env, "HOOK_SECRET="+hookSecret)
	w.file("count.lua", counting)
	w.file("show.lua", showing)
	w.file("phscript.toml", fmt.Sprintf(`
[webhooks]
listen = "127.0.0.1:%d"

[[webhook]]
name       = "changes"
script     = "count.lua"
scheme     = "github"
secret_env = "HOOK_SECRET"
key        = "key"
batch      = %d
within     = "200ms"
at_once    = %d
retry_pause = "1s"
`, at, batch, atOnce))
	s := w.serve()
	s.says("serving")
	began, every := time.Now(), keys*time.Second/time.Duration(*eventsPer)
	events := int(*eventsFor / every)
	senders := make([]*sender, keys)
	var sending sync.WaitGroup
	var seen atomic.Bool
	for i := range senders {
		one := &sender{address: fmt.Sprintf("http://127.0.0.1:%d/hooks/changes", at), key: fmt.Sprintf("k%02d", i), every: every}
		senders[i] = one
		sending.Go(func() { one.run(events, &seen) })
	}
	// It is killed with events that were not handled, while others arrive.
	w.await("", atLeast(2, history.Succeeded))
	time.Sleep(time.Until(began.Add(*eventsFor / 3)))
	s.kill()
	before := len(with(w.runs(""), history.Succeeded))
	s = w.serve()
	w.await("", atLeast(before+2, history.Succeeded))
	time.Sleep(time.Until(began.Add(*eventsFor * 2 / 3)))
	s = fails(s)
	seen.Store(true)
	sending.Wait()
	lasted := time.Since(began)
	var took []time.Duration
	sent := 0
	for _, one := range senders {
		require.GreaterOrEqual(t, one.last, events, one.key)
		took, sent = append(took, one.took...), sent+one.last
	}
	slices.Sort(took)
	t.Logf("%d events acknowledged in %s, the median after %s, 99 of 100 within %s", sent, lasted, took[len(took)/2], took[len(took)*99/100])

	var list struct {
		Webhooks []struct{ Received, Repeated, Waiting, Running, Parked int }
	}
	patience.Await(t, 200*time.Millisecond, func() bool {
		text, _, code := w.try("hooks", "list", "--json")
		if code != 0 { // the database is just back
			return false
		}
		require.NoError(t, json.Unmarshal([]byte(text), &list))
		return len(list.Webhooks) == 1 && list.Webhooks[0].Waiting+list.Webhooks[0].Running == 0
	}, "some events were never handled: %v", &list)
	assert.Zero(t, list.Webhooks[0].Parked)
	assert.Equal(t, sent, list.Webhooks[0].Received, "each event was stored once")
	var counted map[string]int
	require.NoError(t, json.Unmarshal([]byte(w.do("run", "--quiet", "show.lua")), &counted))
	for _, one := range senders {
		assert.Equal(t, one.last, counted[one.key], one.key)
	}
	assert.NoFileExists(t, filepath.Join(w.dir, "out", "gaps.txt"), "an event was handled before an earlier one of its key")
	assert.LessOrEqual(t, w.count("again.txt"), 2*batch*atOnce, "only what was in hand comes again")
	t.Logf("all were handled after %s; %d were sent again after they were stored, %d were in hand twice", time.Since(began), list.Webhooks[0].Repeated, w.count("again.txt"))
	s.stop()
}

// TestEventsOneByOne: each event has its own run, the order of a key holds, and one that always
// fails is parked, told of, and replayed.
func TestEventsOneByOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *fixture) {
		at := port(t)
		w.env = append(w.env, "HOOK_SECRET="+hookSecret)
		w.file("handle.lua", `
local webhook = require "webhook"
local event = webhook.event()
if event.body.poison and not fs.exists("mended.txt") then error("cannot handle " .. event.body.n) end
fs.write("out/" .. event.key .. ".txt", event.body.n .. " " .. event.attempt .. " " .. tostring(event.replay) .. " " .. tostring(event.replayed_by ~= nil) .. "\n", { append = true })
`)
		w.file("tell.lua", `fs.write("out/told.txt", params.event .. " " .. params.webhook .. "\n", { append = true })`)
		w.file("phscript.toml", fmt.Sprintf(`
[webhooks]
listen = "127.0.0.1:%d"

[[webhook]]
name        = "changes"
script      = "handle.lua"
scheme      = "header"
header      = "X-Secret"
secret_env  = "HOOK_SECRET"
key         = "key"
dedupe      = ["key", "n"]
tries       = 2
retry_pause = "100ms"
on_failure  = [{ script = "tell.lua" }]
on_recovery = [{ script = "tell.lua" }]
`, at))
		s := w.serve("--workers", "3")
		s.says("serving")
		send := func(body string) {
			w.file("body.json", body)
			assert.Contains(t, w.do("hooks", "send", "changes", "--file", "body.json"), "accepted")
		}
		for n := 1; n <= 3; n++ {
			for _, key := range []string{"a", "b"} {
				send(fmt.Sprintf(`{"key":%q,"n":%d,"poison":%t}`, key, n, key == "a" && n == 2))
			}
		}
		read := func(name string) string {
			text, _, _ := w.try("run", "--quiet", "--allow-read", "out", "-e", `print(fs.read("out/`+name+`"))`)
			return strings.TrimSpace(text)
		}
		patience.Await(t, 200*time.Millisecond, func() bool { return w.count("a.txt") == 2 && w.count("b.txt") == 3 && w.count("told.txt") == 1 }, "the events were not handled")
		assert.Equal(t, "1 1 false false\n2 1 false false\n3 1 false false", read("b.txt"))
		assert.Equal(t, "1 1 false false\n3 1 false false", read("a.txt"), "the event that fails stops no other")
		assert.Equal(t, "failure changes", read("told.txt"))
		var list struct{ Events []struct{ Event int } }
		require.NoError(t, json.Unmarshal([]byte(w.do("hooks", "list", "changes", "--status", "parked", "--json")), &list))
		require.Len(t, list.Events, 1)
		w.file("mended.txt", "")
		w.do("hooks", "replay", fmt.Sprint(list.Events[0].Event))
		patience.Await(t, 200*time.Millisecond, func() bool { return w.count("a.txt") == 3 && w.count("told.txt") == 2 }, "the event was not replayed")
		assert.Equal(t, "1 1 false false\n3 1 false false\n2 1 true true", read("a.txt"))
		assert.Equal(t, "failure changes\nrecovery changes", read("told.txt"))
		s.stop()
	})
}

// TestMessagesSurvive: what a script sends is stored, and sent by the service until the receiver
// takes it, also after a kill, with one id and a valid signature.
func TestMessagesSurvive(t *testing.T) {
	onBoth(t, func(t *testing.T, w *fixture) {
		const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		var mu sync.Mutex
		open, tries := false, 0
		accepted := map[string]int{}
		receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			id := r.Header.Get("Webhook-Id")
			raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
			mac := hmac.New(sha256.New, raw)
			_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, r.Header.Get("Webhook-Timestamp"), body)
			if tries++; !open {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			if r.Header.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
				id = "wrong signature"
			}
			accepted[id+" "+string(body)]++
		}))
		defer receiver.Close()
		at := port(t)
		w.env = append(w.env, "HOOK_SECRET="+hookSecret, "OUT_SECRET="+key, "OUT_URL="+receiver.URL+"/in/secret-part")
		w.file("pass.lua", `
local webhook = require "webhook"
local event = webhook.event()
webhook.send(env.require("OUT_URL"), { n = event.body.n }, { secret = env.require("OUT_SECRET"), id = "copy-" .. event.body.n })
`)
		w.file("phscript.toml", fmt.Sprintf(`
allow_env = ["OUT_URL", "OUT_SECRET"]
allow_net = ["127.0.0.1"]

[webhooks]
listen = "127.0.0.1:%d"

[[webhook]]
name       = "pass"
script     = "pass.lua"
scheme     = "header"
header     = "X-Secret"
secret_env = "HOOK_SECRET"
`, at))
		s := w.serve()
		s.says("serving")
		for n := 1; n <= 2; n++ {
			w.file("body.json", fmt.Sprintf(`{"n":%d}`, n))
			w.do("hooks", "send", "pass", "--file", "body.json")
		}
		w.await("", atLeast(2, history.Succeeded))
		patience.Await(t, 50*time.Millisecond, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return tries >= 2
		}, "nothing was sent")
		s.kill()
		list := w.do("hooks", "list", "--outgoing")
		assert.Contains(t, list, "copy-1")
		assert.NotContains(t, list, "secret-part")
		mu.Lock()
		open = true
		mu.Unlock()
		s = w.serve()
		patience.Await(t, 50*time.Millisecond, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(accepted) == 2
		}, "the messages were not sent")
		patience.Await(t, 100*time.Millisecond, func() bool { return !strings.Contains(w.do("hooks", "list", "--outgoing"), "copy-") }, "they still wait")
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, map[string]int{`copy-1 {"n":1}`: 1, `copy-2 {"n":2}`: 1}, accepted)
		assert.NotContains(t, s.String(), "secret-part")
		s.stop()
	})
}
