package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/guard"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// trial is a site on a server, with an account of each role.
type trial struct {
	*testing.T
	site             *Site
	server           *httptest.Server
	accounts         *access.Accounts
	operator, viewer string
	log              *text
	// done counts what operators did.
	done int
}

// text is a log that several goroutines write.
type text struct {
	mu sync.Mutex
	strings.Builder
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Builder.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Builder.String()
}

// onStores runs a test on both databases.
func onStores(t *testing.T, o Options, test func(r *trial)) {
	t.Helper()
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) { test(open(t, o, location)) })
	}
}

// start begins a trial on SQLite.
func start(t *testing.T, o Options) *trial {
	t.Helper()
	return open(t, o, filepath.Join(t.TempDir(), "state.db"))
}

func open(t *testing.T, o Options, location string) *trial {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	r := &trial{T: t, accounts: access.New(db, db), log: &text{}}
	r.operator, err = r.accounts.Add(t.Context(), "kim", access.Operator, 0, audit.Actor{})
	require.NoError(t, err)
	r.viewer, err = r.accounts.Add(t.Context(), "lee", access.Viewer, 0, audit.Actor{})
	require.NoError(t, err)
	o.Accounts, o.Log = r.accounts, slog.New(slog.NewTextHandler(r.log, nil))
	if o.Changes == nil {
		o.Changes = (&numbers{}).source
	}
	if o.Hosts == nil {
		o.Hosts = guard.NewHosts(nil, o.PublicURL)
	}
	r.site, err = New(o)
	require.NoError(t, err)
	page, err := r.site.Page(fstest.MapFS{"hello.html": {Data: []byte(`{{define "content"}}<h1>Hello {{.User.Name}}</h1>{{if .Operator}}<form method="post" action="{{path "/act"}}"></form>{{end}}{{.Data}}{{end}}`)}}, "hello.html")
	require.NoError(t, err)
	r.site.Nav("Hello", "/hello")
	hello := func(q *Request) error { return q.ShowLive(page, "Hello", "7", q.URL.Query().Get("say")) }
	r.site.Get("/{$}", access.Viewer, hello)
	r.site.Get("/hello", access.Viewer, hello)
	r.site.Get("/fails", access.Viewer, func(*Request) error { return io.ErrUnexpectedEOF })
	r.site.Get("/panics", access.Viewer, func(*Request) error { panic("secret") })
	r.site.Get("/missing", access.Viewer, func(*Request) error { return NotFound("run 12") })
	r.site.Post("/act", access.Operator, func(q *Request) error {
		if _, err := q.form(); err != nil {
			return err
		}
		r.done++
		return q.Back("/hello?say=" + url.QueryEscape(q.PostForm.Get("why")))
	})
	r.server = httptest.NewServer(r.site.Handler())
	t.Cleanup(func() { r.site.Stop(); r.server.Close() })
	return r
}

// browser keeps cookies, and does not follow redirects to others.
type browser struct {
	*trial
	client *http.Client
	// status, location and body are what the last answer said.
	status         int
	header         http.Header
	location, body string
}

func (r *trial) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(r, err)
	return &browser{trial: r, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// do makes a request; change may alter it first.
func (b *browser) do(method, path string, form url.Values, change ...func(*http.Request)) *browser {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		request.Header.Set("Origin", b.server.URL)
	}
	for _, one := range change {
		one(request)
	}
	answer, err := b.client.Do(request)
	require.NoError(b, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(b, err)
	b.status, b.header, b.location, b.body = answer.StatusCode, answer.Header, answer.Header.Get("Location"), string(body)
	return b
}

func (b *browser) get(path string, change ...func(*http.Request)) *browser {
	b.Helper()
	return b.do("GET", path, nil, change...)
}

func (b *browser) post(path string, form url.Values, change ...func(*http.Request)) *browser {
	b.Helper()
	return b.do("POST", path, form, change...)
}

func (b *browser) is(status int, texts ...string) *browser {
	b.Helper()
	assert.Equal(b, status, b.status, b.body)
	for _, one := range texts {
		assert.Contains(b, b.body, one)
	}
	return b
}

func (b *browser) leads(to string) *browser {
	b.Helper()
	b.is(http.StatusSeeOther)
	assert.Equal(b, to, b.location)
	return b
}

// signIn signs in with a token or a link.
func (b *browser) signIn(secret string) *browser {
	b.Helper()
	return b.post("/sign-in", url.Values{"secret": {secret}}).leads("/signed-in?to=%2F").get("/signed-in?to=%2F").leads("/")
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func TestSigningIn(t *testing.T) {
	onStores(t, Options{Version: "v1", Tag: "northwind"}, func(r *trial) {
		t := r.T
		b := r.browser()
		b.get("/hello?say=a").leads("/sign-in?to=%2Fhello%3Fsay%3Da")
		b.get(b.location).is(200, "Sign-in link or token", `value="/hello?say=a"`, "phscript access link")
		b.post("/sign-in", url.Values{"secret": {"phs_wrong"}, "to": {"/hello"}}).is(401, "Invalid token or link", `value="/hello"`)
		b.get("/hello").leads("/sign-in?to=%2Fhello")
		b.post("/sign-in", url.Values{"secret": {r.operator + "\n"}, "to": {"/hello?say=a"}, "zone": {"Asia/Tokyo"}}).leads("/signed-in?to=%2Fhello%3Fsay%3Da")
		b.get(b.location).leads("/hello?say=a")
		b.get(b.location).is(200, "Hello kim", `action="/act"`, "kim, operator", "northwind", `data-live="/live"`, "Asia/Tokyo (this browser)")

		// A link signs in once, and replaces the session.
		link, _, err := r.accounts.Link(t.Context(), "lee")
		require.NoError(t, err)
		b.get("/sign-in").is(200, "You are signed in as kim")
		assert.NotContains(t, b.body, "data-sign-in", "a link of somebody else must not replace a session unasked")
		b.post("/sign-in", url.Values{"secret": {r.server.URL + "/sign-in#" + link}}).leads("/signed-in?to=%2F")
		b.get("/hello").is(200, "Hello lee")
		r.browser().post("/sign-in", url.Values{"secret": {link}}).is(401, "This link has been used already")

		b.post("/sign-out", url.Values{}).leads("/sign-in")
		b.get("/hello").leads("/sign-in?to=%2Fhello")

		// Revoking ends a session at once.
		b.signIn(r.viewer).get("/hello").is(200)
		_, err = r.accounts.Revoke(t.Context(), "lee", audit.Actor{})
		require.NoError(t, err)
		b.get("/hello").leads("/sign-in?to=%2Fhello")
		for _, secret := range []string{r.operator, r.viewer, link} {
			assert.NotContains(t, r.log.String(), secret)
		}
		assert.Contains(t, r.log.String(), "signed in")
	})
}

// TestNoGetSignsIn: whatever follows links, such as a filter of mails, uses none up.
func TestNoGetSignsIn(t *testing.T) {
	r := start(t, Options{})
	link, _, err := r.accounts.Link(t.Context(), access.Owner)
	require.NoError(t, err)
	b := r.browser()
	for _, path := range []string{"/sign-in?secret=" + link, "/sign-in/" + link, "/signed-in?secret=" + link, "/sign-in#" + link} {
		b.get(path)
		assert.Empty(t, b.header.Values("Set-Cookie"), path)
	}
	b.do("HEAD", "/sign-in?secret="+link, nil)
	b.signIn(link)
}

func TestRoles(t *testing.T) {
	r := start(t, Options{})
	act := url.Values{"why": {"x"}}
	r.browser().post("/act", act).is(401)
	viewer := r.browser().signIn(r.viewer)
	viewer.get("/hello").is(200)
	assert.NotContains(t, viewer.body, `action="/act"`)
	viewer.post("/act", act).is(403, "Only operators can do that", "lee")
	for _, secret := range []string{"", "forged", r.operator, strings.Repeat("a", 5000)} {
		forged := func(q *http.Request) {
			q.Header.Set("Cookie", "phscript-"+q.URL.Port()+"="+secret)
		}
		r.browser().post("/act", act, forged).is(401)
		r.browser().get("/hello", forged).leads("/sign-in?to=%2Fhello")
	}
	assert.Zero(t, r.done)
	r.browser().signIn(r.operator).post("/act", act).leads("/hello?say=x")
	assert.Equal(t, 1, r.done)
	r.browser().get("/act").leads("/sign-in?to=%2Fact")
}

// TestCrossOrigin: other sites cannot act for a user, nor sign a user in.
func TestCrossOrigin(t *testing.T) {
	r := start(t, Options{})
	b := r.browser().signIn(r.operator)
	act := url.Values{"why": {"x"}}
	for _, change := range [][]func(*http.Request){
		{header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")},
		{header("Sec-Fetch-Site", "same-site"), header("Origin", "http://other.localhost")},
		{header("Sec-Fetch-Site", ""), header("Origin", "https://evil.example")},
		{header("Sec-Fetch-Site", ""), header("Origin", "null")},
		{header("Sec-Fetch-Site", "cross-site"), header("Origin", "")},
	} {
		b.post("/act", act, change...).is(403, "This form came from another site", "public_url in [dashboard]", "phscript accepts forms from "+r.server.URL)
		r.browser().post("/sign-in", url.Values{"secret": {r.viewer}}, change...).is(403)
		assert.Empty(t, b.header.Values("Set-Cookie"))
	}
	assert.Contains(t, b.body, "another site (Sec-Fetch-Site: cross-site)")
	b.post("/act", act, header("Sec-Fetch-Site", "cross-site"), header("Origin", `https://<script>evil`)).is(403, "&lt;script&gt;")
	assert.Zero(t, r.done)
	b.post("/act", act, header("Sec-Fetch-Site", "none")).leads("/hello?say=x")
}

// TestRebinding: a stranger's name that points to this machine opens nothing.
func TestRebinding(t *testing.T) {
	r := start(t, Options{})
	b := r.browser().signIn(r.operator)
	for _, path := range []string{"/", "/hello", "/sign-in", "/assets/app.js", "/live"} {
		b.get(path, host("evil.example:8627")).is(403, "phscript is not served under this name")
		assert.NotContains(t, b.body, "evil.example")
	}
	b.post("/act", url.Values{"why": {"x"}}, host("evil.example"), header("Origin", "http://evil.example")).is(403)
	assert.Zero(t, r.done)
}

var inline = regexp.MustCompile(`(?i) style=| on[a-z]+=|<style|<script>|javascript:`)

// TestPolicy: each answer carries the policy, and no page needs an exception from it.
func TestPolicy(t *testing.T) {
	r := start(t, Options{})
	b := r.browser()
	check := func() {
		t.Helper()
		assert.Equal(t, policy, b.header.Get("Content-Security-Policy"))
		assert.Equal(t, "nosniff", b.header.Get("X-Content-Type-Options"))
		assert.NotRegexp(t, inline, b.body)
	}
	for _, path := range []string{"/sign-in", "/hello", "/assets/app.css", "/nothing"} {
		b.get(path)
		check()
	}
	b.signIn(r.operator)
	b.get("/hello?say="+url.QueryEscape(`<script>alert(1)</script><img src=x onerror=alert(1)>`)).is(200, "&lt;script&gt;")
	assert.NotContains(t, b.body, "<img")
	b.get("/nothing").is(404, "There is no such page")
	check()
	b.get("/missing").is(404, "There is no run 12")
	check()
	b.get("/fails").is(500, "phscript could not show this page")
	check()
	assert.NotContains(t, b.body, "EOF")
	assert.Contains(t, r.log.String(), "unexpected EOF")
	b.get("/panics").is(500, "phscript could not show this page")
	assert.NotContains(t, b.body, "secret")
	b.get("/hello").is(200)
	for name, kind := range map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		found := regexp.MustCompile(`"(/assets/` + regexp.QuoteMeta(name) + `\?v=[^"]+)"`).FindStringSubmatch(b.get("/hello").body)
		require.NotNil(t, found, name)
		b.get(found[1]).is(200)
		assert.Equal(t, kind, b.header.Get("Content-Type"))
		assert.Contains(t, b.header.Get("Cache-Control"), "immutable")
		b.get("/assets/" + name)
		assert.Equal(t, "no-store", b.header.Get("Cache-Control"))
	}
	for _, path := range []string{"/assets/../site.go", "/assets/..%2fsite.go", "/assets/%2e%2e/templates/layout.html", "/assets/layout.html", "/assets/"} {
		b.get(path)
		assert.NotContains(t, b.body, "package web", path)
		assert.NotContains(t, b.body, "define", path)
	}
}
