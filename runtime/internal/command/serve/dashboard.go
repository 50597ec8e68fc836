package serve

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/guard"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/listen"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/web"
	"github.com/phscript/phscript/runtime/internal/web/pages"
)

// shutdownTime is how long requests in progress may take when the service has stopped.
const shutdownTime = 5 * time.Second

// Names of the parts that the service listens for.
const (
	healthPart    = "health and metrics"
	dashboardPart = "dashboard"
	eventsPart    = "listening for events"
)

// addOpen adds the flag --open.
func (o *options) addOpen(f *pflag.FlagSet) {
	f.BoolVar(&o.open, "open", false, "Serve the dashboard, on 127.0.0.1:8627 unless [dashboard] says where, print a link that signs in, and open it")
}

// offer is what the service shows over HTTP, and from where.
type offer struct {
	options *options
	env     *environment.Env
	config  config.Config
	service *serve.Service
	// intake takes events of other systems.
	intake http.Handler
	plans  *plans.Plans
	db     *store.DB
	engine serve.Engine
	log    *slog.Logger
	// now is the configuration in effect.
	now *atomic.Pointer[serve.Loaded]
	// forget removes what opening a browser needed.
	forget func()
}

// dashboardAddress is where the pages are served, "" for nowhere. They are only served if
// the configuration or a flag says so.
func (o *options) dashboardAddress(c config.Config) string {
	listen := cmp.Or(o.listen, c.Serve.Listen)
	switch {
	case c.Dashboard.Listen != "" || !o.open:
		return c.Dashboard.Listen
	case loopback(listen):
		return listen
	}
	return config.DefaultDashboard
}

// loopback reports whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// mayOpen refuses --open for a service that works on a production account: whoever signs in
// can run and stop scripts there, so that is for the configuration to say and not for a flag
// that somebody tries out.
func (o *options) mayOpen(env *environment.Env, loaded *serve.Loaded) error {
	if !o.open || o.Simulated || loaded.Config.Dashboard.Listen != "" {
		return nil
	}
	profiles := []string{""}
	for _, d := range loaded.Definitions {
		profiles = append(profiles, d.Profile)
	}
	for _, name := range profiles {
		c := loaded.Config
		err := c.Choose(config.Choice{Name: cmp.Or(name, o.profile), Simulated: true, Getenv: env.Getenv})
		if err == nil && c.Profile.Production {
			return &usage.Error{
				Message: "--open: the profile " + c.Profile.Name + " is a production account, and whoever signs in can act there",
				Hint:    "to serve the pages all the same, write them into phscript.toml: a line [dashboard], and below it listen = \"" + config.DefaultDashboard + "\"",
			}
		}
	}
	return nil
}

// inTheClear warns of pages whose tokens and cookies cross a network as they are, and of
// webhooks whose secrets and bodies do.
func (o *options) inTheClear(c config.Config) (list []string) {
	d, w, address := c.Dashboard, c.Webhooks, o.dashboardAddress(c)
	crosses := func(address, cert, public string) bool {
		return address != "" && !loopback(address) && cert == "" && !strings.HasPrefix(public, "https://")
	}
	if crosses(address, d.TLSCert, d.PublicURL) {
		list = append(list, "the dashboard listens on "+address+" without TLS, so others on the network can read tokens and cookies: set tls_cert and tls_key in [dashboard], or listen on 127.0.0.1 with a proxy in front, and set public_url to its https:// address")
	}
	if crosses(w.Listen, w.TLSCert, w.PublicURL) {
		list = append(list, "webhooks listen on "+w.Listen+" without TLS, so others on the network can read events and the secrets that some of them carry: set tls_cert and tls_key in [webhooks], or listen on 127.0.0.1 with a proxy in front, and set public_url to its https:// address")
	}
	return list
}

// listen serves what the configuration and the flags say.
func (f *offer) listen(ctx context.Context) (set *listen.Set, err error) {
	health, dashboard, d := cmp.Or(f.options.listen, f.config.Serve.Listen), f.options.dashboardAddress(f.config), f.config.Dashboard
	hosts := guard.NewHosts([]string{health, dashboard}, d.PublicURL, d.Hosts...)
	var parts []listen.Part
	f.forget = func() {}
	if dashboard != "" {
		site, err := f.site(hosts)
		if err != nil {
			return nil, err
		}
		part := listen.Part{Name: dashboardPart, Address: dashboard, Stop: site.Stop, Routes: func(mux *http.ServeMux) { mux.Handle("/", site.Handler()) }}
		part.Cert, part.Key = f.config.Certificate(dashboard, dashboard)
		parts = append(parts, part)
	}
	if health != "" {
		part := listen.Part{Name: healthPart, Address: health, Routes: func(mux *http.ServeMux) {
			f.service.Health(mux, func(next http.Handler) http.Handler { return hosts.Check(next, guard.Refuse) })
		}}
		part.Cert, part.Key = f.config.Certificate(health, dashboard)
		parts = append(parts, part)
	}
	if events := f.config.Webhooks.Listen; events != "" {
		part := listen.Part{Name: eventsPart, Address: events, Routes: func(mux *http.ServeMux) { mux.Handle("/", f.intake) }}
		if events == dashboard || events == health { // for a trial on one machine
			part.Routes = func(mux *http.ServeMux) { mux.Handle(hooks.DefaultPath, f.intake) }
		}
		part.Cert, part.Key = f.config.Certificate(events, dashboard)
		parts = append(parts, part)
	}
	if set, err = listen.Open(parts, f.log); err != nil {
		return nil, &usage.Error{Message: err.Error(), Hint: "if another program uses the address, choose another one with listen in phscript.toml, or with --listen"}
	}
	if health != "" {
		f.log.Info(healthPart, "address", set.Address(healthPart))
	}
	if events := set.Address(eventsPart); events != "" {
		f.log.Info(eventsPart, "address", events)
	}
	if dashboard != "" {
		f.invite(ctx, shownURL(d, set.Address(dashboardPart)))
	}
	return set, nil
}

func (f *offer) site(hosts *guard.Hosts) (*web.Site, error) {
	reader, err := f.db.Reader()
	if err != nil {
		return nil, err
	}
	accounts := access.New(f.db, reader)
	d := f.config.Dashboard
	proxies, err := guard.ParseProxies(d.TrustedProxies)
	if err != nil {
		return nil, err
	}
	tag := f.now.Load().Config.Profile.Name
	if f.options.Simulated {
		tag = "simulated"
	}
	seen, err := overview.New(f.db, nil)
	if err != nil {
		return nil, err
	}
	site, err := web.New(web.Options{
		Accounts: accounts, Changes: pages.Changes(seen), PublicURL: d.PublicURL, Hosts: hosts, Proxies: proxies, UserHeader: d.UserHeader, Operators: d.Operators,
		Tag: tag, Version: f.env.Version, Log: f.log,
	})
	if err != nil {
		return nil, err
	}
	return site, pages.Add(site, pages.Options{
		Accounts: accounts, Overview: seen, Reads: reader, Schedules: serve.NewSchedules(f.db, f.engine), Plans: f.plans, Events: hooks.NewEvents(f.db), Size: f.db.Size,
		Limit:  planhat.LimiterConfig{CallsPerMinute: f.config.CallsPerMin}.WindowSpec().Limit,
		Config: func() (config.Config, error) { return f.now.Load().Config, f.service.Problem() },
	})
}

// shownURL is the address of the pages for a person on this machine, or for others if it is
// known.
func shownURL(d config.Dashboard, address string) string {
	if d.PublicURL != "" {
		return strings.TrimSuffix(d.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (ip == nil && host == "" || ip.IsUnspecified()) {
		address = net.JoinHostPort("localhost", port)
	}
	u := url.URL{Scheme: "http", Host: address}
	if d.TLSCert != "" {
		u.Scheme = "https"
	}
	return u.String()
}

// invite tells how to sign in: with a link, if nobody can have signed in yet, or if whoever
// starts the service wants to look.
func (f *offer) invite(ctx context.Context, at string) {
	accounts := access.New(f.db, f.db)
	nobody, err := accounts.Nobody(ctx)
	link := ""
	if err == nil && (nobody && f.config.Dashboard.UserHeader == "" || f.options.open) {
		link, _, err = accounts.Link(ctx, access.Owner)
	}
	switch {
	case err != nil:
		f.log.Warn("cannot make a sign-in link; 'phscript access link' prints one", "reason", err.Error())
	case f.options.open:
		fmt.Fprintf(f.env.Stdout, "Open %s/sign-in#%s\nThe link works once, within %s.\n", at, link, "15 minutes")
		if f.env.Browse != nil && f.env.StdoutTTY {
			forget, err := f.env.Browse(at + "/sign-in#" + link)
			if err != nil {
				f.log.Debug("cannot open a browser", "reason", err.Error())
			} else {
				f.forget = forget
			}
		}
	case link != "":
		f.log.Info("nobody has signed in yet; open the link within 15 minutes", "link", at+"/sign-in#"+link)
	}
	f.log.Info(dashboardPart, "address", at)
}

// shutDown lets requests in progress finish.
func shutDown(set *listen.Set) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	_ = set.Shutdown(ctx)
}
