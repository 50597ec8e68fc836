package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// newPauses are the pauses between attempts.
func newPauses() *backoff.ExponentialBackOff {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = firstPause, mostPause, 2
	return pauses
}

// tokenVerdict is a verdict about a request for a token.
type tokenVerdict struct {
	verdict
	// ended says that the authorization has ended, and sure that the service has refused
	// the request.
	ended, sure bool
}

// carrier sends requests for tokens through the network of the run, and remembers the
// answer, of which the library keeps only a part.
type carrier struct {
	network bindings.Network
	status  int
	header  http.Header
	body    []byte
	err     error
}

// mostAnswer is how long the answer of a token endpoint may be.
const mostAnswer = 1 << 20

func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	// A token is needed to read, too, so a dry run asks for one.
	res, err := c.network.Send(req, true)
	if err != nil {
		c.err = err
		return nil, err
	}
	c.status, c.header = res.StatusCode, res.Header
	if c.body, c.err = io.ReadAll(io.LimitReader(res.Body, mostAnswer)); c.err == nil {
		c.err = res.Body.Close()
	}
	res.Body = io.NopCloser(bytes.NewReader(c.body))
	if bytes.HasPrefix(bytes.TrimSpace(c.body), []byte("{")) {
		// Some services send JSON as text, which the library takes for a form.
		res.Header = res.Header.Clone()
		res.Header.Set("Content-Type", "application/json")
	}
	return res, c.err
}

// request asks the token endpoint for a token, once.
func (t *token) request(ctx context.Context, h *bindings.Host, refresh string) (*oauth2.Token, tokenVerdict) {
	if t.renews() {
		// The service may replace the refresh token as soon as it has the request, so the
		// end of the run waits for the answer.
		ctx = context.WithoutCancel(ctx)
	}
	c := &carrier{network: h.Network}
	issued, err := t.ask(ctx, c, func(ctx context.Context) (*oauth2.Token, error) {
		switch t.kind {
		case clientGrant:
			config := clientcredentials.Config{ClientID: t.clientID, ClientSecret: t.clientSecret, TokenURL: t.tokenURL, Scopes: t.scopes, EndpointParams: t.params, AuthStyle: t.style()}
			return config.Token(ctx)
		case jwtGrant:
			config := jwt.Config{Email: t.issuer, PrivateKey: t.key, PrivateKeyID: t.keyID, Subject: t.subject, Scopes: t.scopes, TokenURL: t.tokenURL,
				Expires: t.life, Audience: t.audience, PrivateClaims: t.claims}
			return config.TokenSource(ctx).Token()
		default:
			return t.config("").TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		}
	})
	if err == nil {
		h.Network.Hide(issued.AccessToken)
		h.Network.Hide(issued.RefreshToken)
		return issued, tokenVerdict{}
	}
	return nil, t.judge(ctx, c, err)
}

// ask does what needs a request, with the network of the run and a time limit.
func (t *token) ask(ctx context.Context, c *carrier, do func(ctx context.Context) (*oauth2.Token, error)) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, requestTimeout, errTimeout)
	defer cancel()
	issued, err := do(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: c, CheckRedirect: unfollowed}))
	if err != nil && c.err != nil {
		err = timedOut(ctx, c.err)
	}
	return issued, err
}

// unfollowed keeps the redirects that the network does not follow from being followed here.
func unfollowed(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (g *grant) config(redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: g.clientID, ClientSecret: g.clientSecret, Scopes: g.scopes, RedirectURL: redirect,
		Endpoint: oauth2.Endpoint{AuthURL: g.authorizeURL, TokenURL: g.tokenURL, AuthStyle: g.style()}}
}

func (g *grant) style() oauth2.AuthStyle {
	if g.inHeader {
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleInParams
}

// recorded is what is stored of a token that was issued. It is renewed a while before its
// end.
func (t *token) recorded(h *bindings.Host, issued *oauth2.Token, refresh string) record {
	r := record{Access: issued.AccessToken, Refresh: issued.RefreshToken}
	if r.Refresh == "" {
		r.Refresh = refresh
	}
	if !issued.Expiry.IsZero() {
		life := time.Until(issued.Expiry)
		r.Expires = h.Clock.Now().Add(life - min(early, life/10))
	}
	return r
}

// judge decides about a request that failed.
func (t *token) judge(ctx context.Context, c *carrier, err error) tokenVerdict {
	if c.err != nil {
		u, bad := url.Parse(t.tokenURL)
		if bad != nil {
			return tokenVerdict{verdict: verdict{failed: &planhat.Error{Kind: planhat.KindConfig, Message: bad.Error()}}, sure: true}
		}
		v := (&request{url: u, timeout: requestTimeout, repeatable: true}).judgeError(c.err)
		v.failed.Message = "cannot get a token: " + v.failed.Message
		if v.failed.Kind == planhat.KindTimeout {
			v.failed.Hint = "" // about an option of requests
		}
		if ctx.Err() != nil {
			v.retry = false
		}
		return tokenVerdict{verdict: v, sure: neverSent(c.err) || errors.As(c.err, new(bindings.ErrorKinder)) && !errors.As(c.err, new(*bindings.RedirectError))}
	}
	failed := &planhat.Error{Kind: planhat.KindAuth, Status: c.status, Method: http.MethodPost, Path: shownURL(t.tokenURL)}
	v := tokenVerdict{verdict: verdict{failed: failed, after: pauseOf(c.header)}}
	code, description := said(c, err)
	switch {
	case c.status == 0: // nothing was sent
		failed.Kind, v.sure = planhat.KindConfig, true
		failed.Message = "cannot ask for a token: " + strings.TrimPrefix(err.Error(), "oauth2: ")
		return v
	case c.status == http.StatusTooManyRequests:
		failed.Kind, failed.Message, v.retry, v.sure = planhat.KindRateLimited, t.host()+" accepts no more requests for tokens for now (429)", true, true
		failed.RetryAfter = v.after
		failed.Hint = "run fewer scripts that use this credential at once, or wait"
		return v
	case c.status >= 500 || c.status == http.StatusRequestTimeout:
		failed.Kind, v.retry = planhat.KindServer, true
		failed.Message = fmt.Sprintf("%s could not issue a token: it responded with %d %s", t.host(), c.status, http.StatusText(c.status))
		return v
	case c.status < 300 && code == "":
		failed.Kind = planhat.KindServer
		failed.Message = fmt.Sprintf("%s responded to the request for a token, but not with a token", t.host())
		failed.Hint = "check whether token_url is the address of the service's token endpoint"
		return v
	}
	v.after, v.sure = 0, true
	failed.Message = fmt.Sprintf("%s refused to issue a token: %s", t.host(), code)
	if code == "" {
		failed.Message = fmt.Sprintf("%s refused to issue a token: it responded with %d %s", t.host(), c.status, http.StatusText(c.status))
	}
	if description != "" {
		failed.Message += ": " + description
	}
	failed.Hint = t.advice(code, c.status)
	v.ended = code == "invalid_grant" && t.renews()
	return v
}

// said returns the error in the answer of a token endpoint, and what it says about it.
func said(c *carrier, err error) (code, description string) {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		code, description = refused.ErrorCode, refused.ErrorDescription
	}
	if code == "" {
		var told struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(c.body, &told) == nil {
			code, description = told.Error, told.Description
		}
	}
	if code == "" && c.status >= 400 {
		description = saying(c.body)
	}
	return oneLine(code), oneLine(description)
}

// unauthorized is the error about an authorization that has ended.
func (t *token) unauthorized(why string) *planhat.Error {
	return &planhat.Error{Kind: planhat.KindAuth, Message: why, Hint: t.again}
}

// advice says what to do about an error code.
func (t *token) advice(code string, status int) string {
	switch code {
	case "invalid_client":
		return "check whether the client ID and the client secret belong to the same app, and whether the secret was replaced" + t.otherPlace()
	case "invalid_grant":
		if t.kind == jwtGrant {
			return "check whether the subject has allowed the app, whether the private key belongs to the app's certificate, whether audience is the service's own address, and whether this machine's clock is right"
		}
		return "the authorization has expired, was revoked, or is for another app: " + t.again
	case "invalid_scope":
		return "the app lacks one of the scopes: add it to the app at the service, or leave it out of scopes"
	case "unauthorized_client":
		return "allow the app to use this way of getting tokens, in its settings at the service, and check whether it is installed in the account"
	case "access_denied", "consent_required", "interaction_required", "app_not_installed":
		return "install the app in the account, or let an administrator approve it"
	case "unsupported_grant_type":
		return "the service does not offer this way of getting tokens at token_url: look in its documentation for another one"
	case "invalid_request":
		return "look in the service's documentation which parameters its token endpoint needs" + t.otherPlace()
	}
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		return "check whether token_url is the address of the service's token endpoint"
	}
	if status == http.StatusUnauthorized {
		return "check whether the client ID and the client secret are right" + t.otherPlace()
	}
	return ""
}

// otherPlace says where else the client secret can be.
func (t *token) otherPlace() string {
	switch {
	case t.clientSecret == "":
		return ""
	case t.inHeader:
		return "; some services need secret_in = \"body\""
	}
	return "; some services need secret_in = \"header\""
}

func shownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host + u.EscapedPath()
}
