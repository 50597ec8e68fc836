package runtime

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/tokens"
)

// person opens the address that a script shows, and does something with it. It returns
// what the browser showed at last.
func (b *bench) person(t *testing.T, do func(shown *url.URL) []string) (pages <-chan string) {
	t.Helper()
	shown := make(chan string, 8)
	b.opts.Tell = func(line string) {
		_, address, ok := strings.Cut(line, "\n")
		u, err := url.Parse(address)
		assert.NoError(t, err)
		assert.True(t, ok, line)
		go func() { // as the browser is another program
			defer close(shown)
			for _, target := range do(u) {
				res, err := http.Get(target)
				if !assert.NoError(t, err) {
					return
				}
				text, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				assert.NoError(t, res.Body.Close())
				shown <- string(text)
			}
		}()
	}
	return shown
}

// back is where the page of a service sends the browser.
func back(shown *url.URL, parameters url.Values) string {
	return shown.Query().Get("redirect_uri") + "?" + parameters.Encode()
}

const loginScript = `http.get(BASE .. "/api", { bearer = oauth2.authorize(app{ authorize_url = BASE .. "/login?tenant=7", scopes = { "read", "offline" }, timeout = 20 }) })`

func TestLogin(t *testing.T) {
	b, a := newAuthority(t)
	store := &tokens.Memory{}
	b.opts.Tokens = store
	pages := b.person(t, func(shown *url.URL) []string {
		query := shown.Query()
		assert.Equal(t, []string{"app", "code", "read offline", "S256", "7", ""}, []string{query.Get("client_id"), query.Get("response_type"), query.Get("scope"),
			query.Get("code_challenge_method"), query.Get("tenant"), query.Get("client_secret")})
		assert.Regexp(t, `^http://127\.0\.0\.1:\d+/callback$`, query.Get("redirect_uri"))
		code := a.oauth.Authorize("app", "acme", query.Get("redirect_uri"), query.Get("code_challenge"))
		return []string{
			back(shown, url.Values{"code": {"forged"}, "state": {"forged"}}),
			back(shown, url.Values{"code": {"forged"}}),
			back(shown, url.Values{"code": {code}, "state": {query.Get("state")}}),
		}
	})
	require.NoError(t, a.run(t, b, loginScript))
	assert.Contains(t, <-pages, "only for the page")
	assert.Contains(t, <-pages, "only for the page")
	assert.Contains(t, <-pages, "is authorized")
	require.Equal(t, 1, a.requests())

	// Later runs have no terminal, and need none. Another script has nothing.
	b.opts.Tell = nil
	a.oauth.ExpireAccess()
	require.NoError(t, a.run(t, b, loginScript))
	assert.Equal(t, 2, a.requests())
	rt, err := New(b.opts)
	require.NoError(t, err)
	other := `local http, oauth2, BASE = require "http", require "oauth2", "` + a.URL + `" local function app(o) o.token_url, o.client_id, o.client_secret = BASE .. "/token", "app", "` + appSecret + `" return o end `
	_, err = rt.Run(t.Context(), Script{Name: "other.lua", Path: b.dir + "/other.lua", Source: []byte(other + loginScript)})
	require.ErrorContains(t, err, "nobody has authorized the app for this script")

	// An authorization that has ended can be given again, in a terminal.
	a.oauth.ExpireAccess()
	require.True(t, a.oauth.Revoke(a.asked[1].PostForm.Get("refresh_token")))
	err = a.run(t, b, loginScript)
	require.ErrorContains(t, err, "invalid_grant")
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, failed.Hint, "run the script in a terminal")
	b.person(t, func(shown *url.URL) []string {
		query := shown.Query()
		return []string{back(shown, url.Values{"code": {a.oauth.Authorize("app", "acme", query.Get("redirect_uri"), query.Get("code_challenge"))}, "state": {query.Get("state")}})}
	})
	require.NoError(t, a.run(t, b, loginScript))
}

func TestLoginThatFails(t *testing.T) {
	b, a := newAuthority(t)
	b.person(t, func(shown *url.URL) []string {
		return []string{back(shown, url.Values{"error": {"access_denied"}, "error_description": {"no\x1b[31m"}, "state": {shown.Query().Get("state")}})}
	})
	require.ErrorContains(t, a.run(t, b, loginScript), "the app was not authorized: access_denied no [31m")
	// The verifier does not belong to the challenge.
	b.person(t, func(shown *url.URL) []string {
		code := a.oauth.Authorize("app", "acme", shown.Query().Get("redirect_uri"), "another-challenge")
		return []string{back(shown, url.Values{"code": {code}, "state": {shown.Query().Get("state")}})}
	})
	err := a.run(t, b, loginScript)
	require.ErrorContains(t, err, "the code verifier does not match")
	b.person(t, func(*url.URL) []string { return nil })
	err = a.run(t, b, strings.Replace(loginScript, "timeout = 20", "timeout = 0.1", 1))
	require.ErrorContains(t, err, "nobody authorized the app within 100ms")
}
