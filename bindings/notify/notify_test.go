package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/script"
)

const head = `local notify = require "notify" `

// newChat returns a bench, and a chat that keeps what it gets and answers as told.
func newChat(t *testing.T, answer http.HandlerFunc) (*script.Bench, string, *atomic.Value) {
	t.Helper()
	var got atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Store(r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body))
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	b := script.New(t)
	b.Options.AllowNet = []string{"127.0.0.1"}
	return b, server.URL + "/services/T0/SECRETKEY", &got
}

func TestChats(t *testing.T) {
	b, url, got := newChat(t, nil)
	for source, want := range map[string]string{
		`notify.slack(URL, "5 < 6 & <!channel>")`:                        `{"text":"5 &lt; 6 &amp; &lt;!channel&gt;"}`,
		`notify.slack(URL, "<https://a.example|x>", { markup = true })`:  `{"text":"<https://a.example|x>"}`,
		`notify.slack(URL, "t", { blocks = { { type = "divider" } } })`:  `{"text":"t","blocks":[{"type":"divider"}]}`,
		`notify.teams(URL, "due", { title = "Renewals" })`:               `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"Renewals","size":"Medium","weight":"Bolder","wrap":true},{"type":"TextBlock","text":"due","wrap":true}]}}]}`,
		`notify.teams(URL, "due", { card = { type = "AdaptiveCard" } })`: `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard"}}]}`,
	} {
		assert.Equal(t, "true\n", b.Prints(t, head+strings.ReplaceAll("print("+source+")", "URL", `"`+url+`"`)), source)
		body, ok := strings.CutPrefix(got.Load().(string), "POST /services/T0/SECRETKEY application/json ")
		require.True(t, ok, got.Load())
		assert.JSONEq(t, want, body, source)
	}
}

func TestChatErrors(t *testing.T) {
	var calls atomic.Int64
	for name, x := range map[string]struct {
		source, want string
		answer       http.HandlerFunc
		calls        int64
	}{
		"gone": {`notify.slack(URL, "x")`, "did not take the message: no_service", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no_service", http.StatusNotFound) }, 1},
		"refused": {`notify.slack(URL, "x")`, "invalid_payload", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "invalid_payload at "+r.URL.Path, http.StatusBadRequest)
		}, 1},
		"broken": {`notify.slack(URL, "x")`, "did not take the message", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 1},
		"old teams": {`notify.teams(URL, "x")`, "failed with error", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "Webhook message delivery failed with error: endpoint returned HTTP error 404")
		}, 1},
		"busy": {`notify.slack(URL, "x")`, "did not take the message: rate_limited", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "rate_limited", http.StatusTooManyRequests)
		}, 5},
		"long wait": {`notify.slack(URL, "x")`, "rate_limited", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			http.Error(w, "rate_limited", http.StatusTooManyRequests)
		}, 1},
		"empty":   {`notify.slack(URL, " ")`, "'text', is empty", nil, 0},
		"no url":  {`notify.slack("", "x")`, "is not the address of a webhook", nil, 0},
		"other":   {`notify.slack("https://hooks.slack.example/services/SECRETKEY", "x")`, "the script may not reach hooks.slack.example", nil, 0},
		"private": {`notify.slack("https://169.254.169.254/SECRETKEY", "x")`, "may not reach 169.254.169.254", nil, 0},
		"endless": {`notify.slack(URL, "x")`, "did not take the message", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for range 1000 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, 1},
	} {
		calls.Store(0)
		b, url, _ := newChat(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); x.answer(w, r) })
		err := b.Run(t, head+`local ok, e = pcall(function() `+strings.ReplaceAll(x.source, "URL", `"`+url+`"`)+` end) print(inspect(e)) error(e, 0)`)
		if assert.Error(t, err, name) {
			assert.Contains(t, err.Error(), x.want, name)
			assert.NotContains(t, err.Error()+b.Out.String(), "SECRETKEY", name)
		}
		assert.Equal(t, x.calls, calls.Load(), name)
	}
}

// Dry runs and simulations send nothing, but still refuse what the run could not send.
func TestHeldBack(t *testing.T) {
	b, url, got := newChat(t, nil)
	source := head + `
		print(notify.slack("` + url + `", "hello"))
		print(notify.email{ host = "127.0.0.1", port = 9, user = "u", password = "p", from = "A <a@example.com>", to = { "b@example.com" }, bcc = "c@example.com", subject = "S", text = "T", html = "<b>T</b>", attachments = "a.txt" })
		for _, m in ipairs(notify.sent()) do print(json.encode(m)) end`
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "a.txt"), []byte("x"), 0o600))
	const held = `false
false
{"host":"127.0.0.1","kind":"slack","payload":{"text":"hello"},"text":"hello"}
{"attachments":["a.txt"],"from":"a@example.com","host":"127.0.0.1","html":"<b>T</b>","kind":"email","subject":"S","text":"T","to":["b@example.com","c@example.com"]}
`
	b.Options.DryRun = true
	assert.Equal(t, sorted(held), sorted(b.Prints(t, source)))
	b.Options.AllowNet = nil
	require.ErrorContains(t, b.Run(t, head+`notify.slack("`+url+`", "x")`), "may not reach")
	require.ErrorContains(t, b.Run(t, head+`notify.email{ host = "smtp.example.com", from = "a@example.com", to = "b@example.com", subject = "S", text = "T" }`), "may not reach smtp.example.com:587")
	b.Options.DryRun, b.Options.Stubs = false, &runtime.Stubs{}
	assert.Equal(t, sorted(held), sorted(b.Prints(t, source)))
	assert.Nil(t, got.Load())
	b.Options.Stubs = &runtime.Stubs{}
	require.ErrorContains(t, b.Run(t, head+`notify.email{ host = "h.example", from = "a@example.com", to = "b@example.com", subject = "S", text = "T", attachments = "none.txt" }`), "there is no such file")
}

// sorted makes the fields of JSON comparable.
func sorted(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		var v map[string]any
		if json.Unmarshal([]byte(line), &v) == nil {
			b, _ := json.Marshal(v)
			lines[i] = string(b)
		}
	}
	return strings.Join(lines, "\n")
}
