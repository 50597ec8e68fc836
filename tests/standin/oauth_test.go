package standin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

func newOAuth() (*standin.Clock, *standin.OAuth) {
	clock := standin.NewClock(start)
	o := standin.NewOAuth(clock, 30*time.Minute)
	o.Register("app", "secret", "acme")
	return clock, o
}

func ask(o *standin.OAuth, form url.Values) (standin.Tokens, string) {
	if !form.Has("client_id") {
		form.Set("client_id", "app")
		form.Set("client_secret", "secret")
	}
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	tokens, refusal := o.Token(r, "refresh_token", "client_credentials", "authorization_code")
	if refusal != nil {
		return tokens, refusal.Code
	}
	return tokens, ""
}

func refresh(o *standin.OAuth, token string) (standin.Tokens, string) {
	return ask(o, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func TestRotatingRefreshTokensWorkOnce(t *testing.T) {
	_, o := newOAuth()
	o.Rotate = true
	first := o.Grant("app", "acme")
	second, code := refresh(o, first.Refresh)
	require.Empty(t, code)
	assert.NotEqual(t, first.Refresh, second.Refresh)
	_, code = refresh(o, first.Refresh)
	assert.Equal(t, "invalid_grant", code)
	_, code = refresh(o, second.Refresh)
	assert.Empty(t, code, "the family lives unless the option is set")
	renewed, reused := o.Counts()
	assert.Equal(t, []int{2, 1}, []int{renewed, reused})
}

func TestReuseRevokesTheFamily(t *testing.T) {
	_, o := newOAuth()
	o.Rotate, o.RevokeFamily = true, true
	first, other := o.Grant("app", "acme"), o.Grant("app", "acme")
	second, _ := refresh(o, first.Refresh)
	_, code := refresh(o, first.Refresh)
	require.Equal(t, "invalid_grant", code)
	_, code = refresh(o, second.Refresh)
	assert.Equal(t, "invalid_grant", code)
	account, _ := o.Account(second.Access)
	assert.Empty(t, account)
	_, code = refresh(o, other.Refresh)
	assert.Empty(t, code, "another grant is another family")
}

func TestAccessTokensExpire(t *testing.T) {
	clock, o := newOAuth()
	tokens, code := ask(o, url.Values{"grant_type": {"client_credentials"}})
	require.Empty(t, code)
	assert.Empty(t, tokens.Refresh)
	clock.Advance(30*time.Minute - time.Nanosecond)
	account, _ := o.Account(tokens.Access)
	assert.Equal(t, "acme", account)
	clock.Advance(time.Nanosecond)
	account, expired := o.Account(tokens.Access)
	assert.Empty(t, account)
	assert.Equal(t, start.Add(30*time.Minute), expired)
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	_, o := newOAuth()
	_, code := ask(o, url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"wrong"}})
	assert.Equal(t, "invalid_client", code)
	_, code = ask(o, url.Values{"grant_type": {"password"}})
	assert.Equal(t, "unsupported_grant_type", code)
	_, code = refresh(o, "unknown")
	assert.Equal(t, "invalid_grant", code)
}

func TestCodesWorkOnceWithTheirVerifier(t *testing.T) {
	_, o := newOAuth()
	// The challenge and the verifier of RFC 7636, appendix B.
	const challenge, verifier = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	exchange := func(value, verifier string) (standin.Tokens, string) {
		return ask(o, url.Values{"grant_type": {"authorization_code"}, "code": {value}, "redirect_uri": {"http://127.0.0.1/"}, "code_verifier": {verifier}})
	}
	value := o.Authorize("app", "acme", "http://127.0.0.1/", challenge)
	_, code := exchange(value, "wrong")
	assert.Equal(t, "invalid_grant", code)
	value = o.Authorize("app", "acme", "http://127.0.0.1/", challenge)
	tokens, code := exchange(value, verifier)
	require.Empty(t, code)
	assert.Equal(t, "acme", tokens.Account)
	_, code = exchange(value, verifier)
	assert.Equal(t, "invalid_grant", code)
}
