package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/guard"
)

// TestExpiredForm: what somebody typed while the session ended is neither lost nor sent
// unasked.
func TestExpiredForm(t *testing.T) {
	r := start(t, Options{})
	b := r.browser().signIn(r.operator)
	require.NoError(t, r.accounts.SignOut(t.Context(), b.cookie("phscript-"+b.port()).Value))
	form := url.Values{"why": {`broken "quote" <b>`}, "more": {"1", "2"}}
	b.post("/act", form, header("Referer", r.server.URL+"/hello?say=here")).is(401, "Your session has ended", `name="kept.why" value="broken &#34;quote&#34; &lt;b&gt;"`, `name="action" value="/act"`, `name="to" value="/hello?say=here"`)
	assert.Equal(t, 2, strings.Count(b.body, "kept.more"))
	assert.Zero(t, r.done)

	again := url.Values{"secret": {"wrong"}, "to": {"/hello?say=here"}, "action": {"/act"}, "kept.why": form["why"], "kept.more": form["more"]}
	b.post("/sign-in", again).is(401, "kept.why", `name="action" value="/act"`)
	again.Set("secret", r.operator)
	b.post("/sign-in", again).is(200, "You are signed in", "Do you still want to send this?", `action="/act"`, `name="why" value="broken &#34;quote&#34; &lt;b&gt;"`, `href="/hello?say=here"`)
	assert.Zero(t, r.done, "nothing is sent unasked")
	b.post("/act", form).leads("/hello?say=broken+%22quote%22+%3Cb%3E")
	assert.Equal(t, 1, r.done)

	// The form cannot lead to another host.
	again.Set("action", "https://evil.example/")
	b.post("/sign-in", again).is(200, `action="/"`)
	assert.NotContains(t, b.body, "evil")
	b.post("/act", url.Values{"why": {strings.Repeat("a", mostForm)}}).is(413, "The form is too long")
}

func (b *browser) port() string {
	u, err := url.Parse(b.server.URL)
	require.NoError(b, err)
	return u.Port()
}

// cookie returns a cookie of the browser, nil if it has none.
func (b *browser) cookie(name string) *http.Cookie {
	u, err := url.Parse(b.server.URL)
	require.NoError(b, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestLocal(t *testing.T) {
	for to, want := range map[string]string{
		"/runs?status=failed&x=1": "/runs?status=failed&x=1", "/": "/", "": "/", "runs": "/", "//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "/runs\r\nSet-Cookie: a=b": "/", "/sign-in?to=/": "/", "/runs#x": "/runs",
		"/%2f/evil.example": "/%2f/evil.example", "http:/evil.example": "/", "/a//b": "/a//b",
	} {
		assert.Equal(t, want, local(to), to)
	}
	r := start(t, Options{})
	b := r.browser()
	for _, to := range []string{"//evil.example", "https://evil.example", `/\evil.example`} {
		b.post("/sign-in", url.Values{"secret": {r.viewer}, "to": {to}}).leads("/signed-in?to=%2F")
		b.get("/signed-in?to=" + url.QueryEscape(to)).leads("/")
		b.get("/sign-in?to=" + url.QueryEscape(to)).is(200)
		assert.NotContains(t, b.body, "evil")
	}
}

// TestGuessing: guesses become slow and are refused, and the owner still gets in, from the
// same address.
func TestGuessing(t *testing.T) {
	r := start(t, Options{})
	now := time.Now()
	r.site.limiter = access.NewLimiter(func() time.Time { return now })
	// Without waiting: whoever guesses leaves.
	close(r.site.stopping)
	r.site.stop.Do(func() {})
	b := r.browser()
	seen := map[int]int{}
	for range 15 {
		seen[b.post("/sign-in", url.Values{"secret": {"phs_guess"}}).status]++
	}
	assert.Equal(t, map[int]int{401: 10, 429: 5}, seen)
	b.is(429, "Too many failed attempts to sign in")
	assert.Equal(t, "8", b.header.Get("Retry-After"))
	b.signIn(r.operator).get("/hello").is(200, "Hello kim")
}

// TestSlowGuesses: the answers to guesses take longer and longer.
func TestSlowGuesses(t *testing.T) {
	r := start(t, Options{})
	b := r.browser()
	var last time.Duration
	for range 5 {
		began := time.Now()
		b.post("/sign-in", url.Values{"secret": {"phs_guess"}}).is(401)
		last = time.Since(began)
	}
	assert.GreaterOrEqual(t, last, 500*time.Millisecond)
}

// TestCookieThatIsNotKept: a message, and no loop.
func TestCookieThatIsNotKept(t *testing.T) {
	r := start(t, Options{})
	b := r.browser()
	b.client.Jar = nil
	b.post("/sign-in", url.Values{"secret": {r.viewer}}).leads("/signed-in?to=%2F")
	b.get("/signed-in?to=%2F").is(400, "Your browser did not keep the session", "public_url")
}

// TestCookies: their names and marks fit the connection.
func TestCookies(t *testing.T) {
	r := start(t, Options{PublicURL: "https://ops.example.com"})
	session := func(path string, change ...func(*http.Request)) *http.Cookie {
		t.Helper()
		b := r.browser().post("/sign-in", url.Values{"secret": {r.viewer}}, change...)
		list := (&http.Response{Header: b.header}).Cookies()
		require.Len(t, list, 1, b.body)
		assert.True(t, list[0].HttpOnly)
		assert.Equal(t, http.SameSiteLaxMode, list[0].SameSite)
		assert.Equal(t, path, list[0].Path)
		assert.Empty(t, list[0].Domain)
		return list[0]
	}
	public := []func(*http.Request){host("ops.example.com"), header("Origin", "https://ops.example.com")}
	cookie := session("/", public...)
	assert.Equal(t, "__Host-phscript", cookie.Name)
	assert.True(t, cookie.Secure)
	cookie = session("/", host("localhost:8627"))
	assert.Equal(t, "phscript-8627", cookie.Name)
	assert.False(t, cookie.Secure, "browsers drop it without TLS")

	r = start(t, Options{PublicURL: "https://ops.example.com/phscript/"})
	cookie = session("/phscript/", public...)
	assert.Equal(t, "__Secure-phscript", cookie.Name)
	assert.True(t, cookie.Secure)

	r = start(t, Options{})
	w, q := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "https://localhost:8443/sign-in", strings.NewReader(url.Values{"secret": {r.viewer}}.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.TLS = &tls.ConnectionState{}
	r.site.Handler().ServeHTTP(w, q)
	assert.Contains(t, w.Header().Get("Set-Cookie"), "__Host-phscript-8443=")
}

// TestBelowAPath: behind a proxy that serves the pages below a path, whether it takes the
// path away or not, and whether it keeps Host or not.
func TestBelowAPath(t *testing.T) {
	for _, strips := range []bool{true, false} {
		r := start(t, Options{PublicURL: "https://ops.example.com/phscript"})
		at := func(path string) string {
			if strips {
				return path
			}
			return "/phscript" + path
		}
		b := r.browser()
		b.client.Jar = nil
		public := []func(*http.Request){header("Origin", "https://ops.example.com"), header("Sec-Fetch-Site", "same-origin")}
		b.get(at("/hello")).leads("/phscript/sign-in?to=%2Fhello")
		b.get(at("/sign-in?to=%2Fhello")).is(200, `action="/phscript/sign-in"`, `href="/phscript/assets/app.css?v=`, `value="/hello"`)
		b.post(at("/sign-in"), url.Values{"secret": {r.operator}, "to": {"/hello"}}, public...).leads("/phscript/signed-in?to=%2Fhello")
		cookie := (&http.Response{Header: b.header}).Cookies()[0]
		signed := func(q *http.Request) { q.AddCookie(cookie) }
		b.get(at("/hello"), signed).is(200, `href="/phscript/hello"`, `action="/phscript/act"`, `data-live="/phscript/live"`, `value="/hello"`)
		b.post(at("/act"), url.Values{"why": {"x"}}, append(public, signed)...).leads("/phscript/hello?say=x")
		b.post(at("/act"), url.Values{"why": {"x"}}, signed, header("Origin", "https://evil.example"), header("Sec-Fetch-Site", "cross-site")).
			is(403, "phscript accepts forms from https://ops.example.com.")
		assert.Equal(t, 1, r.done)
	}
	r := start(t, Options{PublicURL: "https://ops.example.com/phscript"})
	r.browser().get("/phscripts").leads("/phscript/sign-in?to=%2Fphscripts")
	r.browser().get("/phscript").leads("/phscript/sign-in")
}

// TestProxyUser: a proxy signs people in, and nobody else can say who they are.
func TestProxyUser(t *testing.T) {
	proxies, err := guard.ParseProxies([]string{"127.0.0.1"})
	require.NoError(t, err)
	named := header("X-Forwarded-User", "kim@example.com")
	o := Options{Proxies: proxies, UserHeader: "X-Forwarded-User", Operators: []string{"kim@example.com"}}
	r := start(t, o)
	b := r.browser()
	b.get("/hello", named).is(200, "Hello kim@example.com", "kim@example.com, operator")
	assert.NotContains(t, b.body, "Sign out", "phscript cannot")
	b.post("/act", url.Values{"why": {"x"}}, named).leads("/hello?say=x")
	b.get("/hello", header("X-Forwarded-User", "lee@example.com")).is(200, "lee@example.com, viewer")
	b.post("/act", url.Values{"why": {"x"}}, header("X-Forwarded-User", "lee@example.com")).is(403)
	b.get("/sign-in", named).leads("/")
	b.get("/hello").leads("/sign-in?to=%2Fhello")
	b.get("/hello", func(q *http.Request) { q.Header["X-Forwarded-User"] = []string{"kim@example.com", "lee@example.com"} }).leads("/sign-in?to=%2Fhello")

	o.Proxies, err = guard.ParseProxies([]string{"192.0.2.1"})
	require.NoError(t, err)
	r = start(t, o)
	r.browser().get("/hello", named).leads("/sign-in?to=%2Fhello")
	r.browser().post("/act", url.Values{"why": {"x"}}, named).is(401)
	assert.Zero(t, r.done)

	o.Proxies, o.Operators = proxies, []string{"*"}
	start(t, o).browser().get("/hello", header("X-Forwarded-User", "lee")).is(200, "lee, operator")
}

func TestZones(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	of := func(cookies ...string) Zone {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
		z := zoneOf(r)
		z.now = now
		return z
	}
	at := time.Date(2026, 7, 1, 9, 30, 5, 123e6, time.UTC)
	shows := func(want string, z Zone, t2 time.Time, schedule ...string) {
		t.Helper()
		assert.Contains(t, string(z.Time(t2, schedule...)), ">"+want+"</time>")
	}
	shows("09:30", of(), at)
	shows("09:30", of("phscript-browser-zone=Nowhere/Else"), at)
	shows("09:30", of("phscript-browser-zone=Local"), at)
	shows("09:30", of("phscript-browser-zone=../../etc/passwd"), at)
	tokyo := of("phscript-browser-zone=Asia/Tokyo")
	shows("18:30", tokyo, at)
	shows("2 Jul, 00:00", tokyo, at.Add(5*time.Hour+30*time.Minute))
	shows("1 Jul 2025, 18:30", tokyo, at.AddDate(-1, 0, 0))
	assert.Equal(t, "Asia/Tokyo", tokyo.Name())
	shows("18:30", tokyo, at, "Europe/Stockholm")
	shows("09:30", of("phscript-browser-zone=Asia/Tokyo", "phscript-zone=utc"), at, "Europe/Stockholm")
	schedule := of("phscript-browser-zone=Asia/Tokyo", "phscript-zone=schedule")
	shows("11:30 CEST", schedule, at, "Europe/Stockholm")
	shows("09:30 UTC", schedule, at)
	assert.Equal(t, `<time datetime="2026-07-01T09:30:05.123Z" title="2026-07-01 18:30:05.123 +09:00 Asia/Tokyo">18:30:05</time>`, string(tokyo.Second(at)))
	assert.Equal(t, "–", string(tokyo.Time(time.Time{})))

	r := start(t, Options{})
	b := r.browser().signIn(r.viewer)
	b.post("/zone", url.Values{"zone": {"utc"}, "to": {"/hello"}}).leads("/hello")
	b.get("/hello").is(200, `value="utc" selected`)
	b.post("/zone", url.Values{"zone": {"<script>"}, "to": {"//evil"}}).leads("/")
	b.get("/hello").is(200, `value="browser" selected`)
}
