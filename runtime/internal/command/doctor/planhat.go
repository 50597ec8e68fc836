package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// clock notes how far this machine's clock is from that of a system, as its responses say.
type clock struct {
	next  http.RoundTripper
	now   func() time.Time
	off   time.Duration
	known bool
}

// RoundTrip implements http.RoundTripper.
func (c *clock) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := c.now()
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	// A response of a cache is as old as it says.
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil && resp.Header.Get("Age") == "" {
		took := c.now().Sub(sent)
		c.off, c.known = sent.Add(took/2).Sub(at), true
	}
	return resp, nil
}

// planhat checks the tokens, the hosts and the clock.
func (d *doctor) planhat(ctx context.Context) (found lines) {
	c := d.config
	d.refused.Store(true)
	_, unnamed := host.Reach(c, d.options.allowHost)
	if refused := cmp.Or(d.unchosen, c.CheckTokens(), unnamed); refused != nil {
		found.warn("host", "Planhat was not asked, because its token or its address cannot be used", "correct the errors of the configuration first")
		return found
	}
	transport := planhat.NewTransport()
	defer transport.CloseIdleConnections()
	watch := &clock{next: transport, now: d.env.Now}
	main := cmp.Or(c.APIURL, planhat.DefaultBaseURL)
	if c.APIToken == "" {
		found.fail("token", errors.New("no Planhat token is configured"),
			"create one in Planhat under Settings, Service Accounts, and set PLANHAT_API_TOKEN or run 'phscript login'; scripts run without one with --simulate")
		found.reached(ctx, d.options.box, "host", main, watch)
	} else {
		d.token(ctx, &found, main, watch)
	}
	if c.TenantToken == "" {
		found.ok("tenant_token", "no tenant token is set; only writing metrics and activities needs one")
	} else {
		found.ok("tenant_token", "a tenant token is set; only writing would show whether Planhat accepts it")
	}
	if analytics := cmp.Or(c.AnalyticsURL, planhat.DefaultAnalyticsURL); analytics != main {
		found.reached(ctx, d.options.box, "analytics_host", analytics, watch)
	}
	found.clock(watch)
	return found
}

// token makes the smallest call: the id of the first user.
func (d *doctor) token(ctx context.Context, found *lines, address string, watch *clock) {
	ctx, cancel := context.WithTimeout(ctx, d.options.box)
	defer cancel()
	c, name := d.config, trust.HostOf(address)
	limits := planhat.LimiterConfig{CallsPerMinute: c.CallsPerMin}
	if d.current.Load() {
		stored := &storage.Lazy{Location: d.location, Log: slog.New(slog.DiscardHandler), Trust: d.env.Trust}
		defer func() { _ = stored.Close() }()
		spec := limits.WindowSpec()
		limits.Window = quota.New(quota.Options{
			Open: stored.Open, URL: address, Token: c.APIToken, Limit: spec.Limit, Length: spec.Length, Spacing: spec.Spacing,
			Run: quota.ProcessName(), Script: "doctor", Log: stored.Log,
		})
	}
	err := host.FirstUser(ctx, d.env, planhat.Config{
		APIToken: c.APIToken, BaseURL: c.APIURL, AnalyticsURL: c.AnalyticsURL, HTTPClient: &http.Client{Transport: watch}, Limiter: planhat.NewLimiter(limits),
	})
	var failed *planhat.Error
	refused, said := errors.As(err, &failed) && failed.Status != 0, ""
	if failed != nil {
		said = failed.Message
	}
	switch {
	case failed != nil && failed.Kind == planhat.KindConfig:
		found.fail("host", err, "")
	case err == nil:
		found.ok("host", "%s answers", name)
		found.ok("token", "%s accepts the token", name)
		d.refused.Store(false)
	case ctx.Err() != nil && !refused:
		found.fail("host", fmt.Errorf("%s did not answer within %s", name, d.options.box), "check the network and the proxy; if scripts are running, 'phscript quota' shows whether the quota is used up")
	case !refused:
		found.fail("host", fmt.Errorf("%s cannot be reached: %s", name, said), "check the network, the proxy and the address")
	case failed.Kind == planhat.KindAuth:
		found.ok("host", "%s answers", name)
		found.fail("token", fmt.Errorf("%s refuses the token: %s", name, said), "create a new one in Planhat under Settings, Service Accounts, and put it where the old one is: "+d.tokenFrom())
	case failed.Kind == planhat.KindPermission:
		found.ok("host", "%s answers", name)
		d.refused.Store(false)
		found.warn("token", fmt.Sprintf("%s knows the token, but it may not read users: %s", name, said), "if scripts look up users, as connectors do, give the service account that permission in Planhat under Settings, Service Accounts")
	default:
		found.warn("host", fmt.Sprintf("%s answers, but refused to list users, so the token is not checked: %s", name, said), cmp.Or(hintOf(err), "try again in a minute"))
	}
}

// reached checks that something answers at an address. The token is not sent.
func (l *lines) reached(ctx context.Context, limit time.Duration, check, address string, watch *clock) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	name := trust.HostOf(address)
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err == nil {
		var resp *http.Response
		if resp, err = watch.RoundTrip(req); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
			_ = resp.Body.Close()
			l.ok(check, "%s answers", name)
			return
		}
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s", limit)
	}
	l.warn(check, fmt.Sprintf("%s cannot be reached: %v", name, plain(err)), "check the network and the proxy")
}

// plain leaves out of a network error what the message says already.
func plain(err error) error {
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		return failed.Err
	}
	return err
}

// clock reports how far this machine's clock is off.
func (l *lines) clock(watch *clock) {
	off, way := watch.off.Round(time.Second), "fast"
	if off < 0 {
		off, way = -off, "slow"
	}
	switch {
	case !watch.known:
		l.ok("clock", "the clock was not compared, because no host said what time it is")
	case off > mostAge:
		l.warn("clock", fmt.Sprintf("this machine's clock is %s %s", off, way), "set the clock, preferably with a time service (NTP): schedules, signatures and tokens depend on it")
	default:
		l.ok("clock", "this machine's clock is right to within %s", max(off, time.Second))
	}
}

// store checks that the store can be used, and shows who uses the quota.
func (d *doctor) store(ctx context.Context) (found lines) {
	switch {
	case d.unstored != nil:
		found.fail("store", d.unstored, "")
		return found
	case d.location == storage.InMemory:
		found.warn("store", "the store is 'memory': each process has a quota for itself, and nothing is kept", "name a file or a postgres:// address with PHSCRIPT_STATE or the setting state")
		return found
	case !d.exists:
		found.ok("store", "there is no store yet at %s; the first run creates it", d.location)
		return found
	}
	has, knows, err := store.Versions(ctx, d.location)
	switch {
	case err != nil:
		found.fail("store", err, "choose another place with --state or PHSCRIPT_STATE")
		return found
	case has > knows:
		found.fail("store", fmt.Errorf("the store was written by a newer phscript: its tables have version %d, this program knows %d", has, knows), "update phscript, or choose another place with --state or PHSCRIPT_STATE")
		return found
	case has < knows:
		found.ok("store", "the store opens; the next run updates its tables from version %d to %d", has, knows)
		return found
	}
	d.current.Store(true)
	found.ok("store", "the store opens, and its tables are current (version %d)", has)
	d.quota(ctx, &found)
	return found
}

// tokenFrom says where the token is.
func (d *doctor) tokenFrom() string { return host.From(d.env, d.config.OriginOf("api_token")) }
