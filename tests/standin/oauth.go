package standin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// OAuth issues access tokens for the accounts of a vendor. Set its fields before
// the first request.
type OAuth struct {
	clock *Clock
	// Life is how long access tokens are valid.
	Life time.Duration
	// Rotate replaces the refresh token at each refresh: the old one works once.
	Rotate bool
	// RevokeFamily also revokes everything that came from the same grant when a
	// used refresh token is sent again. Without it the request is only refused.
	RevokeFamily bool
	// RefreshLife is how long refresh tokens are valid; 0 is for ever.
	RefreshLife time.Duration

	mu      sync.Mutex
	clients map[string]client
	access  map[string]*token
	refresh map[string]*token
	codes   map[string]code
	issued  int
	reused  int
	renewed int
}

type client struct{ secret, account string }

// token is an access or refresh token. Tokens of one grant share the family.
type token struct {
	client, account string
	family          *bool // whether it was revoked
	expires         time.Time
	used            bool
}

type code struct{ client, account, redirect, challenge string }

// Tokens is what a token request returns.
type Tokens struct {
	Access, Refresh string
	Account         string
	ExpiresIn       time.Duration
}

// OAuthError is a refusal in the words of RFC 6749.
type OAuthError struct {
	Status            int
	Code, Description string
}

func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

// NewOAuth returns an OAuth without clients.
func NewOAuth(clock *Clock, life time.Duration) *OAuth {
	return &OAuth{
		clock: clock, Life: life,
		clients: map[string]client{}, access: map[string]*token{}, refresh: map[string]*token{}, codes: map[string]code{},
	}
}

// Register adds a client whose client credentials are for the account.
func (o *OAuth) Register(id, secret, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clients[id] = client{secret, account}
}

// Grant returns tokens as if a user of the account had installed the client.
func (o *OAuth) Grant(id, account string) Tokens {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.issue(id, account, new(bool), "")
}

// Authorize returns an authorization code, as the vendor's consent page sends it
// to the redirect address. challenge is the PKCE challenge (S256), empty for none.
func (o *OAuth) Authorize(id, account, redirect, challenge string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.issued++
	value := fmt.Sprintf("code-%06d", o.issued)
	o.codes[value] = code{id, account, redirect, challenge}
	return value
}

// Consent answers a request for the page where a person of an account authorizes a
// client, who does so at once. It reads client_id, redirect_uri, state, scope,
// code_challenge and code_challenge_method. The browser must return to redirect; a port
// that redirect does not name may be any. refuse returns why the vendor shows an error to
// the person instead, "" if it does not.
func (o *OAuth) Consent(w http.ResponseWriter, r *http.Request, account, redirect string, refuse func(query url.Values) string) {
	query := r.URL.Query()
	id, back := query.Get("client_id"), query.Get("redirect_uri")
	at, err := url.Parse(back)
	o.mu.Lock()
	_, known := o.clients[id]
	o.mu.Unlock()
	var why string
	switch {
	case !known:
		why = "unknown client_id"
	case err != nil || back != redirect && strings.Replace(back, ":"+at.Port(), "", 1) != redirect:
		why = "redirect_uri does not match"
	case query.Get("response_type") != "code":
		why = "unsupported response_type"
	default:
		why = refuse(query)
	}
	if why != "" {
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	code := o.Authorize(id, account, back, query.Get("code_challenge"))
	at.RawQuery = url.Values{"code": {code}, "state": {query.Get("state")}}.Encode()
	http.Redirect(w, r, at.String(), http.StatusFound)
}

// Token answers a token request. It reads grant_type, client_id, client_secret,
// refresh_token, code, redirect_uri and code_verifier from the form, and the
// client from a Basic header if the form has none. grants are the grant types that
// the vendor knows.
func (o *OAuth) Token(r *http.Request, grants ...string) (Tokens, *OAuthError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		return Tokens{}, refuse("invalid_request", err.Error())
	}
	form := r.PostForm // not the query: secrets do not belong into addresses
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok && id == "" {
		id, secret = user, password
	}
	known, ok := o.clients[id]
	if !ok || known.secret != secret {
		return Tokens{}, &OAuthError{http.StatusUnauthorized, "invalid_client", "unknown client or wrong secret"}
	}
	grant := form.Get("grant_type")
	if !slices.Contains(grants, grant) {
		return Tokens{}, refuse("unsupported_grant_type", "unsupported grant type "+grant)
	}
	switch grant {
	case "client_credentials":
		tokens := o.issue(id, known.account, new(bool), "")
		delete(o.refresh, tokens.Refresh)
		tokens.Refresh = ""
		return tokens, nil
	case "refresh_token":
		return o.renew(id, form.Get("refresh_token"))
	default:
		return o.exchange(id, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	}
}

func (o *OAuth) renew(id, value string) (Tokens, *OAuthError) {
	t := o.refresh[value]
	switch {
	case t == nil || t.client != id || *t.family || !t.expires.IsZero() && !o.clock.Now().Before(t.expires):
		return Tokens{}, refuse("invalid_grant", "the refresh token is unknown, expired or revoked")
	case t.used:
		o.reused++
		if o.RevokeFamily {
			*t.family = true
		}
		return Tokens{}, refuse("invalid_grant", "the refresh token was used before")
	}
	o.renewed++
	if !o.Rotate {
		return o.issue(id, t.account, t.family, value), nil
	}
	t.used = true
	return o.issue(id, t.account, t.family, ""), nil
}

func (o *OAuth) exchange(id, value, redirect, verifier string) (Tokens, *OAuthError) {
	c, ok := o.codes[value]
	delete(o.codes, value)
	sum := sha256.Sum256([]byte(verifier))
	switch {
	case !ok || c.client != id || c.redirect != redirect:
		return Tokens{}, refuse("invalid_grant", "the code is unknown, or for another client or redirect address")
	case c.challenge != "" && c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
		return Tokens{}, refuse("invalid_grant", "the code verifier does not match")
	}
	return o.issue(id, c.account, new(bool), ""), nil
}

// issue makes an access token, and a refresh token unless one is kept.
func (o *OAuth) issue(id, account string, family *bool, kept string) Tokens {
	o.issued++
	tokens := Tokens{fmt.Sprintf("access-%s-%06d", id, o.issued), kept, account, o.Life}
	o.access[tokens.Access] = &token{client: id, account: account, family: family, expires: o.clock.Now().Add(o.Life)}
	if kept == "" {
		tokens.Refresh = fmt.Sprintf("refresh-%s-%06d", id, o.issued)
		t := &token{client: id, account: account, family: family}
		if o.RefreshLife > 0 {
			t.expires = o.clock.Now().Add(o.RefreshLife)
		}
		o.refresh[tokens.Refresh] = t
	}
	return tokens
}

// Account returns the account of a valid access token. If the token is not valid,
// account is empty and expired is when it was, or zero if it is unknown or revoked.
func (o *OAuth) Account(access string) (account string, expired time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.access[access]
	switch {
	case t == nil || *t.family:
		return "", time.Time{}
	case !o.clock.Now().Before(t.expires):
		return "", t.expires
	}
	return t.account, time.Time{}
}

// Revoke revokes a token and everything that came from the same grant. It
// reports whether the token was known.
func (o *OAuth) Revoke(value string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.refresh[value]
	if t == nil {
		t = o.access[value]
	}
	if t != nil {
		*t.family = true
	}
	return t != nil
}

// ExpireAccess ends all access tokens now. Refresh tokens stay valid.
func (o *OAuth) ExpireAccess() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.access {
		t.expires = o.clock.Now()
	}
}

// Counts returns how many refreshes succeeded, and how often a used refresh token
// was sent again.
func (o *OAuth) Counts() (renewed, reused int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.renewed, o.reused
}

func refuse(code, description string) *OAuthError {
	return &OAuthError{http.StatusBadRequest, code, description}
}
