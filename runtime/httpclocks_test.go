package runtime

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

// The time at which a service accepts requests again is by the service's clock, whatever
// this machine's says.
func TestHTTPClockOfTheService(t *testing.T) {
	const wait = 20 * time.Second
	for _, off := range []time.Duration{0, -10 * time.Minute, 10 * time.Minute} {
		for name, header := range map[string]func(at time.Time) (name, value string){
			"seconds":      func(at time.Time) (string, string) { return "X-RateLimit-Reset", strconv.FormatInt(at.Unix(), 10) },
			"milliseconds": func(at time.Time) (string, string) { return "X-RateLimit-Reset", strconv.FormatInt(at.UnixMilli(), 10) },
			"a date":       func(at time.Time) (string, string) { return "RateLimit-Reset", at.UTC().Format(time.RFC3339) },
			"Retry-After":  func(at time.Time) (string, string) { return "Retry-After", at.UTC().Format(http.TimeFormat) },
		} {
			for _, dated := range []bool{true, false} {
				if !dated && off != 0 {
					continue // nothing tells the service's clock
				}
				at := fmt.Sprintf("%s, %s off, dated: %v", name, off, dated)
				b, s := newSystem(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
					clock := time.Now().Add(off).Truncate(time.Second)
					w.Header()["Date"] = nil // none, not even the server's
					if dated {
						w.Header().Set("Date", clock.UTC().Format(http.TimeFormat))
					}
					name, value := header(clock.Add(wait))
					w.Header().Set(name, value)
					w.WriteHeader(http.StatusTooManyRequests)
				}})
				var failed *planhat.Error
				require.ErrorAs(t, s.run(t, b, `http.get(BASE .. "/", { retries = 0 })`), &failed, at)
				if dated {
					assert.Equal(t, wait, failed.RetryAfter, at)
				} else {
					assert.Less(t, failed.RetryAfter, wait, at)
				}
				assert.EqualValues(t, 1, s.calls.Load(), at)
			}
		}
	}
}

// recorder is a system that keeps the headers and addresses that it got, and redirects
// everything below /to/STATUS to another one.
type recorder struct {
	*httptest.Server
	to string

	mu   sync.Mutex
	seen []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.seen = append(r.seen, fmt.Sprint(req.URL, req.Header))
		r.mu.Unlock()
		if status, err := strconv.Atoi(strings.TrimPrefix(req.URL.Path, "/to/")); err == nil {
			w.Header().Set("Location", r.to)
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// take returns what came since the last call.
func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.seen, "\n")
	r.seen = nil
	return all
}

// A credential that is bound to hosts is not sent on to where they redirect to.
func TestHTTPSecretsStayAtTheirOrigin(t *testing.T) {
	const secret = "hubspot-token-1234"
	home, other := newRecorder(t), newRecorder(t)
	b := newBench(t)
	b.opts.AllowNet = []string{"127.0.0.1"}
	b.opts.Env = func(name string) (string, bool) { return secret, name == "HUBSPOT_TOKEN" }
	for how, options := range map[string]string{
		"header": `headers = { ["X-Thing"] = key }`, "bearer": `bearer = key`, "basic": `basic = { "me", key }`,
	} {
		for _, status := range []string{"301", "302", "303", "307", "308"} {
			for _, call := range []string{
				`http.get(HOME .. "/to/` + status + `", { ` + options + ` })`,
				`http.client{ base = HOME, ` + options + ` }:get("/to/` + status + `")`,
			} {
				script := `local HOME, key, http = "` + home.URL + `", nil, require "http"
					local C = require "connector"
					C.bearer = function(_, credential) key = credential("HUBSPOT_TOKEN") error("enough") end
					pcall(function() require("connectors.hubspot").sync{} end)
					assert(key, "the test did not get the credential")
					` + call
				home.to = other.URL + "/arrived"
				_, err := b.run(t, script)
				require.NoError(t, err, how, status)
				sent := strings.NewReplacer("bWU6aHVic3BvdC10b2tlbi0xMjM0", secret) // the pair of basic
				assert.Contains(t, sent.Replace(home.take()), secret, "%s %s: it goes to its host", how, status)
				arrived := other.take()
				assert.Contains(t, arrived, "/arrived", "%s %s", how, status)
				assert.NotContains(t, sent.Replace(arrived), secret, "%s %s", how, status)
				for _, name := range []string{"Authorization", "X-Thing", "Referer"} {
					assert.NotContains(t, arrived, name, "%s %s", how, status)
				}

				// Not even if the other one redirects back.
				home.to, other.to = other.URL+"/to/307", home.URL+"/back"
				_, err = b.run(t, script)
				require.NoError(t, err)
				require.NotContains(t, sent.Replace(other.take()), secret)
				first, back, _ := strings.Cut(sent.Replace(home.take()), "\n")
				assert.Contains(t, first, secret)
				assert.Contains(t, back, "/back")
				assert.NotContains(t, back, secret)
			}
		}
	}
	// At its own origin it stays.
	home.to = "/moved"
	_, err := b.run(t, `local C, http, key = require "connector", require "http", nil
		C.bearer = function(_, credential) key = credential("HUBSPOT_TOKEN") error("enough") end
		pcall(function() require("connectors.hubspot").sync{} end)
		http.get("`+home.URL+`/to/302", { headers = { ["X-Thing"] = key } })`)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(home.take(), secret))
}
