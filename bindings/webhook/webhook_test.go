package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/script"
)

const head = `local webhook = require "webhook" `

func TestEvents(t *testing.T) {
	b := script.New(t)
	at := time.Date(2026, 11, 29, 14, 50, 0, 0, time.UTC)
	b.Options.Events = runtime.EventsOf(at, []byte(`{"account":{"id":"A-1"},"list":[]}`))
	assert.Equal(t, "event-1 A-1 POST 2026-11-29T14:50:00Z 1 false nil application/json\n",
		b.Prints(t, head+`local e = webhook.event() print(table.concat({e.id, e.body.account.id, e.method, e.received, tostring(e.attempt), tostring(e.replay), tostring(e.key), e.headers["content-type"]}, " "))`))
	assert.Equal(t, "1\tA-1\n", b.Prints(t, head+`local list = webhook.events() webhook.done(list[1]) print(#list, list[1].body.account.id)`))
	assert.ErrorContains(t, b.Run(t, head+`webhook.done{ id = "another" }`), "is not an event of this run")

	b.Options.Events = runtime.GivenEvents{{
		Number: 1, ID: "x", Path: "/hooks/a?b=c", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-A": {"1", "2"}}, Body: []byte("name=Acme+Inc&n=1"), Key: "k", Replay: true, ReplayedBy: "kim", Attempt: 3,
	}, {ID: "y", Body: []byte("not JSON\x00\xff"), Header: http.Header{}}}
	assert.Equal(t, "Acme Inc 1 /hooks/a c 1, 2 k true kim 3\n",
		b.Prints(t, head+`local e = webhook.events()[1] print(table.concat({e.body.name, e.body.n, e.path, e.query.b, e.headers["x-a"], e.key, tostring(e.replay), e.replayed_by, e.attempt}, " "))`))
	assert.Equal(t, "nil\t10\n", b.Prints(t, head+`local e = webhook.events()[2] print(e.body, #e.text)`))
	assert.ErrorContains(t, b.Run(t, head+`webhook.event()`), "this run has 2 events")

	b.Options.Events = nil
	for _, call := range []string{"event()", "events()", "done{ id = '1' }"} {
		assert.ErrorContains(t, b.Run(t, head+"webhook."+call), "this run handles no event")
	}
}

// TestSentMessages: they have the signature that Standard Webhooks publishes for these values.
func TestSentMessages(t *testing.T) {
	var got []*http.Request
	var bodies []string
	status := []int{http.StatusServiceUnavailable, http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, bodies = append(got, r), append(bodies, string(body))
		answer := status[min(len(got), len(status))-1]
		w.WriteHeader(answer)
	}))
	defer server.Close()
	b := script.New(t)
	b.Options.Now = func() time.Time { return time.Unix(1614265330, 0) }
	b.Options.AllowNet = []string{"127.0.0.1"}
	send := head + `return webhook.send("` + server.URL + `/a/long/secret/path", '{"test": 2432232314}', { secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id = "msg_p5jXN8AQM9LWM0D4loKWxJek" })`
	assert.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek\ttrue\n", b.Prints(t, "print((function() "+send+" end)())"))
	require.Len(t, got, 2, "it is sent again")
	for i, r := range got {
		assert.Equal(t, `{"test": 2432232314}`, bodies[i])
		assert.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek", r.Header.Get("Webhook-Id"))
		assert.Equal(t, "1614265330", r.Header.Get("Webhook-Timestamp"))
		assert.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", r.Header.Get("Webhook-Signature"))
	}
	got, bodies, status = nil, nil, []int{http.StatusUnauthorized}
	err := b.Run(t, send)
	require.ErrorContains(t, err, "401")
	assert.Len(t, got, 1, "it would be refused again")
	assert.NotContains(t, err.Error(), "secret/path")

	b.Options.DryRun = true
	got = nil
	assert.Equal(t, "false\t1\twebhook\tlost\n", b.Prints(t, head+`local _, sent = webhook.send("`+server.URL+`", { type = "lost" }) local held = require("notify").sent() print(sent, #held, held[1].kind, held[1].payload.type)`))
	assert.Equal(t, "1\tplain\n", b.Prints(t, head+`webhook.send("`+server.URL+`", "plain") local held = require("notify").sent() print(#held, held[1].text)`))
	assert.Empty(t, got)
	b.Options.DryRun, b.Options.AllowNet = false, nil
	err = b.Run(t, send)
	var kind bindings.ErrorKinder
	require.True(t, errors.As(err, &kind), "%v", err)
	assert.ErrorContains(t, err, "may not reach")
	assert.Empty(t, got)
	for _, wrong := range []string{`webhook.send("no address", {})`, `webhook.send("https://a.example", {}, { secret = "x!" })`, `webhook.send("https://a.example", {}, { id = "a.b" })`, `webhook.send("https://a.example", {}, { headers = { ["a b"] = "c" } })`} {
		assert.Error(t, b.Run(t, head+wrong), wrong)
	}
}
