package web

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// grant is how to get a token.
type grant struct {
	kind                                 string
	tokenURL, authorizeURL               string
	clientID, clientSecret, refreshToken string
	scopes                               []string
	params                               url.Values
	inHeader                             bool
	// again says how to authorize the app again.
	again string

	// For JWT.
	key                              []byte
	keyID, issuer, subject, audience string
	claims                           map[string]any
	life                             time.Duration

	// bound is a secret of the grant, which binds its token to the same hosts; nil for none.
	bound *bindings.Secret

	// script owns what a person has authorized.
	script string
}

const (
	clientGrant    = "client_credentials"
	jwtGrant       = "jwt"
	refreshGrant   = "refresh"
	authorizeGrant = "authorize"
)

// renews reports whether the token is renewed with a refresh token.
func (g *grant) renews() bool { return g.kind == refreshGrant || g.kind == authorizeGrant }

// secret is what only those have who may use the token, nil if nothing in the grant is.
func (g *grant) secret() []byte {
	switch g.kind {
	case clientGrant:
		return []byte(g.clientSecret)
	case jwtGrant:
		return g.key
	case refreshGrant:
		// The client secret can be replaced without a new authorization.
		return []byte(g.refreshToken)
	}
	return nil
}

// identity are the parts that make two grants the same credential, beside the secret.
func (g *grant) identity() []string {
	scopes := slices.Sorted(slices.Values(g.scopes))
	return []string{g.kind, g.tokenURL, g.clientID, strings.Join(scopes, " "), g.params.Encode(), g.issuer, g.subject, g.audience, g.keyID, fmt.Sprint(g.claims), g.script}
}

func (g *grant) host() string {
	u, err := url.Parse(g.tokenURL)
	if err != nil {
		return g.tokenURL
	}
	return u.Host
}

const oauthErrors = "`auth` when the service refuses to issue a token, with its reason and what to do; `permission` when the script may not reach the service; " +
	"`rate_limited`, `server`, `network` or `timeout` when it cannot issue one now. Requests that use the token raise these errors, because it is fetched when it is first needed."

var (
	tokenURLField = field{Name: "token_url", Type: "string", Required: true, Doc: "The address of the service's token endpoint.", Text: refusedTokenURL}
	clientIDField = field{Name: "client_id", Type: "string|userdata", Required: true, Doc: "The client ID of the app."}
	scopesField   = field{Name: "scopes", Type: "string|string[]", Doc: "What the token should allow: a list, or a text with spaces."}
	placeField    = field{Name: "secret_in", Type: "string", Doc: "Where to send client ID and secret: `body`, or `header` for Basic authentication. Default: `body`.", Text: refusedPlace}
	againField    = field{Name: "again", Type: "string", Doc: "What to do when the authorization expires. It is the hint of the error."}
	secretDoc     = "The client secret of the app."
)

// tokenParam is the parameter of the functions that make tokens.
func tokenParam(fields ...field) []param {
	return []param{{Name: "options", Type: "table", Doc: "The service, and the credential.", Fields: fields}}
}

var tokenReturns = []result{{Type: "userdata", Doc: "The token, for the option `bearer` of `http`."}}

// OAuth2 returns the module oauth2: tokens for the module http.
func OAuth2() *bindings.Module {
	return &bindings.Module{
		Name: "oauth2", Required: true,
		Doc: "Gets tokens for the module `http` by OAuth 2.0. A token is a value for the option `bearer`, and shows nothing of its text. Send it only to services that you trust with it. It is fetched when a request first needs it, " +
			"renewed before it expires, and once if a service rejects it with 401.\n\n" +
			"Tokens are kept in the store, encrypted, so later runs use them too. All runs that use a credential share its token, also on several machines with one store, " +
			"and one of them renews it at a time. A new refresh token is stored before it is used, also in a dry run. With `--simulate` and without a store, tokens last as long as the run.\n\n" +
			"    local http, oauth2 = require \"http\", require \"oauth2\"\n" +
			"    local token = oauth2.client_credentials{ token_url = \"https://api.example.com/oauth/token\",\n" +
			"      client_id = env.require(\"CRM_CLIENT_ID\"), client_secret = env.require(\"CRM_CLIENT_SECRET\") }\n" +
			"    local api = http.client{ base = \"https://api.example.com\", bearer = token }",
		Funcs: []*fn{
			{
				Name: "client_credentials", Doc: "Returns a token for the app itself, without a login.",
				Params: tokenParam(tokenURLField, clientIDField, field{Name: "client_secret", Type: "string|userdata", Required: true, Doc: secretDoc}, scopesField, placeField,
					field{Name: "params", Type: "table", Doc: "More parameters for the token endpoint, such as `audience`, by name."}),
				Returns: tokenReturns, Errors: oauthErrors,
				Example: `local token = oauth2.client_credentials{ token_url = "https://api.example.com/oauth/token", client_id = "app", client_secret = env.require("CRM_CLIENT_SECRET") }`,
				Call: func(a *args) (int, error) {
					o := a.Options(0)
					g := grant{kind: clientGrant, params: url.Values(fields(o.Get("params")))}
					return giveToken(a, g, o)
				},
			},
			{
				Name: "jwt", Doc: "Returns a token for a signed claim (JWT bearer, RS256). The run reads the private key; the script cannot.",
				Params: tokenParam(tokenURLField, field{Name: "issuer", Type: "string|userdata", Doc: "Who asks (`iss`): often the client ID of the app. Default: `client_email` of a key in JSON form."},
					field{Name: "subject", Type: "string", Doc: "The user for whom to ask (`sub`)."},
					field{Name: "audience", Type: "string", Doc: "For whom the claim is (`aud`). Default: `token_url`."},
					field{Name: "key_file", Type: "string", File: true, Doc: "The file with the private key, in a folder that the script may read: in PEM form, or the JSON that Google gives for a service account."},
					field{Name: "key_variable", Type: "string", Doc: "The environment variable with the private key, in place of `key_file`. Scripts must be allowed to read it."},
					field{Name: "key", Type: "userdata", Doc: "The private key as a secret, in place of both. Only built-in connectors have one."},
					field{Name: "key_id", Type: "string", Doc: "Which of the app's keys it is (`kid`). Default: `private_key_id` of a key in JSON form."},
					field{Name: "lifetime", Type: "number", Doc: "How many seconds the claim is valid (`exp`). Default: 180.", Number: refusedLife},
					field{Name: "claims", Type: "table", Doc: "More claims, by name."}, scopesField),
				Returns: tokenReturns, Errors: oauthErrors,
				Example: `local token = oauth2.jwt{ token_url = "https://login.example.com/token", issuer = "app", subject = "sync@acme.com", key_file = "keys/crm.pem" }`,
				Call:    newJWT,
			},
			{
				Name: "refresh", Doc: "Returns a token from a refresh token that you already have. If the service replaces the refresh token when it is used, the store keeps the newest one. " +
					"After you have authorized the app again, pass the new refresh token: it replaces the stored one.",
				Params: tokenParam(tokenURLField, clientIDField, field{Name: "client_secret", Type: "string|userdata", Doc: secretDoc},
					field{Name: "refresh_token", Type: "string|userdata", Required: true, Doc: "The refresh token that the service gave when the app was authorized."}, scopesField, placeField, againField),
				Returns: tokenReturns, Errors: oauthErrors,
				Example: `local token = oauth2.refresh{ token_url = "https://api.example.com/oauth/token", client_id = "app", client_secret = env.require("CRM_CLIENT_SECRET"), refresh_token = env.require("CRM_REFRESH_TOKEN") }`,
				Call: func(a *args) (int, error) {
					o := a.Options(0)
					g := grant{kind: refreshGrant}
					if !o.Has("refresh_token") || bindings.SecretFrom(o.Get("refresh_token")) == nil && strings.TrimSpace(o.String("refresh_token")) == "" {
						return 0, a.Errorf("option 'refresh_token' is empty; check whether the variable with the token is set")
					}
					return giveToken(a, g, o)
				},
			},
			loginFunc(),
		},
	}
}

// readGrant reads the options that all grants have.
func readGrant(a *args, g grant, o bindings.Options) (grant, error) {
	g.tokenURL = o.String("token_url")
	g.scopes = strings.Fields(strings.Join(o.Strings("scopes"), " "))
	if g.again = o.String("again"); g.again == "" {
		g.again = "authorize the app again at the service, and use the new refresh token"
	}
	if err := refusedTokenURL(g.tokenURL); err != nil {
		return g, a.Errorf("%w", err)
	}
	u, _ := hosted(g.tokenURL)
	for name, into := range map[string]*string{"client_id": &g.clientID, "client_secret": &g.clientSecret, "refresh_token": &g.refreshToken, "issuer": &g.issuer} {
		text, bound, err := textFor(o.Get(name), u)
		if err != nil {
			return g, err
		}
		if bound != nil {
			g.bound = bound
		}
		*into = text
		if o.Has(name) && text == "" {
			return g, a.Errorf("option '%s' is empty; check whether the variable with it is set", name)
		}
	}
	place := o.String("secret_in")
	if err := refusedPlace(place); err != nil {
		return g, a.Errorf("%w", err)
	}
	g.inHeader = place == "header"
	return g, nil
}

func refusedTokenURL(address string) error {
	if u, ok := hosted(address); ok && u.User == nil {
		return nil
	}
	return fmt.Errorf("option 'token_url' must be an address such as https://api.example.com/oauth/token, not %q", address)
}

func refusedPlace(place string) error {
	switch place {
	case "", "body", "header":
		return nil
	}
	return fmt.Errorf("option 'secret_in' must be body or header, not %q", place)
}

func refusedLife(seconds float64) error {
	if seconds >= 1 && seconds <= 3600 {
		return nil
	}
	return errors.New("option 'lifetime' must be a number of seconds, from 1 to 3600")
}

func giveToken(a *args, g grant, o bindings.Options) (int, error) {
	g, err := readGrant(a, g, o)
	if err != nil {
		return 0, err
	}
	return pushToken(a, g)
}

func pushToken(a *args, g grant) (int, error) {
	t, err := newToken(a.Host, g)
	if err != nil {
		return 0, err
	}
	return a.Push(tokenValue(a.L, t))
}

func newJWT(a *args) (int, error) {
	o := a.Options(0)
	ways := 0
	for _, name := range []string{"key_file", "key_variable", "key"} {
		if o.Has(name) {
			ways++
		}
	}
	if ways != 1 {
		return 0, a.Errorf("one of the options 'key_file' and 'key_variable' is needed")
	}
	g := grant{kind: jwtGrant, keyID: o.String("key_id"), subject: o.String("subject"), audience: o.String("audience"), life: defaultClaimLife}
	if o.Has("lifetime") {
		seconds := float64(lua.LVAsNumber(o.Get("lifetime")))
		if err := refusedLife(seconds); err != nil {
			return 0, a.Errorf("%w", err)
		}
		g.life = time.Duration(seconds * float64(time.Second))
	}
	if t, ok := o.Get("claims").(*lua.LTable); ok {
		if err := readClaims(a, t, &g); err != nil {
			return 0, err
		}
	}
	text, name, bound, err := keyText(a, o)
	if err != nil {
		return 0, err
	}
	file, err := readKey(text)
	if err != nil {
		return 0, a.Errorf("%s: %w", name, err)
	}
	if g, err = readGrant(a, g, o); err != nil {
		return 0, err
	}
	g.key, g.keyID, g.issuer = []byte(file.Key), cmp.Or(g.keyID, file.ID), cmp.Or(g.issuer, file.Email)
	if g.issuer == "" {
		return 0, a.Errorf("option 'issuer' is missing; only a key in JSON form says who asks")
	}
	if bound != nil {
		g.bound = bound
	}
	return pushToken(a, g)
}

// keyText returns the private key of a JWT as it was given, and what to call it in errors.
// bound is the secret that it is, nil for a file or a variable.
func keyText(a *args, o bindings.Options) (text []byte, name string, bound *bindings.Secret, err error) {
	if bound = bindings.SecretFrom(o.Get("key")); bound != nil {
		u, err := url.Parse(o.String("token_url"))
		if err != nil {
			return nil, "", nil, a.Errorf("option 'token_url' is not an address")
		}
		key, err := bound.For(u)
		return []byte(key), "the private key", bound, err
	}
	text, err = a.Host.PrivateKey(a.Context(), o.String("key_file"), o.String("key_variable"))
	return text, strings.TrimSpace(o.String("key_file") + o.String("key_variable")), nil, err
}

// tokenType is the key of the metatable of tokens in the registry.
const tokenType = "phscript.oauth2.token"

// tokenValue is a token as scripts see it: a value that says nothing.
func tokenValue(L *lua.LState, t *token) lua.LValue {
	mt, ok := L.G.Registry.RawGetString(tokenType).(*lua.LTable)
	if !ok {
		mt = L.NewTable()
		mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
			text := "oauth2 token"
			if u, ok := L.Get(1).(*lua.LUserData); ok {
				if t, ok := u.Value.(*token); ok {
					text += " of " + t.host()
				}
			}
			L.Push(str(text))
			return 1
		}))
		mt.RawSetString("__metatable", str("oauth2 token"))
		L.G.Registry.RawSetString(tokenType, mt)
	}
	return &lua.LUserData{Value: t, Metatable: mt, Env: L.Env}
}

// mayGo returns an error if the token must not be sent to an address.
func (t *token) mayGo(u *url.URL) error {
	if t.bound == nil {
		return nil
	}
	return t.bound.MayGo(u)
}

// tokenOf returns the token that a value is, or nil.
func tokenOf(v lua.LValue) *token {
	if u, ok := v.(*lua.LUserData); ok {
		t, _ := u.Value.(*token)
		return t
	}
	return nil
}

// readClaims reads more claims. Those of the module's own options are refused.
func readClaims(a *args, t *lua.LTable, g *grant) error {
	bindings.Fill(t)
	g.claims = map[string]any{}
	var err error
	t.ForEach(func(k, v lua.LValue) {
		switch v := v.(type) {
		case lua.LString:
			g.claims[k.String()] = string(v)
		case lua.LNumber:
			g.claims[k.String()] = float64(v)
		case lua.LBool:
			g.claims[k.String()] = bool(v)
		default:
			err = a.Errorf("option 'claims': the value of %s must be a text, a number or a boolean", k.String())
		}
	})
	for _, name := range slices.Sorted(maps.Keys(g.claims)) {
		if option := map[string]string{"iss": "issuer", "sub": "subject", "aud": "audience", "exp": "lifetime", "iat": "lifetime", "scope": "scopes"}[name]; option != "" {
			return a.Errorf("option 'claims': use the option '%s' for %s", option, name)
		}
	}
	return err
}
