package host

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/clients"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// AddSendFlags adds the flags to a command that sends to Planhat and runs no script.
func (o *Options) AddSendFlags(cmd *cobra.Command) {
	o.sends = true
	f := cmd.Flags()
	f.IntVar(&o.CallsPerMin, "calls-per-min", 0, "Make at most `N` calls a minute (default 200)")
	f.StringVar(&o.RetryFor, "retry-for", "", "Retry calls for `TIME` while Planhat does not respond (default 15m)")
	AddAllowHost(cmd, &o.AllowHost)
	f.StringVar(&o.State, "state", "", "Keep what is sent, and share the quota, in `FILE` or a postgres:// address (default a file in the state directory)")
	usage.AddConfig(f, &o.ConfigFile)
	usage.AddProfile(f, &o.ProfileName)
	usage.AddLog(cmd, &o.LogLevel, &o.LogFormat)
	usage.CompleteNothing(cmd, "calls-per-min", "retry-for")
	usage.Complete(cmd, "config", cobra.FixedCompletions([]cobra.Completion{"toml"}, cobra.ShellCompDirectiveFilterFileExt))
}

// Store is the store of the host, nil if it has none.
func (h *Opened) Store() *storage.Lazy { return h.store }

// Log is the log of the host.
func (h *Opened) Log() *slog.Logger { return h.options.Logger }

// Task shows how far a task is, until it ends.
func (h *Opened) Task(t bindings.Task) bindings.Tracker {
	if h.options.Progress == nil {
		return untold{}
	}
	return h.options.Progress.Begin(t)
}

// untold is a task of which nothing is shown.
type untold struct{}

func (untold) Add(int64)   {}
func (untold) Set(int64)   {}
func (untold) Total(int64) {}
func (untold) Note(string) {}
func (untold) End()        {}

// Accounts are clients for what is not a script. They share the quota with scripts.
type Accounts struct {
	clients *clients.Clients
	config  planhat.Config
}

// Accounts returns the clients of the host. name is what reports of the quota show. No request
// is sent that has the text never in it. Close it after use.
func (h *Opened) Accounts(name, never string) *Accounts {
	o := h.options
	limiters := &clients.Limiters{Quota: o.Quota}
	if o.Window != nil {
		limiters.Window = func(url, token, script string, spec planhat.WindowSpec) planhat.Window {
			return o.Window(runtime.WindowUser{URL: url, Token: token, Script: script, Spec: spec})
		}
	}
	config := o.Planhat
	sending := &http.Client{}
	if config.HTTPClient != nil {
		*sending = *config.HTTPClient
	}
	if sending.Transport == nil {
		sending.Transport = planhat.NewTransport()
	}
	if o.Transport != nil {
		sending.Transport = o.Transport(sending.Transport)
	}
	sending.Transport = plan.Without(never, errUncreated, sending.Transport)
	config.HTTPClient = sending
	var progress planhat.ProgressObserver
	if o.Progress != nil {
		progress = o.Progress
	}
	return &Accounts{config: config, clients: clients.New(clients.Options{
		Progress: progress,
		Config:   config, Limiters: limiters, Secrets: h.Secrets, Logger: o.Logger, Script: name, Now: o.Now,
		AllowAddress: o.AllowAddress, Warn: func(ctx context.Context, _, message string) { o.Logger.WarnContext(ctx, message) },
	})}
}

// Default returns the client of the configured account.
func (a *Accounts) Default(ctx context.Context) (*planhat.Client, error) {
	return a.clients.Default(ctx)
}

// Hosts returns the addresses of the configured account, without what may be secret in them.
func (a *Accounts) Hosts() (api, analytics string) {
	return plainHost(cmp.Or(a.config.BaseURL, planhat.DefaultBaseURL)), plainHost(cmp.Or(a.config.AnalyticsURL, planhat.DefaultAnalyticsURL))
}

// Calls counts what was sent.
func (a *Accounts) Calls() planhat.Summary { return a.clients.Tally.Snapshot() }

// Close ends the use of the clients.
func (a *Accounts) Close() {
	a.clients.Close()
	a.config.HTTPClient.CloseIdleConnections()
}

func plainHost(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")
}

// errUncreated returns the error of a request that names a record which was not created.
func errUncreated() error {
	return &planhat.Error{Kind: planhat.KindValidation, Message: "the request has the placeholder of a record that was not created, so it was not sent"}
}
