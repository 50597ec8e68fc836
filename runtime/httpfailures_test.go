package runtime

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, at.Close())
	return "http://" + at.Addr().String()
}

func redirectTo(status int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
	}
}

func respond(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// A service with several rates says for each what is left: the ones with nothing left say
// how long to wait.
func TestHTTPSeveralRates(t *testing.T) {
	const day, minute = "X-Ratelimit-App-Global-Day-", "X-Ratelimit-App-Global-Minute-"
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/day":    respond(429, "", day+"Remaining", "0", day+"Reset", "40000", minute+"Remaining", "0", minute+"Reset", "0.01"),
		"/minute": respond(429, "", day+"Remaining", "7", day+"Reset", "40000", minute+"Remaining", "0", minute+"Reset", "0.01"),
	})
	for path, want := range map[string]struct {
		calls int64
		wait  time.Duration
	}{"/day": {1, 40_000 * time.Second}, "/minute": {2, 100 * time.Millisecond}} {
		s.calls.Store(0)
		var failed *planhat.Error
		require.ErrorAs(t, s.run(t, b, `http.get(BASE .. "`+path+`", { retries = 1 })`), &failed)
		assert.Equal(t, []any{want.calls, want.wait}, []any{s.calls.Load(), failed.RetryAfter}, path)
	}
}

// A request that was carried out is not sent again, and the error says that it may have
// been. What can be checked before is not sent at all.
func TestHTTPCarriedOut(t *testing.T) {
	closed := closedPort(t)
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "part")
	}
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/303-closed":    redirectTo(303, closed+"/x?key=hidden-secret"),
		"/307-closed":    redirectTo(307, closed+"/x"),
		"/303-forbidden": redirectTo(303, "https://forbidden.example/x?key=hidden-secret"),
		"/303-busy":      redirectTo(303, "/busy"),
		"/303-again":     redirectTo(303, "/again"),
		"/303-fine":      redirectTo(303, "/fine?key=hidden-secret"),
		"/busy":          respond(429, "", "Retry-After", "0"),
		"/again":         respond(503, "", "Retry-After", "0"),
		"/reset":         respond(503, "", "X-RateLimit-Reset", "0.1"),
		"/503":           respond(503, ""),
		"/507":           respond(507, ""),
		"/400":           respond(400, strings.Repeat("x", 1000)),
		"/400-br":        respond(400, "x", "Content-Encoding", "br"),
		"/br":            respond(200, "x", "Content-Encoding", "br"),
		"/gzip":          respond(200, "plain text", "Content-Encoding", "gzip"),
		"/big":           respond(200, strings.Repeat("x", 1000)),
		"/text":          respond(200, "text"),
		"/cut":           cut,
	})
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "folder"), 0o700))
	for _, tt := range []struct {
		source string
		calls  int64
		kind   planhat.Kind
		unsure bool
		says   string
	}{
		{`http.post(BASE .. "/303-closed", { json = 1 })`, 1, planhat.KindNetwork, true, "127.0.0.1:"},
		{`http.post(BASE .. "/307-closed")`, 1, planhat.KindNetwork, true, "which cannot be reached: connection refused"},
		{`http.post(BASE .. "/303-forbidden", { json = 1 })`, 1, planhat.KindPermission, true, "redirects to forbidden.example, but the script may not reach"},
		{`http.post(BASE .. "/303-busy", { json = 1 })`, 2, planhat.KindRateLimited, true, "429"},
		{`http.post(BASE .. "/303-again", { json = 1 })`, 2, planhat.KindServer, true, "503"},
		{`http.post(BASE .. "/reset", { json = 1 })`, 1, planhat.KindServer, true, "503"},
		{`http.post(BASE .. "/503", { json = 1 })`, 1, planhat.KindServer, true, "503"},
		{`http.post(BASE .. "/507", { json = 1 })`, 1, planhat.KindServer, true, "507"},
		{`http.post(BASE .. "/again", { json = 1, retries = 1 })`, 2, planhat.KindServer, false, "503"},
		{`http.post(BASE .. "/400", { json = 1, max_bytes = 10 })`, 1, planhat.KindValidation, false, "400 Bad Request"},
		{`http.post(BASE .. "/400-br", { json = 1 })`, 1, planhat.KindValidation, false, "400 Bad Request"},
		{`http.post(BASE .. "/br", { json = 1 })`, 1, planhat.KindServer, true, "unsupported compression"},
		{`http.post(BASE .. "/gzip", { json = 1 })`, 1, planhat.KindNetwork, true, "the response says it is gzip but is not"},
		{`http.post(BASE .. "/big", { json = 1, max_bytes = 10 })`, 1, planhat.KindValidation, true, "more than 10 bytes"},
		{`http.post(BASE .. "/cut", { json = 1 })`, 1, planhat.KindNetwork, true, "is incomplete: the connection broke off"},
		{`http.post(BASE .. "/text", { json = 1 }):json()`, 1, planhat.KindValidation, true, "is not JSON"},
		{`http.get(BASE .. "/text"):json()`, 1, planhat.KindValidation, false, "is not JSON"},
		{`http.get(BASE .. "/br")`, 1, planhat.KindServer, false, "unsupported compression"},
		{`http.post(BASE .. "/big", { json = 1, to = "../outside.txt" })`, 0, planhat.KindPermission, false, "outside.txt"},
		{`http.post(BASE .. "/big", { json = 1, to = "folder" })`, 0, "io", false, "folder"},
		{`http.post(BASE .. "/big", { json = 1, to = "none/x.txt" })`, 0, "io", false, "folder is missing"},
	} {
		s.calls.Store(0)
		err := s.run(t, b, tt.source)
		var failed *planhat.Error
		require.ErrorAs(t, err, &failed, tt.source)
		assert.Equal(t, tt.calls, s.calls.Load(), tt.source)
		assert.Equal(t, tt.kind, failed.Kind, tt.source)
		assert.Equal(t, tt.unsure, failed.Uncertain, tt.source)
		assert.Contains(t, failed.Message+failed.Hint, tt.says, tt.source)
		assert.NotContains(t, err.Error(), "hidden-secret", tt.source)
	}
	require.NoError(t, s.run(t, b, `local r = http.post(BASE .. "/303-fine", { json = 1 }); print(r.json(r).method, r.url)`))
	assert.Equal(t, "GET\t"+s.URL+"/fine\n", b.stdout.String())
}

// A token that another host or the result of a request rejects does not repeat the request.
func TestHTTPCarriedOutWithToken(t *testing.T) {
	var posts atomic.Int64
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/token": respond(200, `{"access_token":"token-of-this-test","token_type":"Bearer","expires_in":3600}`),
		"/create": func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			http.Redirect(w, r, "/result", http.StatusSeeOther)
		},
		"/result":       respond(401, ""),
		"/moved-token":  redirectTo(302, "/token"),
		"/closed-token": redirectTo(303, closedPort(t)),
	})
	const ask = `local oauth2 = require "oauth2"; local function token(path)
		return oauth2.client_credentials{ token_url = BASE .. path, client_id = path, client_secret = "secret-of-this-test" } end `
	err := s.run(t, b, ask+`http.post(BASE .. "/create", { json = 1, bearer = token("/token") })`)
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.True(t, failed.Uncertain)
	assert.EqualValues(t, 1, posts.Load())

	s.calls.Store(0)
	err = s.run(t, b, ask+`http.get(BASE .. "/a", { bearer = token("/moved-token"), retries = 0 })`)
	assert.ErrorContains(t, err, "302", "the client secret was not sent on, and no GET either")
	assert.EqualValues(t, 1, s.calls.Load())
}

// A redirect that would change a request is not followed, and is never a success.
func TestHTTPRedirects(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"/none": redirectTo(302, ""), "/bad": redirectTo(302, "http://[hidden-secret"), "/bad-307": redirectTo(307, "http://[hidden-secret"),
		"/304": redirectTo(304, ""), "/300": redirectTo(300, "/new"), "/file": redirectTo(302, "file:///etc/hidden"), "/opaque": redirectTo(302, "data:hidden-secret"),
		"/user": redirectTo(302, "http://me:hidden-secret@127.0.0.1/"),
	}
	for path, status := range map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308} {
		answers[path] = redirectTo(status, "/new/place?key=hidden-secret")
	}
	b, s := newSystem(t, answers)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, method := range []string{"post", "put", "patch", "delete"} {
		for _, path := range []string{"/301", "/302"} {
			s.calls.Store(0)
			err := s.run(t, b, `http.`+method+`(BASE .. "`+path+`")`)
			var failed *planhat.Error
			require.ErrorAs(t, err, &failed, method+path)
			assert.Contains(t, failed.Message, "the new address is "+host+"/new/place, but")
			assert.Contains(t, failed.Hint, "use "+host+"/new/place in the script")
			assert.NotContains(t, err.Error()+failed.Hint, "hidden-secret")
			assert.Equal(t, method == "post" || method == "patch", failed.Uncertain, method)
			assert.EqualValues(t, 1, s.calls.Load())
		}
	}
	for source, want := range map[string]string{
		`http.get(BASE .. "/302"):json().method`:                                               "GET",
		`http.head(BASE .. "/301").status`:                                                     "200",
		`http.put(BASE .. "/307", { body = "x" }):json().body`:                                 "x",
		`http.patch(BASE .. "/308", { body = "x" }):json().method`:                             "PATCH",
		`http.post(BASE .. "/303", { body = "x" }):json().method`:                              "GET",
		`http.post(BASE .. "/302", { raise = false }).ok`:                                      "false",
		`http.post(BASE .. "/302", { raise = false }).headers.location`:                        "/new/place?key=hidden-secret",
		`http.get(BASE .. "/304").ok`:                                                          "true",
		`select(2, pcall(http.get, BASE .. "/none")).message`:                                  host + " responded with 302 Found, a redirect without a valid address",
		`select(2, pcall(http.post, BASE .. "/bad")).message`:                                  host + " responded with 302 Found, a redirect without a valid address",
		`select(2, pcall(http.post, BASE .. "/bad-307")).message`:                              host + " responded with 307 Temporary Redirect, a redirect without a valid address",
		`select(2, pcall(http.get, BASE .. "/300")).message`:                                   host + " responded with 300 Multiple Choices: the new address is " + host + "/new",
		`select(2, pcall(http.get, BASE .. "/file")).message`:                                  host + ` redirects to "file:///etc/hidden", which is not an http:// or https:// address`,
		`select(2, pcall(http.get, BASE .. "/opaque")).message`:                                host + ` redirects to "data:...", which is not an http:// or https:// address`,
		`tostring(select(2, pcall(http.get, BASE .. "/user"))):find("hidden-secret", 1, true)`: "nil",
	} {
		require.NoError(t, s.run(t, b, "print(("+source+"))"), source)
		assert.Equal(t, want+"\n", b.stdout.String(), source)
	}
}

// Stubs redirect as services do.
func TestHTTPStubsRedirect(t *testing.T) {
	b := newBench(t)
	b.opts.Stubs = &Stubs{}
	_, err := b.run(t, `local http = require "http"
		http.stub{ url = "https://a.example/old", status = 302, headers = { Location = "https://b.example/new" } }
		http.stub{ url = "https://b.example/new", body = "here" }
		print(http.get("https://a.example/old").body)
		print(pcall(http.post, "https://a.example/old"))`)
	require.NoError(t, err)
	assert.Contains(t, b.stdout.String(), "here\nfalse\t")
	assert.Contains(t, b.stdout.String(), "the new address is b.example/new")
}

// What is out of range fails before anything is sent.
func TestHTTPLimitsOptions(t *testing.T) {
	b, s := newSystem(t, nil)
	for option, values := range map[string][]string{
		"max_bytes": {"0", "-5", "0/0", "1e300", "2^63", "1/0", "1.5", "2^40"},
		"retries":   {"-1", "0/0", "1e9", "1.5"},
		"timeout":   {"0", "-1", "0/0", "1e9", "1e-12"},
		"max_wait":  {"0", "-1", "0/0", "1/0"},
	} {
		for _, value := range values {
			err := s.run(t, b, `http.get(BASE, { `+option+` = `+value+` })`)
			assert.ErrorContains(t, err, option, value)
			if value == "2^40" {
				continue // a client may allow it for responses that go to a file
			}
			err = s.run(t, b, `http.client{ base = BASE, `+option+` = `+value+` }`)
			assert.ErrorContains(t, err, option, value)
		}
	}
	require.NoError(t, s.run(t, b, `http.client{ base = BASE, max_bytes = 2^40 }:get("/")`))
	assert.EqualValues(t, 1, s.calls.Load())
	b.opts.Stubs = &Stubs{}
	for _, option := range []string{"times = 0", "times = -1", "times = 1e300", "times = 0/0", "status = 0/0", "status = 600", "status = 100"} {
		err := s.run(t, b, `http.stub{ url = BASE, `+option+` }`)
		assert.ErrorContains(t, err, "must be a whole number", option)
	}
}

// Errors about an address do not show what may be secret in it.
func TestHTTPAddressesHideSecrets(t *testing.T) {
	b, s := newSystem(t, nil)
	for _, source := range []string{
		`http.get(BASE .. "/x?api_key=a\nhidden")`,
		`http.get("htp//" .. BASE .. "/x?api_key=hidden")`,
		`http.get("htp:me:hidden@x/")`,
		`http.get("https://me:hidden@exa[mple/")`,
		`http.get("https://me:hid/hidden@example.com/")`,
		`http.get("//me:hidden@example.com")`,
		`http.get("me:hidden@example.com/x")`,
		`http.get("ftp://me:hidden@127.0.0.1/")`,
		`http.get(BASE .. "/%zz?hidden")`,
		`http.get(BASE .. "/x y#hidden")`,
		`http.client{ base = BASE }:get("/%zz?key=hidden")`,
		`http.client{ base = "htp:/me:hidden@x" }`,
		`http.client{ base = "https://me:hidden@exa[mple" }`,
		`http.client{ base = "api.example.com?hidden" }`,
		`http.client{ base = BASE .. "/?hidden" }`,
	} {
		err := s.run(t, b, source)
		require.Error(t, err, source)
		var raised *ScriptError
		require.ErrorAs(t, err, &raised, source)
		assert.NotContains(t, raised.Message+raised.Hint, "hidden", source)
	}
	b.opts.Stubs = &Stubs{}
	err := s.run(t, b, `http.stub{ url = "api.example.com?hidden" }`)
	var raised *ScriptError
	require.ErrorAs(t, err, &raised)
	assert.NotContains(t, raised.Message, "hidden")
}

// Messages name what happened.
func TestHTTPMessages(t *testing.T) {
	zip := func(from int, text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
		return b.String()[:b.Len()-from]
	}
	closed := closedPort(t)
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/zip-cut":  respond(200, zip(10, "hello"), "Content-Encoding", "gzip"),
		"/zip-more": respond(200, zip(0, "hello")+"garbage", "Content-Encoding", "gzip"),
		"/no-zip":   respond(200, "hello, this is text", "Content-Encoding", "gzip"),
		"/away":     redirectTo(302, closed),
		"/year":     respond(429, "", "Retry-After", "100000000000000"),
		"/days":     respond(503, "", "Retry-After", "200000"),
		"/head":     respond(200, "", "Content-Encoding", "br"),
	})
	host, other := strings.TrimPrefix(s.URL, "http://"), strings.TrimPrefix(closed, "http://")
	for path, want := range map[string]string{
		s.URL + "/zip-cut":  "the compressed response of " + host + " is damaged",
		s.URL + "/zip-more": "the compressed response of " + host + " is damaged",
		s.URL + "/no-zip":   "cannot read the response of " + host + ": the response says it is gzip but is not",
		s.URL + "/away":     host + " redirects to " + other + ", which cannot be reached: connection refused",
		closed:              "cannot reach " + other + ": connection refused",
		s.URL + "/year":     "the service asks to wait more than a year; run the script again then",
		s.URL + "/days":     "the service asks to wait 3 days; run the script again then",
	} {
		err := s.run(t, b, `http.get("`+path+`", { retries = 0 })`)
		var failed *planhat.Error
		require.ErrorAs(t, err, &failed, path)
		assert.Contains(t, []string{failed.Message, failed.Hint}, want, path)
	}
	require.NoError(t, s.run(t, b, `http.head(BASE .. "/head")`))
}

// The time limit says what took too long.
func TestHTTPTimeoutMessages(t *testing.T) {
	release := make(chan struct{})
	slow := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-release
	}
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/slow": slow, "/silent": func(http.ResponseWriter, *http.Request) { <-release }, "/away": redirectTo(303, "/silent"),
	})
	defer close(release)
	for source, want := range map[string]string{
		`http.post(BASE .. "/slow", { timeout = 0.2, retries = 0 })`:               "was not complete within 200ms",
		`http.post(BASE .. "/slow", { timeout = 0.2, retries = 0, to = "x.txt" })`: "sent no data for 200ms",
		`http.post(BASE .. "/silent", { timeout = 0.2, retries = 0 })`:             "did not respond within 200ms",
		`http.post(BASE .. "/away", { timeout = 0.2, retries = 0 })`:               "did not respond within 200ms",
	} {
		err := s.run(t, b, source)
		var failed *planhat.Error
		require.ErrorAs(t, err, &failed, source)
		assert.Equal(t, planhat.KindTimeout, failed.Kind)
		assert.Contains(t, failed.Message, want)
		assert.True(t, failed.Uncertain, source)
	}
	assert.NoFileExists(t, filepath.Join(b.dir, "x.txt"))
}
