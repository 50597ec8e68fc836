package host

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/credential"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// Profile is what the settings say about writes.
func Profile(c config.Config) consent.Profile {
	p := c.Profile
	return consent.Profile{Name: p.Name, Production: p.Production, Threshold: p.Threshold, Allow: p.Allow}
}

// inProfile ends the name of what is stored for a profile: another one is another tenant.
func inProfile(c config.Config) string {
	if c.Profile.Name == "" {
		return ""
	}
	return " in profile " + c.Profile.Name
}

// watched is the profile of a run, and what the run has sent to it.
type watched struct {
	env     *environment.Env
	config  config.Config
	log     *slog.Logger
	text    bool
	next    http.RoundTripper
	wrote   sync.Once
	written bool
	mu      sync.Mutex
	// token renews the token, nil if that is not possible.
	token *credential.Renewed
}

// RoundTrip tells the first write to a production tenant, and asks for the token again if
// Planhat refuses it.
func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && w.isOwn(req) {
		w.wrote.Do(w.banner)
	}
	if w.token == nil {
		return w.next.RoundTrip(req)
	}
	return w.token.Send(req, w.next)
}

// isOwn reports whether a request is for the tenant of the profile: a script can reach others.
func (w *watched) isOwn(req *http.Request) bool {
	c := w.config
	switch req.URL.Host {
	case trust.HostOf(cmp.Or(c.APIURL, planhat.DefaultBaseURL)):
		return req.Header.Get("Authorization") == "Bearer "+c.APIToken || c.TenantToken != "" && strings.Contains(req.URL.Path, c.TenantToken)
	case trust.HostOf(cmp.Or(c.AnalyticsURL, planhat.DefaultAnalyticsURL)):
		return c.TenantToken != "" && strings.Contains(req.URL.Path, c.TenantToken)
	}
	return false
}

// banner says that the run writes to production.
func (w *watched) banner() {
	w.mu.Lock()
	w.written = true
	w.mu.Unlock()
	p := w.config.Profile
	if !p.Production {
		return
	}
	host := w.host()
	if !w.text {
		w.log.Warn("writing to production", "profile", p.Name, "host", host)
		return
	}
	text := fmt.Sprintf("PRODUCTION: writing to %s, profile %s", display.OneLine(host), p.Name)
	if w.env.StderrColor() {
		text = "\x1b[1;37;41m " + text + " \x1b[0m"
	}
	fmt.Fprintln(w.env.Stderr, text)
}

// watch watches what a run sends, and says which profile it uses.
func (h *Opened) watch(env *environment.Env, c config.Config, o *Options, log *slog.Logger, options *runtime.Options) {
	w := &watched{env: env, config: c, log: log, text: c.LogFormat != "json", token: o.sources.API.Renew(c.APIToken, h.Secrets)}
	h.watched = w
	if w.token != nil || c.Profile.Name != "" {
		w.next = planhat.NewTransport()
		options.Planhat.HTTPClient = &http.Client{Transport: w}
	}
	w.tell(o.Quiet)
}

// unused are the tokens of the environment, also if the profile has others: somebody may
// type or print them.
func unused(env *environment.Env) (tokens []string) {
	for _, t := range []credential.Token{credential.API, credential.Tenant} {
		value, _ := env.Getenv(t.Variable)
		tokens = append(tokens, value)
	}
	return tokens
}

func (w *watched) host() string { return trust.HostOf(cmp.Or(w.config.APIURL, planhat.DefaultBaseURL)) }

// tell says which profile a run uses, and where its host and token come from.
func (w *watched) tell(quiet bool) {
	c := w.config
	if c.Profile.Name == "" {
		return
	}
	host, token := w.host(), ""
	if c.APIToken != "" {
		token = From(w.env, c.OriginOf("api_token"))
	}
	switch {
	case !w.text:
		w.log.Info("using a profile", "profile", c.Profile.Name, "chosen_by", From(w.env, c.ChosenBy()), "host", host, "token_from", token)
	case !quiet:
		at := ""
		if token = "token from " + token; c.APIToken == "" {
			token = "no token"
		}
		if o := c.OriginOf("api_url"); o.Kind != config.FromDefault {
			at = " (" + From(w.env, o) + ")"
		}
		fmt.Fprintln(w.env.Stderr, display.OneLine(fmt.Sprintf("profile %s (%s): %s%s, %s", c.Profile.Name, From(w.env, c.ChosenBy()), host, at, token)))
	}
}

// From says where a value comes from. Files are named as seen from the working directory.
func From(env *environment.Env, o config.Origin) string {
	if rel, err := filepath.Rel(env.Dir, o.Name); err == nil && o.Kind == config.FromFile && !strings.HasPrefix(rel, "..") {
		o.Name = rel
	}
	return o.String()
}

// Profile is what the summary of a run says about its profile, nil without one.
func (h *Opened) Profile() *outcome.Profile {
	if h.watched == nil || h.watched.config.Profile.Name == "" {
		return nil
	}
	w := h.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.config.Profile
	return &outcome.Profile{Name: p.Name, Host: w.host(), Production: p.Production, Written: w.written}
}
