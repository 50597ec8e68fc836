// Package clients makes the Planhat clients of a run. They share the quota of their
// tenant, the run's tally and its dry run.
package clients

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Options configure the clients of a run.
type Options struct {
	// Config configures the default client. All clients send through its
	// HTTPClient.
	Config   planhat.Config
	Limiters *Limiters
	Secrets  *redact.Secrets
	Logger   *slog.Logger
	// Warn logs a warning, once per key.
	Warn func(ctx context.Context, key, message string)
	// Script is the name of the script, for reports of the quota.
	Script string
	DryRun bool
	// MaxReadCalls bounds the requests of a dry run that look records up; 0 is
	// plan.DefaultReads, and none are made if it is negative.
	MaxReadCalls int
	// Step, if set, gets each step of a dry run; see plan.Options.Record. Now is its time.
	Step func(*plan.Step)
	Now  func() time.Time
	// Consent decides about each write that is sent.
	Consent func(context.Context, planhat.Write) error
	// Judge, if set, sees each write to the account of Config before it is sent or withheld.
	Judge func(context.Context, planhat.Write)
	// Progress, if set, is told how far the clients are.
	Progress planhat.ProgressObserver
	// Recorder, if set, returns what records the writes of a client.
	Recorder func(account string, of plan.Tenant) planhat.Recorder
	// AllowAddress, if set, returns an error for an address of planhat.new that the
	// script may not connect to. It is not asked about the configured hosts.
	AllowAddress func(address string, dryRun bool) error
}

// Clients are the clients of one run. It implements bindings.Clients.
type Clients struct {
	// Tally counts what all of them do.
	Tally planhat.Tally

	options Options
	// releases end the use of limiters and the hiding of tokens.
	releases []func()
	first    *planhat.Client
	dryRun   atomic.Bool
	plans    *plan.Run

	mu      sync.Mutex
	planned []planhat.PlannedWrite
}

// New returns the clients of a run. Each is made on first use.
func New(o Options) *Clients {
	c := &Clients{options: o}
	c.dryRun.Store(o.DryRun)
	c.plans = plan.NewRun(plan.Options{Active: c.DryRun, Reads: max(0, cmp.Or(o.MaxReadCalls, plan.DefaultReads)), Warn: o.Warn, Record: o.Step, Now: o.Now})
	return c
}

// Reject counts a row that the script rejects, as one of the operation run.reject.
func (c *Clients) Reject(row planhat.RowError) {
	observers{&c.Tally, c.options.Config.Observer}.Outcome(planhat.Outcome{Model: "run", Operation: "reject", Rejected: []planhat.RowError{row}})
}

// DryRun reports whether writes are withheld.
func (c *Clients) DryRun() bool { return c.dryRun.Load() }

// SetDryRun switches whether writes are withheld. What was planned before is forgotten.
func (c *Clients) SetDryRun(on bool) {
	if c.dryRun.Swap(on) != on {
		c.plans.Reset()
	}
}

// Plans is what a dry run has planned.
func (c *Clients) Plans() *plan.Run { return c.plans }

// Close ends the use of the clients' limiters, and forgets the tokens that the
// script brought. Connections stay open for the clients of other runs.
func (c *Clients) Close() {
	for _, release := range c.releases {
		release()
	}
	c.releases = nil
}

// Default returns the default client, made at the first call.
func (c *Clients) Default(ctx context.Context) (*planhat.Client, error) {
	if c.first != nil {
		return c.first, nil
	}
	if c.options.Config.APIToken == "" && c.options.Config.TenantToken == "" {
		return nil, &planhat.Error{
			Kind: planhat.KindConfig, Message: "no Planhat token is configured",
			Hint: "create one in Planhat under Settings, Service Accounts, and set PLANHAT_API_TOKEN, or store it with 'phscript login' (for a profile, with --profile NAME); " +
				"to try the script without an account, run it with --simulate",
		}
	}
	client, err := c.connect(ctx, c.options.Config, 0)
	if err != nil {
		return nil, err
	}
	c.first = client
	return client, nil
}

// New makes a client for planhat.new. A script that names another host must
// bring the token for it: the configured one is sent to its own host only.
func (c *Clients) New(ctx context.Context, o bindings.ClientOptions) (*planhat.Client, error) {
	cfg := c.options.Config
	c.releases = append(c.releases, c.options.Secrets.HoldOfScript(o.APIToken), c.options.Secrets.HoldOfScript(o.TenantToken))
	if o.APIURL != "" && !sameHost(o.APIURL, cmp.Or(cfg.BaseURL, planhat.DefaultBaseURL)) {
		if err := c.allow(o.APIURL); err != nil {
			return nil, err
		}
		if o.APIToken == "" {
			return nil, ownToken("api_url", "api_token")
		}
	}
	if o.AnalyticsURL != "" && !sameHost(o.AnalyticsURL, cmp.Or(cfg.AnalyticsURL, planhat.DefaultAnalyticsURL)) {
		if err := c.allow(o.AnalyticsURL); err != nil {
			return nil, err
		}
		// The analytics host may be sent either token.
		if o.APIToken == "" || o.TenantToken == "" {
			return nil, ownToken("analytics_url", "api_token and a tenant_token")
		}
	}
	if o.APIToken != "" && o.APIToken != cfg.APIToken {
		// Another account has neither the configured tenant token nor its limiter.
		cfg.APIToken, cfg.TenantToken, cfg.Limiter = o.APIToken, "", nil
	}
	cfg.TenantToken = cmp.Or(o.TenantToken, cfg.TenantToken)
	cfg.BaseURL = cmp.Or(o.APIURL, cfg.BaseURL)
	cfg.AnalyticsURL = cmp.Or(o.AnalyticsURL, cfg.AnalyticsURL)
	return c.connect(ctx, cfg, o.CallsPerMinute)
}

func (c *Clients) allow(address string) error {
	if c.options.AllowAddress == nil {
		return nil
	}
	return c.options.AllowAddress(strings.TrimSpace(address), c.DryRun())
}

func ownToken(option, token string) error {
	return &planhat.Error{
		Kind:    planhat.KindConfig,
		Message: fmt.Sprintf("%s names another host than the configured one, without a token for it", option),
		Hint:    fmt.Sprintf("give planhat.new an %s as well; the configured token is never sent elsewhere", token),
	}
}

func sameHost(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	return errA == nil && errB == nil && u.Scheme == v.Scheme && u.Host == v.Host
}

func (c *Clients) connect(ctx context.Context, cfg planhat.Config, callsPerMinute int) (*planhat.Client, error) {
	if cfg.Limiter == nil {
		limiter, known, release := c.options.Limiters.of(cfg, callsPerMinute, c.options.Script)
		c.releases = append(c.releases, release)
		if known && callsPerMinute != 0 {
			c.options.Warn(ctx, "calls_per_min", "calls_per_min is ignored: the quota of this token is already in use with its own limit")
		}
		cfg.Limiter = limiter
	}
	var judge func(context.Context, planhat.Write)
	if accountOf(cfg) == accountOf(c.options.Config) {
		judge = c.options.Judge
	}
	planner := c.plans.Planner(accountOf(cfg), c.tenant(cfg))
	cfg.Gate = c.gate(planner.Client(), cfg.Gate, judge)
	cfg.Planner = planner
	if c.options.Recorder != nil {
		cfg.Recorder = c.options.Recorder(accountOf(cfg), c.tenant(cfg))
	}
	cfg.HTTPClient = c.guarded(cfg.HTTPClient)
	all := observers{&c.Tally, cfg.Observer, c.options.Progress}
	if cfg.Observer = all; c.options.Progress != nil {
		cfg.Observer = watched{all, c.options.Progress}
	}
	cfg.Logger = c.options.Logger
	client, err := planhat.New(cfg)
	if err != nil {
		return nil, inSettings(err)
	}
	return client, nil
}

func (c *Clients) tenant(cfg planhat.Config) plan.Tenant {
	return plan.Tenant{
		Host: hostOf(cmp.Or(cfg.BaseURL, planhat.DefaultBaseURL)), Analytics: hostOf(cmp.Or(cfg.AnalyticsURL, planhat.DefaultAnalyticsURL)),
		Default: accountOf(cfg) == accountOf(c.options.Config),
	}
}

// accountOf tells the accounts of clients apart.
func accountOf(cfg planhat.Config) string {
	return cmp.Or(cfg.BaseURL, planhat.DefaultBaseURL) + " " + cmp.Or(cfg.APIToken, cfg.TenantToken)
}

// hostOf returns an address without what may be secret in it.
func hostOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")
}

// guarded returns an HTTP client that does not send the ids of planned records.
func (c *Clients) guarded(given *http.Client) *http.Client {
	out := &http.Client{}
	if given != nil {
		*out = *given
	}
	if out.Transport == nil {
		out.Transport = planhat.NewTransport()
	}
	out.Transport = c.plans.Guard(out.Transport)
	return out
}

// inSettings replaces the names of the client's fields by those of the settings.
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

// gate asks the caller's gate first, and then withholds every write during a dry run,
// which a session may switch.
func (c *Clients) gate(client int, first planhat.Gate, judge func(context.Context, planhat.Write)) planhat.Gate {
	return func(ctx context.Context, w planhat.Write) error {
		if first != nil {
			if err := first(ctx, w); err != nil {
				return err
			}
		}
		if judge != nil {
			judge(ctx, w)
		}
		if !c.dryRun.Load() {
			if c.options.Consent == nil {
				return nil
			}
			return c.options.Consent(ctx, w)
		}
		c.plan(client, w)
		c.options.Logger.LogAttrs(ctx, slog.LevelDebug, "dry run: not sent",
			slog.String("model", w.Model), slog.String("operation", w.Operation),
			slog.String("request", w.Method+" "+w.Path), slog.Int("rows", w.Rows))
		return planhat.ErrWithheld
	}
}

// observers passes everything to several observers, which may be nil.
type observers []planhat.Observer

func (o observers) Attempt(a planhat.Attempt) {
	for _, one := range o {
		if one != nil {
			one.Attempt(a)
		}
	}
}

func (o observers) Waited(reason planhat.WaitReason, d time.Duration) {
	for _, one := range o {
		if w, ok := one.(planhat.WaitObserver); ok {
			w.Waited(reason, d)
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

// watched are observers of which one is told how far operations are.
type watched struct {
	observers
	progress planhat.ProgressObserver
}

func (w watched) Begun(work planhat.Work) planhat.WorkObserver { return w.progress.Begun(work) }

func (w watched) Waiting(wait planhat.Wait) (over func()) { return w.progress.Waiting(wait) }
