package runtime

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

// system is another system that scripts talk to. It tells what it was sent.
type system struct {
	*httptest.Server
	calls atomic.Int64
}

func newSystem(t *testing.T, answers map[string]http.HandlerFunc) (*bench, *system) {
	t.Helper()
	s := &system{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		if answer := answers[r.URL.Path]; answer != nil {
			answer(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "headers": r.Header, "body": string(body), "length": r.ContentLength})
	}))
	t.Cleanup(s.Close)
	b := newBench(t)
	b.opts.AllowNet = []string{"127.0.0.1"}
	b.opts.WriteDirs = []string{"."}
	return b, s
}

// run runs a script that has the system's address as BASE and the module as http.
func (s *system) run(t *testing.T, b *bench, source string) error {
	t.Helper()
	b.stdout.Reset()
	_, err := b.run(t, "local BASE, http = \""+s.URL+"\", require \"http\"\n"+source)
	return err
}

func TestHTTPSends(t *testing.T) {
	b, s := newSystem(t, nil)
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "data.bin"), []byte("a,b\n1,2\n"), 0o600))
	for source, want := range map[string]string{
		`http.get(BASE .. "/a?x=1", { query = { n = 2, list = { "a b", "c&d" } } }):json().uri`:                                          "/a?x=1&list=a+b&list=c%26d&n=2",
		`http.get(BASE .. "/a", { basic = { "me", "pass:word" } }):json().headers.Authorization[1]`:                                      "Basic [redacted]",
		`http.get(BASE .. "/a", { headers = { ["x-thing"] = "å" } }):json().headers["X-Thing"][1]`:                                       "å",
		`http.post(BASE .. "/a", { json = { name = "Acme", tags = {} } }):json().body`:                                                   `{"name":"Acme","tags":{}}`,
		`http.post(BASE .. "/a", { json = {} }):json().headers["Content-Type"][1]`:                                                       "application/json",
		`http.patch(BASE .. "/a", { form = { a = "x y", b = "&" } }):json().body`:                                                        "a=x+y&b=%26",
		`http.put(BASE .. "/a", { file = "data.bin" }):json().body`:                                                                      "a,b\n1,2\n",
		`http.put(BASE .. "/a", { file = "data.bin" }):json().length`:                                                                    "8",
		`http.delete(BASE .. "/a"):json().method`:                                                                                        "DELETE",
		`http.request("options", BASE .. "/a"):json().method`:                                                                            "OPTIONS",
		`http.head(BASE .. "/a").headers["content-type"]`:                                                                                "application/json",
		`http.client{ base = BASE .. "/v2/", headers = { ["X-A"] = "1" } }:get("things"):json().uri`:                                     "/v2/things",
		`http.client{ base = BASE, headers = { A = "1", B = "1" } }:get("/", { headers = { B = "2" } }):json().headers.B[1]`:             "2",
		`http.client{ base = BASE }:get(BASE .. "/full"):json().uri`:                                                                     "/full",
		`http.get(BASE .. "/a", { to = "out.json" }).body`:                                                                               "nil",
		`http.get(BASE .. "/a?token=secret").url`:                                                                                        s.URL + "/a",
		`#http.post(BASE .. "/a", { multipart = { { name = "f", file = "data.bin" }, { name = "n", value = "v" } } }):json().body > 200`: "true",
	} {
		require.NoError(t, s.run(t, b, "print("+source+")"), source)
		assert.Equal(t, want+"\n", b.stdout.String(), source)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "out.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"method":"GET"`)
}

// The parts are read by another program's parser.
func TestHTTPMultipart(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/parts": func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f := r.MultipartForm.File["file"][0]
		_, _ = fmt.Fprintf(w, "%s|%s|%s|%d", r.FormValue("note"), f.Filename, f.Header.Get("Content-Type"), f.Size)
	}})
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "r.csv"), bytes.Repeat([]byte("x"), 100_000), 0o600))
	require.NoError(t, s.run(t, b, `print(http.post(BASE .. "/parts", { multipart = {
		{ name = "note", value = "a \"quoted\" note" }, { name = "file", file = "r.csv", filename = "na\"me.csv", type = "text/csv" } } }).body)`))
	assert.Equal(t, "a \"quoted\" note|na\"me.csv|text/csv|100000\n", b.stdout.String())
}

// What a script could use to write a second request into the connection is refused.
func TestHTTPRefusesSmuggling(t *testing.T) {
	b, s := newSystem(t, nil)
	for source, want := range map[string]string{
		`http.get(BASE .. "/a\r\nX-Evil: 1")`:                                     "control character",
		`http.get(BASE .. "/a b")`:                                                "a space",
		`http.get(BASE, { headers = { ["X-A\r\nX-Evil"] = "1" } })`:               "not the name of a header",
		`http.get(BASE, { headers = { ["X-A"] = "1\r\nX-Evil: 1" } })`:            "line break",
		`http.get(BASE, { headers = { Host = "evil.example" } })`:                 "belongs to the connection",
		`http.post(BASE, { body = "x", headers = { ["content-length"] = "0" } })`: "belongs to the connection",
		`http.post(BASE, { headers = { ["transfer-encoding"] = "chunked" } })`:    "belongs to the connection",
		`http.request("GET / HTTP/1.1\r\nX: ", BASE)`:                             "not an HTTP method",
		`http.get(BASE, { bearer = "a\nb" })`:                                     "line break",
		`http.get(BASE, { bearer = "" })`:                                         "is empty",
		`http.get("http://me:secret@127.0.0.1/")`:                                 "user name or a password",
		`http.get("file:///etc/passwd")`:                                          "not an address",
		`http.get("ftp://127.0.0.1/")`:                                            "not an http:// or https:// address",
		`http.client{ base = BASE, bearer = "t" }:get("https://evil.example/")`:   "only to 127.0.0.1",
		`http.client{ base = BASE }:get("//evil.example/")`:                       "only to 127.0.0.1",
		`http.post(BASE, { json = 1, form = {} })`:                                "exclude each other",
		`http.client{ base = BASE, rate = { "10 per second" } }`:                  "is not a rate",
		`http.client{ base = BASE }:get("/", { class = "search" })`:               "no rate named",
	} {
		err := s.run(t, b, source)
		assert.ErrorContains(t, err, want, source)
	}
	assert.Zero(t, s.calls.Load())
}

func TestHTTPErrors(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/401": answer(401, `{"error":"invalid_token","error_description":"The token has expired."}`),
		"/403": answer(403, `[{"message":"Not allowed","errorCode":"X"}]`),
		"/404": answer(404, ``),
		"/422": answer(422, `{"errors":[{"code":"a","detail":"name is missing"},{"detail":"size is too large"}]}`),
		"/500": answer(500, "<html><title>Oops\x1b[31m</title>"),
		"/429": answer(429, "slow down"),
		"/bad": answer(200, "not json\x1b[2J"),
	})
	for path, want := range map[string]struct{ kind, text string }{
		"/401": {"auth", "responded with 401 Unauthorized: The token has expired."},
		"/403": {"permission", "responded with 403 Forbidden: Not allowed"},
		"/404": {"not_found", "responded with 404 Not Found"},
		"/422": {"validation", "responded with 422 Unprocessable Entity: name is missing; size is too large"},
		"/500": {"server", `responded with 500 Internal Server Error: an HTML page titled "Oops [31m"`},
		"/429": {"rate_limited", "responded with 429 Too Many Requests: \"slow down\""},
	} {
		err := s.run(t, b, `http.get(BASE .. "`+path+`?api_key=hidden-secret", { retries = 0 })`)
		var failed *planhat.Error
		require.ErrorAs(t, err, &failed, path)
		assert.Equal(t, want.kind, string(failed.Kind), path)
		assert.Contains(t, failed.Message, want.text, path)
		assert.NotContains(t, fmt.Sprintf("%v %+v", err, failed), "hidden-secret")
		assert.NotContains(t, failed.Message, "\x1b")
	}
	require.NoError(t, s.run(t, b, `local r = http.get(BASE .. "/404", { raise = false }); print(r.status, r.ok)`))
	assert.Equal(t, "404\tfalse\n", b.stdout.String())
	assert.ErrorContains(t, s.run(t, b, `http.get(BASE .. "/bad"):json()`), `is not JSON: it begins with "not json [2J"`)
}

// A request that may have been carried out is repeated only if that does no harm.
func TestHTTPRetries(t *testing.T) {
	var fail atomic.Int64
	broken := func(w http.ResponseWriter) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	then := func(fails func(w http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if fail.Add(-1) >= 0 {
				fails(w)
			}
		}
	}
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/broken": then(broken),
		"/502":    then(func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }),
		"/503":    then(func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }),
		"/429": then(func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}),
		"/later": then(func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}),
	})
	for _, tt := range []struct {
		source string
		calls  int64
		kind   planhat.Kind
		unsure bool
	}{
		{`http.get(BASE .. "/broken")`, 2, "", false},
		{`http.post(BASE .. "/broken", { json = 1 })`, 1, planhat.KindNetwork, true},
		{`http.post(BASE .. "/broken", { json = 1, repeatable = true })`, 2, "", false},
		{`http.post(BASE .. "/broken", { json = 1, reads = true })`, 2, "", false},
		{`http.put(BASE .. "/502", { body = "x" })`, 2, "", false},
		{`http.post(BASE .. "/502")`, 1, planhat.KindServer, true},
		{`http.post(BASE .. "/503")`, 1, planhat.KindServer, true},
		{`http.post(BASE .. "/429")`, 2, "", false},
		{`http.get(BASE .. "/later")`, 1, planhat.KindRateLimited, false},
		{`http.get(BASE .. "/502", { retries = 0 })`, 1, planhat.KindServer, false},
	} {
		fail.Store(1)
		s.calls.Store(0)
		err := s.run(t, b, tt.source)
		assert.Equal(t, tt.calls, s.calls.Load(), tt.source)
		if tt.kind == "" {
			assert.NoError(t, err, tt.source)
			continue
		}
		var failed *planhat.Error
		require.ErrorAs(t, err, &failed, tt.source)
		assert.Equal(t, tt.kind, failed.Kind, tt.source)
		assert.Equal(t, tt.unsure, failed.Uncertain, tt.source)
	}
}

// What another system sends cannot fill memory or disk.
func TestHTTPLimitsBodies(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte("0"), 64<<20))
	_ = z.Close()
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/endless": func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 64<<10))
			}
		},
		"/bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"/brotli": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte("x"))
		},
		"/cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("part"))
		},
	})
	for source, want := range map[string]string{
		`http.get(BASE .. "/endless", { max_bytes = 1000000 })`:                     "more than 1000000 bytes",
		`http.get(BASE .. "/endless", { max_bytes = 1000000, to = "endless.bin" })`: "more than 1000000 bytes",
		`http.get(BASE .. "/bomb")`:                                                 "more than 33554432 bytes",
		`http.get(BASE .. "/brotli")`:                                               `unsupported compression "br"`,
		`http.get(BASE .. "/cut", { to = "cut.bin", retries = 0 })`:                 "the connection broke off",
	} {
		assert.ErrorContains(t, s.run(t, b, source), want, source)
	}
	for _, name := range []string{"endless.bin", "cut.bin"} {
		assert.NoFileExists(t, filepath.Join(b.dir, name))
	}
}

func TestHTTPTimeout(t *testing.T) {
	release := make(chan struct{})
	b, s := newSystem(t, map[string]http.HandlerFunc{"/slow": func(http.ResponseWriter, *http.Request) { <-release }})
	defer close(release)
	err := s.run(t, b, `http.get(BASE .. "/slow", { timeout = 0.05, retries = 0 })`)
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, planhat.KindTimeout, failed.Kind)
}

// All requests of an account keep to its rate; those of another class do not count.
func TestHTTPRates(t *testing.T) {
	b, s := newSystem(t, nil)
	started := time.Now()
	require.NoError(t, s.run(t, b, `
		local api = http.client{ base = BASE, bearer = "token-of-this-test", rate = { "3/1s", search = "1/1s" } }
		local same = http.client{ base = BASE, bearer = "token-of-this-test", rate = { "3/1s" } }
		api:get("/1") api:get("/2") same:get("/3") api:get("/4")`))
	assert.GreaterOrEqual(t, time.Since(started), time.Second)
}

func TestHTTPNeedsPermission(t *testing.T) {
	b, s := newSystem(t, nil)
	b.opts.AllowNet = nil
	err := s.run(t, b, `http.get(BASE)`)
	assert.ErrorContains(t, err, "the script may not reach 127.0.0.1")
	for source, want := range map[string]string{
		"-- @allow net=127.0.0.1\nprint(1)":        "a script cannot allow itself to reach",
		"-- @allow net=*\nprint(1)":                "a script cannot allow itself to reach",
		"-- @allow net=evil/path\nprint(1)":        "is not a host",
		"-- @allow files=/etc\nprint(1)":           `unknown permission "files" in @allow; only net is supported`,
		"#!/x\n\n--- @allow net=10.0.0.0/8\nx = 1": "a script cannot allow itself to reach",
	} {
		_, err := b.run(t, source)
		var failed *ScriptError
		require.ErrorAs(t, err, &failed, source)
		assert.Contains(t, failed.Message, want)
		assert.Positive(t, failed.Line)
		if strings.Contains(want, "cannot allow itself") {
			assert.Regexp(t, `^delete the line; if you trust the script with it, add --allow-net=`, failed.Hint)
		}
	}
	_, err = b.run(t, "-- @allow net=api.example.com, 127.0.0.1\nprint(1)")
	var failed *ScriptError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, `delete "127.0.0.1" in the line; if you trust the script with it, add --allow-net=127.0.0.1`, failed.Hint)
	_, err = b.run(t, "-- A comment.\n-- @allow net=api.example.com, *.example.org\nlocal ok, e = pcall(require'http'.get, 'https://other.example/')\nprint(e.kind)")
	require.NoError(t, err)
	assert.Equal(t, "permission\n", b.stdout.String())
	assert.Zero(t, s.calls.Load())
}

func TestHTTPDryRun(t *testing.T) {
	b, s := newSystem(t, nil)
	b.opts.DryRun = true
	require.NoError(t, s.run(t, b, `
		print(http.get(BASE).status)
		print(http.post(BASE, { json = 1 }).withheld)
		print(http.post(BASE, { json = 1, reads = true }).withheld)
		print(select(2, pcall(function() return http.delete(BASE):json() end)).message)`))
	assert.Equal(t, "200\ntrue\nfalse\nthere is no response: a dry run did not send this request\n", b.stdout.String())
	assert.EqualValues(t, 2, s.calls.Load())
}

func TestHTTPStubs(t *testing.T) {
	b := newBench(t)
	const script = `local http = require "http"
		http.stub{ url = "https://api.example.com/accounts/*", json = { name = "Acme" } }
		http.stub{ method = "POST", url = "https://api.example.com/accounts", status = 409, body = "taken", times = 1 }
		http.stub{ url = "https://api.example.com/down", fails = "the cable is cut" }
		print(http.get("https://api.example.com/accounts/17?x=1"):json().name)
		print(http.post("https://api.example.com/accounts", { json = { a = 1 }, raise = false }).status)
		print(pcall(http.post, "https://api.example.com/accounts"))
		print(pcall(http.get, "https://api.example.com/down", { retries = 0 }))
		local seen = http.requests()
		print(#seen, seen[1].query.x, seen[2].body)`
	_, err := b.run(t, script)
	assert.ErrorContains(t, err, "only works in tests and with --simulate")
	b.opts.Stubs = &Stubs{}
	_, err = b.run(t, script)
	require.NoError(t, err)
	out := b.stdout.String()
	assert.True(t, strings.HasPrefix(out, "Acme\n409\nfalse\t"), out)
	assert.Contains(t, out, "no stub answers POST https://api.example.com/accounts")
	assert.Contains(t, out, "the cable is cut")
	_, err = b.run(t, "local http = require 'http'\nhttp.stub{ method = \"GET\", url = \"https://b.example/\", json = {} }\nprint(next(http.get(\"https://b.example/\"):json()))")
	require.NoError(t, err, "what the hint about a missing stub says")
	assert.True(t, strings.HasSuffix(out, "4\t1\t{\"a\":1}\n"), out)
}
