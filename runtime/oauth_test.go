package runtime

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/tests/standin"
)

// authority is a system with a token endpoint, /token, and pages, /api.
type authority struct {
	*httptest.Server
	oauth *standin.OAuth

	mu sync.Mutex
	// before answers a request for a token in place of the endpoint, or returns false.
	before func(w http.ResponseWriter, r *http.Request) bool
	// page is called before each page is answered.
	page  func(n int)
	asked []*http.Request
	pages int
}

const appSecret = "app-secret-4711-xyz"

func newAuthority(t *testing.T) (*bench, *authority) {
	t.Helper()
	a := &authority{oauth: standin.NewOAuth(standin.RunningClock(time.Now()), time.Hour)}
	a.oauth.Rotate = true
	a.oauth.Register("app", appSecret, "acme")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", a.token)
	mux.HandleFunc("/api", a.answer)
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	b := newBench(t)
	b.opts.AllowNet = []string{"127.0.0.1"}
	return b, a
}

func (a *authority) token(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	before := a.before
	a.asked = append(a.asked, r)
	a.mu.Unlock()
	_ = r.ParseForm()
	if before != nil && before(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	tokens, refused := a.oauth.Token(r, "client_credentials", "refresh_token", "authorization_code")
	if refused != nil {
		w.WriteHeader(refused.Status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": refused.Code, "error_description": refused.Description})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": tokens.Access, "refresh_token": tokens.Refresh, "token_type": "Bearer", "expires_in": int(tokens.ExpiresIn.Seconds()),
	})
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.pages++
	n, page := a.pages, a.page
	a.mu.Unlock()
	if page != nil {
		page(n)
	}
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if account, _ := a.oauth.Account(access); account == "" {
		http.Error(w, `{"message":"token expired"}`, http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(append([]byte(`{"ok":true,"echo":"`+string(body)), `"}`...))
}

func (a *authority) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

// run runs a script that has the system as BASE, and the options of its credential.
func (a *authority) run(t *testing.T, b *bench, source string) error {
	t.Helper()
	b.stdout.Reset()
	_, err := b.run(t, `local http, oauth2, BASE = require "http", require "oauth2", "`+a.URL+`"
		local function app(more)
			local o = { token_url = BASE .. "/token", client_id = "app", client_secret = "`+appSecret+`" }
			for k, v in pairs(more or {}) do o[k] = v end
			return o
		end
		`+source)
	return err
}

func TestClientCredentials(t *testing.T) {
	b, a := newAuthority(t)
	require.NoError(t, a.run(t, b, `
		local token = oauth2.client_credentials(app{ scopes = { "read", "write" }, params = { audience = "crm" } })
		local api = http.client{ base = BASE, bearer = token, rate = { "100/1s" } }
		print(api:get("/api"):json().ok, api:post("/api", { body = "x" }):json().echo, http.get(BASE .. "/api", { bearer = token }).status)
		print(tostring(token), type(token), getmetatable(token), pcall(json.encode, token))
		print(oauth2.client_credentials(app{ secret_in = "header" }) and 1)`))
	assert.Equal(t, "true\tx\t200\noauth2 token of "+strings.TrimPrefix(a.URL, "http://")+"\tuserdata\toauth2 token\tfalse",
		b.stdout.String()[:strings.Index(b.stdout.String(), "\tfalse")+6])
	require.Equal(t, 1, a.requests(), "the token is fetched once, when it is needed")
	form := a.asked[0].PostForm
	assert.Equal(t, "read write", form.Get("scope"))
	assert.Equal(t, "crm", form.Get("audience"))
	assert.Equal(t, appSecret, form.Get("client_secret"))

	require.NoError(t, a.run(t, b, `http.get(BASE .. "/api", { bearer = oauth2.client_credentials(app{ secret_in = "header" }) })`))
	user, password, _ := a.asked[1].BasicAuth()
	assert.Equal(t, []string{"app", appSecret, ""}, []string{user, password, a.asked[1].PostForm.Get("client_secret")})
}

// A token is renewed in the middle of a walk: when it is rejected, and before it expires.
func TestTokenIsRenewed(t *testing.T) {
	b, a := newAuthority(t)
	tokens := a.oauth.Grant("app", "acme")
	a.page = func(n int) {
		if n == 5 {
			a.oauth.ExpireAccess()
		}
	}
	refresh := `oauth2.refresh(app{ refresh_token = "` + tokens.Refresh + `" })`
	require.NoError(t, a.run(t, b, `
		local api = http.client{ base = BASE, bearer = `+refresh+` }
		for i = 1, 10 do api:post("/api", { body = "page " .. i }) end`))
	renewed, reused := a.oauth.Counts()
	assert.Equal(t, []int{2, 0, 11}, []int{renewed, reused, a.pages}, "one request is sent again, also a POST")

	// Before it expires: its life is 10 seconds, of which the last one does not count.
	a.oauth.Life, a.page = 10*time.Second, nil
	now := time.Now()
	b.opts.Now = func() time.Time { now = now.Add(3 * time.Second); return now }
	fresh := a.oauth.Grant("app", "acme").Refresh
	require.NoError(t, a.run(t, b, `
		local api = http.client{ base = BASE, bearer = oauth2.refresh(app{ refresh_token = "`+fresh+`" }) }
		for i = 1, 10 do api:get("/api") end`))
	after, reused := a.oauth.Counts()
	assert.Greater(t, after-renewed, 2)
	assert.Zero(t, reused)
}

// A service that accepts no token gets one new one in a run, and the error says so.
func TestTokenThatIsNeverAccepted(t *testing.T) {
	b, a := newAuthority(t)
	a.page = func(int) { a.oauth.ExpireAccess() }
	err := a.run(t, b, `
		local api = http.client{ base = BASE, bearer = oauth2.client_credentials(app()) }
		for i = 1, 20 do pcall(api.get, api, "/api") end
		api:get("/api")`)
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, planhat.KindAuth, failed.Kind)
	assert.Contains(t, failed.Message, "401")
	assert.Contains(t, failed.Hint, "just issued")
	assert.Equal(t, 1, a.requests())
	assert.Equal(t, 21, a.pages)
}

func TestTokenErrors(t *testing.T) {
	reply := func(status int, body string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, c := range map[string]struct {
		before     func(w http.ResponseWriter, r *http.Request) bool
		token      string
		kind       planhat.Kind
		text, hint string
		requests   int
	}{
		"wrong secret":   {nil, `oauth2.client_credentials(app{ client_secret = "wrong-secret-0815" })`, planhat.KindAuth, "invalid_client: unknown client or wrong secret", "secret was replaced", 1},
		"revoked":        {nil, `oauth2.refresh(app{ refresh_token = "revoked-refresh-1", again = "set CRM_REFRESH_TOKEN" })`, planhat.KindAuth, "invalid_grant: the refresh token is unknown", "set CRM_REFRESH_TOKEN", 1},
		"scope":          {reply(400, `{"error":"invalid_scope","error_description":"no x"}`), `oauth2.client_credentials(app{ scopes = "x" })`, planhat.KindAuth, "invalid_scope: no x", "lacks one of the scopes", 1},
		"not installed":  {reply(400, `{"error":"app_not_installed"}`), `oauth2.client_credentials(app())`, planhat.KindAuth, "app_not_installed", "install the app", 1},
		"not a token":    {reply(200, `{"hello":1}`), `oauth2.client_credentials(app())`, planhat.KindServer, "not with a token", "token_url", 1},
		"error with 200": {reply(200, `{"error":"access_denied"}`), `oauth2.client_credentials(app())`, planhat.KindAuth, "access_denied", "install the app", 1},
		"page":           {reply(404, `<html><title>Nope</title>`), `oauth2.client_credentials(app())`, planhat.KindAuth, "404 Not Found: an HTML page", "token_url", 1},
		"busy": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Retry-After", "3600")
			return reply(429, `{}`)(w, r)
		}, `oauth2.client_credentials(app())`, planhat.KindRateLimited, "429", "the service asks to wait 1h0m0s", 1},
		"echoes": {reply(400, `{"error":"invalid_request","error_description":"bad secret `+appSecret+`"}`), `oauth2.client_credentials(app())`, planhat.KindAuth, "invalid_request", "parameters", 1},
		"other host": {nil, `oauth2.client_credentials(app{ token_url = "https://login.example.com/token" })`, planhat.KindPermission,
			"may not reach login.example.com", "allow-net=login.example.com", 0},
		"metadata": {nil, `oauth2.client_credentials(app{ token_url = "http://169.254.169.254/token" })`, planhat.KindPermission, "may not reach", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, a := newAuthority(t)
			b.opts.Logger = slog.New(slog.NewTextHandler(&b.stderr, nil))
			a.before = c.before
			err := a.run(t, b, `
				local api = http.client{ base = BASE, bearer = `+c.token+` }
				local ok, err = pcall(api.get, api, "/api")
				print(err, err.hint, err.body, json.encode(err))
				log.error("failed", { why = tostring(err) })
				error(err)`)
			var failed *planhat.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, c.kind, failed.Kind)
			assert.Contains(t, failed.Message, c.text)
			assert.Contains(t, failed.Hint, c.hint)
			assert.Equal(t, c.requests, a.requests())
			assert.Zero(t, a.pages)
			for _, secret := range []string{appSecret, "wrong-secret-0815", "revoked-refresh-1", base64.StdEncoding.EncodeToString([]byte("app:" + appSecret))} {
				assert.NotContains(t, b.stdout.String()+b.stderr.String(), secret)
			}
		})
	}
}

// A busy or broken endpoint is asked again, after the pause that it wants.
func TestTokenEndpointRecovers(t *testing.T) {
	b, a := newAuthority(t)
	began, second := time.Now(), time.Time{}
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		switch a.requests() {
		case 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			second = time.Now()
			w.WriteHeader(http.StatusBadGateway)
		default:
			return false
		}
		return true
	}
	refresh := a.oauth.Grant("app", "acme").Refresh
	require.NoError(t, a.run(t, b, `assert(http.get(BASE .. "/api", { bearer = oauth2.refresh(app{ refresh_token = "`+refresh+`" }) }).ok)`))
	assert.GreaterOrEqual(t, second.Sub(began), time.Second)
	assert.Equal(t, 3, a.requests())
}

// A dry run reads, so it needs a token, too.
func TestDryRunGetsTokens(t *testing.T) {
	b, a := newAuthority(t)
	b.opts.DryRun = true
	require.NoError(t, a.run(t, b, `
		local api = http.client{ base = BASE, bearer = oauth2.client_credentials(app()) }
		print(api:get("/api").status, api:post("/api", { body = "x" }).withheld)`))
	assert.Equal(t, "200\ttrue\n", b.stdout.String())
}

// Stubs answer the token endpoint as well, also for a login.
func TestTokensOfStubs(t *testing.T) {
	b := newBench(t)
	b.opts.Stubs = &Stubs{}
	_, err := b.run(t, `
		local http, oauth2 = require "http", require "oauth2"
		http.stub{ url = "https://login.example.com/token", json = { access_token = "stub-token-1", expires_in = 3600 } }
		http.stub{ url = "https://api.example.com/a", json = {} }
		http.get("https://api.example.com/a", { bearer = oauth2.client_credentials{ token_url = "https://login.example.com/token", client_id = "a", client_secret = "some-secret" } })
		http.get("https://api.example.com/a", { bearer = oauth2.authorize{ authorize_url = "https://login.example.com/", token_url = "https://login.example.com/token", client_id = "b" } })
		print(#http.requests(), http.requests()[2].headers.authorization)`)
	require.NoError(t, err)
	assert.Equal(t, "4\tBearer [redacted]\n", b.stdout.String())
}

func TestTokenOptions(t *testing.T) {
	b, a := newAuthority(t)
	for source, want := range map[string]string{
		`oauth2.client_credentials(app{ client_secret = " " })`:                                                  "'client_secret' is empty",
		`oauth2.client_credentials(app{ token_url = "/token" })`:                                                 "must be an address",
		`oauth2.client_credentials(app{ secret_in = "query" })`:                                                  "must be body or header",
		`oauth2.refresh(app{ refresh_token = "" })`:                                                              "'refresh_token' is empty",
		`oauth2.jwt{ token_url = BASE, issuer = "app" }`:                                                         "'key_file' and 'key_variable'",
		`http.get(BASE, { bearer = json.null })`:                                                                 "a token from oauth2",
		`http.get(BASE, { bearer = {} })`:                                                                        "bearer",
		`oauth2.authorize{ authorize_url = BASE, token_url = BASE, client_id = "a", redirect = "http://a.com" }`: "on this machine",
		`oauth2.authorize{ authorize_url = BASE, token_url = BASE, client_id = "a" }`:                            "no terminal",
	} {
		assert.ErrorContains(t, a.run(t, b, source), want, source)
	}
	assert.Zero(t, a.requests())
	assert.NotContains(t, strings.ToLower(b.stdout.String()), "secret")
}
