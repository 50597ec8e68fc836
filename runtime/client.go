package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// Client returns the run's default client, made at the first call.
func (h *host) Client() (*planhat.Client, error) {
	if h.client != nil {
		return h.client, nil
	}
	if h.rt.opts.Planhat.APIToken == "" && h.rt.opts.Planhat.TenantToken == "" {
		return nil, &planhat.Error{
			Kind: planhat.KindConfig, Message: "no Planhat token is configured",
			Hint: "create one in Planhat under Settings, Service Accounts, and set PLANHAT_API_TOKEN; " +
				"to try the script without an account, run it with --simulate",
		}
	}
	c, err := h.newClient(h.rt.opts.Planhat, 0)
	if err != nil {
		return nil, err
	}
	h.client = c
	return c, nil
}

// NewClient makes a client for planhat.new. A script that names another host
// must bring the token for it: the configured one is sent to its own host only.
func (h *host) NewClient(o bindings.ClientOptions) (*planhat.Client, error) {
	cfg := h.rt.opts.Planhat
	h.AddSecret(o.APIToken)
	h.AddSecret(o.TenantToken)
	if o.APIURL != "" && !sameHost(o.APIURL, orDefault(cfg.BaseURL, planhat.DefaultBaseURL)) && o.APIToken == "" {
		return nil, ownToken("api_url", "api_token")
	}
	if o.AnalyticsURL != "" && !sameHost(o.AnalyticsURL, orDefault(cfg.AnalyticsURL, planhat.DefaultAnalyticsURL)) {
		// The analytics host may be sent either token.
		if o.APIToken == "" || o.TenantToken == "" {
			return nil, ownToken("analytics_url", "api_token and a tenant_token")
		}
	}
	if o.APIToken != "" && o.APIToken != cfg.APIToken {
		// Another account: neither the configured tenant nor its limiter is its own.
		cfg.APIToken, cfg.TenantToken, cfg.Limiter = o.APIToken, "", nil
	}
	cfg.TenantToken = orDefault(o.TenantToken, cfg.TenantToken)
	cfg.BaseURL = orDefault(o.APIURL, cfg.BaseURL)
	cfg.AnalyticsURL = orDefault(o.AnalyticsURL, cfg.AnalyticsURL)
	return h.newClient(cfg, o.CallsPerMinute)
}

func ownToken(option, token string) error {
	return &planhat.Error{
		Kind:    planhat.KindConfig,
		Message: fmt.Sprintf("%s names another host than the configured one, without a token for it", option),
		Hint:    fmt.Sprintf("give planhat.new an %s as well; the configured token is never sent elsewhere", token),
	}
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func sameHost(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	return errA == nil && errB == nil && u.Scheme == v.Scheme && u.Host == v.Host
}

func (h *host) newClient(cfg planhat.Config, callsPerMinute int) (*planhat.Client, error) {
	cfg.Limiter = h.limiter(cfg, callsPerMinute)
	cfg.Gate = h.gate(cfg.Gate)
	cfg.Observer = observers{&h.tally, cfg.Observer}
	cfg.Logger = h.log
	c, err := planhat.New(cfg)
	if err != nil {
		return nil, inSettings(err)
	}
	h.clients = append(h.clients, c)
	return c, nil
}

// inSettings puts the names of the settings in place of those of the client's
// fields.
func inSettings(err error) error {
	var e *planhat.Error
	if errors.As(err, &e) {
		e.Message = strings.NewReplacer(
			"BaseURL", "the setting api_url (PLANHAT_API_URL)",
			"AnalyticsURL", "the setting analytics_url (PLANHAT_ANALYTICS_URL)",
		).Replace(e.Message)
	}
	return err
}

// limiter returns the limiter of a client's tenant. The first client of a
// tenant sets its quota.
func (h *host) limiter(cfg planhat.Config, callsPerMinute int) *planhat.Limiter {
	if cfg.Limiter != nil {
		return cfg.Limiter
	}
	key := tenant{host: orDefault(cfg.BaseURL, planhat.DefaultBaseURL), token: orDefault(cfg.APIToken, cfg.TenantToken)}
	h.rt.mu.Lock()
	defer h.rt.mu.Unlock()
	if l := h.rt.limiters[key]; l != nil {
		if callsPerMinute != 0 {
			h.Warn(context.Background(), "calls_per_min", "calls_per_min is ignored: the quota of this token is already in use with its own limit")
		}
		return l
	}
	quota := h.rt.opts.Quota
	if callsPerMinute != 0 {
		quota.CallsPerMinute = callsPerMinute
	}
	if h.rt.opts.Window != nil && quota.Window == nil {
		quota.Window = h.rt.opts.Window(WindowUser{URL: key.host, Token: key.token, Script: h.script.Name, Spec: quota.WindowSpec()})
	}
	l := planhat.NewLimiter(quota)
	h.rt.limiters[key] = l
	return l
}

// gate asks the caller's gate first, and then withholds every write while this
// is a dry run, which a session may switch.
func (h *host) gate(first planhat.Gate) planhat.Gate {
	return func(ctx context.Context, w planhat.Write) error {
		if first != nil {
			if err := first(ctx, w); err != nil {
				return err
			}
		}
		if !h.dryRun.Load() {
			return nil
		}
		h.plan(w)
		h.log.LogAttrs(ctx, slog.LevelInfo, "dry run: not sent",
			slog.String("model", w.Model), slog.String("operation", w.Operation),
			slog.String("request", w.Method+" "+w.Path), slog.Int("rows", w.Rows))
		return planhat.ErrWithheld
	}
}

// observers tells several observers the same; nil ones are left out.
type observers []planhat.Observer

func (o observers) Attempt(a planhat.Attempt) {
	for _, one := range o {
		if one != nil {
			one.Attempt(a)
		}
	}
}

func (o observers) Outcome(out planhat.Outcome) {
	for _, one := range o {
		if one != nil {
			one.Outcome(out)
		}
	}
}
