package web

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// defaultClaimLife is how long the claim of a JWT is valid. Some services accept three
// minutes at most.
const defaultClaimLife = 3 * time.Minute

const (
	defaultLogin    = 5 * time.Minute
	defaultRedirect = "http://127.0.0.1/callback"
)

// loginFunc is the function that lets a person authorize an app.
func loginFunc() *fn {
	return &fn{
		Name: "authorize", Doc: "Returns a token that a person authorizes in a browser (authorization code with PKCE). The first run needs a terminal: it shows the address to open, and waits. " +
			"Later runs of the script, also those of its schedules, use the stored authorization. A built-in connector shares it among all scripts that use the connector with the same client secret.",
		Params: tokenParam(field{Name: "authorize_url", Type: "string", Required: true, Doc: "The address where people authorize the app.", Text: refusedLogin}, tokenURLField, clientIDField,
			field{Name: "client_secret", Type: "string|userdata", Doc: secretDoc}, scopesField, placeField, field{Name: "again", Type: "string", Doc: "What to do when the authorization expires, besides running the script in a terminal. It is added to the hint of the error."},
			field{Name: "params", Type: "table", Doc: "More parameters for `authorize_url`, by name."},
			field{Name: "redirect", Type: "string", Doc: "Where the browser returns to: an address on this machine, which some services want to know in advance, such as `http://localhost:8976/callback`. Default: `http://127.0.0.1/callback` at a free port.", Text: refusedRedirect},
			field{Name: "timeout", Type: "number", Doc: "How many seconds to wait for the person. Default: 300."}),
		Returns: tokenReturns, Errors: oauthErrors + " `config` when nobody has authorized the app yet, and the run has no terminal.",
		Example: `local token = oauth2.authorize{ authorize_url = "https://example.com/oauth/authorize", token_url = "https://example.com/oauth/token", client_id = "app", scopes = { "read", "offline_access" } }`,
		Call:    authorize,
	}
}

func authorize(a *args) (int, error) {
	o, h := a.Options(0), a.Host
	g, err := readGrant(a, grant{
		kind: authorizeGrant, authorizeURL: o.String("authorize_url"), params: url.Values(fields(o.Get("params"))), script: h.State.Own(),
	}, o)
	if err != nil {
		return 0, err
	}
	g.again = "run the script in a terminal to authorize the app again"
	if more := o.String("again"); more != "" {
		g.again += ". " + more
	}
	if secret := bindings.SecretFrom(o.Get("client_secret")); secret != nil {
		g.script = "everyone with " + secret.Identity()
	}
	if err := refusedLogin(g.authorizeURL); err != nil {
		return 0, a.Errorf("%w", err)
	}
	back, err := redirectOf(o.String("redirect"))
	if err != nil {
		err = a.Errorf("%w", err)
		return 0, err
	}
	wait, err := seconds(a, settings{own: o}, "timeout", defaultLogin)
	if err != nil {
		return 0, err
	}
	t, err := newToken(h, g)
	if err != nil {
		return 0, err
	}
	value, err := h.Tokens.Load(a.Context(), t.name)
	if err != nil {
		return 0, err
	}
	stored, err := t.decrypt(h, value)
	if err != nil {
		return 0, err
	}
	if stored.Access != "" && (stored.Refused.IsZero() || h.Tell == nil) {
		_, err := t.access(a.Context(), h, "")
		if err == nil {
			return a.Push(tokenValue(a.L, t))
		}
		if t.ended == nil || h.Tell == nil {
			return 0, err
		}
	}
	if h.Tell == nil && !h.Network.Stubbed() {
		return 0, &planhat.Error{Kind: planhat.KindConfig, Message: "nobody has authorized the app for this script yet, and this run has no terminal to ask somebody",
			Hint: "run the script once in a terminal, with the same store; later runs and schedules use the authorization"}
	}
	if err := t.login(a.Context(), h, back, wait); err != nil {
		return 0, err
	}
	return a.Push(tokenValue(a.L, t))
}

// redirectOf reads where the browser returns to, which must be this machine.
func redirectOf(text string) (*url.URL, error) {
	if text == "" {
		text = defaultRedirect
	}
	u, err := url.Parse(text)
	if err == nil && u.Scheme == "http" && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		if name := u.Hostname(); name == "localhost" || name == "127.0.0.1" || name == "::1" {
			return u, nil
		}
	}
	return nil, fmt.Errorf("option 'redirect' must be an address on this machine such as http://localhost:8976/callback, not %q", text)
}

func refusedRedirect(text string) error {
	_, err := redirectOf(text)
	return err
}

func refusedLogin(address string) error {
	if u, ok := hosted(address); ok && (u.Scheme == "https" || u.Scheme == "http") {
		return nil
	}
	return fmt.Errorf("option 'authorize_url' must be an address such as https://example.com/oauth/authorize, not %q", address)
}

// login lets a person authorize the app, and stores the tokens.
func (t *token) login(ctx context.Context, h *bindings.Host, back *url.URL, wait time.Duration) error {
	verifier := oauth2.GenerateVerifier()
	h.Network.Hide(verifier)
	code := "simulated" // stubs answer, and there is nobody to ask
	if !h.Network.Stubbed() {
		var err error
		if code, err = t.askPerson(ctx, h, back, verifier, wait); err != nil {
			return err
		}
		h.Network.Hide(code)
	}
	c := &carrier{network: h.Network}
	issued, err := t.ask(context.WithoutCancel(ctx), c, func(ctx context.Context) (*oauth2.Token, error) {
		return t.config(back.String()).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	})
	if err != nil {
		v := t.judge(ctx, c, err)
		if v.ended {
			v.failed.Hint = "start again: the address works once, and only for a short time"
		}
		return v.failed
	}
	h.Network.Hide(issued.AccessToken)
	h.Network.Hide(issued.RefreshToken)
	r := t.recorded(h, issued, "")
	value, err := t.encrypt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	for {
		old, err := h.Tokens.Load(ctx, t.name)
		done := false
		if err == nil {
			done, err = h.Tokens.Replace(ctx, t.name, old, value)
		}
		if err != nil {
			return &planhat.Error{Kind: planhat.KindConfig, Err: err, Message: fmt.Sprintf("the app was authorized, but the tokens could not be stored: %v", err),
				Hint: "make the store writable, and run the script again"}
		}
		if done {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.known, t.ended, t.unsaved = r, nil, nil
			return nil
		}
	}
}

// returned is what the browser brought back.
type returned struct {
	code string
	err  error
}

// askPerson shows the address to open, and waits until the browser returns. It sets the
// port of back.
func (t *token) askPerson(ctx context.Context, h *bindings.Host, back *url.URL, verifier string, wait time.Duration) (string, error) {
	port := back.Port()
	if port == "" {
		port = "0"
	}
	address := net.JoinHostPort("127.0.0.1", port)
	if back.Hostname() == "::1" {
		address = net.JoinHostPort("::1", port)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", &planhat.Error{Kind: planhat.KindConfig, Err: err, Message: fmt.Sprintf("cannot wait for the browser at %s: %v", address, err),
			Hint: "end the program that uses the port, or choose another one with the option redirect, and at the service"}
	}
	back.Host = net.JoinHostPort(back.Hostname(), fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
	state := oauth2.GenerateVerifier()
	results := make(chan returned, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: answerBrowser(back.Path, state, results)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends when it is closed
	}()
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(closing) // lets the browser get its page
		_ = server.Close()
		<-served
	}()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	for name, values := range t.params {
		options = append(options, oauth2.SetAuthURLParam(name, values[0]))
	}
	h.Tell(fmt.Sprintf("Open this address in a browser on this machine to authorize the app (within %s):\n%s", wait, t.config(back.String()).AuthCodeURL(state, options...)))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case r := <-results:
		return r.code, r.err
	case <-timer.C:
		return "", &planhat.Error{Kind: planhat.KindTimeout, Message: fmt.Sprintf("nobody authorized the app within %s", wait), Hint: "run the script again, and open the address that it shows"}
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// answerBrowser takes the code from the browser. Requests that do not come from the page
// that was opened change nothing.
func answerBrowser(path, state string, results chan<- returned) http.Handler {
	if path == "" {
		path = "/"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Connection", "close")
		query := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != path || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
			http.Error(w, "This address is only for the page that phscript asked you to open.", http.StatusBadRequest)
			return
		}
		got := returned{code: query.Get("code")}
		text := "The app is authorized. You can close this window and return to the terminal."
		if got.code == "" {
			why := oneLine(query.Get("error") + " " + query.Get("error_description"))
			got.err = &planhat.Error{Kind: planhat.KindAuth, Message: "the app was not authorized: " + why, Hint: "run the script again, and allow the app what it asks for"}
			text = "The app was not authorized. You can close this window and return to the terminal."
		}
		_, _ = fmt.Fprintln(w, text)
		select {
		case results <- got:
		default: // the first answer counts
		}
	})
}
