package host

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/clients"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// AddConnectionFlags adds the flags to a command that reads Planhat and runs no script.
func (o *Options) AddConnectionFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	AddSimulate(cmd, &o.Simulate, &o.Companies)
	f.IntVar(&o.CallsPerMin, "calls-per-min", 0, "Make at most `N` calls a minute (default 200)")
	f.StringVar(&o.RetryFor, "retry-for", "", "Retry calls for `TIME` while Planhat does not respond (default 15m)")
	AddAllowHost(cmd, &o.AllowHost)
	f.StringVar(&o.State, "state", "", "Share the quota through `FILE` or a postgres:// address; memory shares it with nobody (default a file in the state directory)")
	usage.AddConfig(f, &o.ConfigFile)
	usage.AddProfile(f, &o.ProfileName)
	usage.AddLog(cmd, &o.LogLevel, &o.LogFormat)
	usage.CompleteNothing(cmd, "calls-per-min", "retry-for")
	usage.Complete(cmd, "config", cobra.FixedCompletions([]cobra.Completion{"toml"}, cobra.ShellCompDirectiveFilterFileExt))
}

// Client returns the client of the configuration, which shares the quota with all others.
// user is who uses the quota. Call release when it is no longer needed.
func (h *Opened) Client(ctx context.Context, user string) (client *planhat.Client, release func(), err error) {
	o := &h.options
	limiters := &clients.Limiters{Quota: o.Quota}
	if o.Window != nil {
		limiters.Window = func(url, token, script string, spec planhat.WindowSpec) planhat.Window {
			return o.Window(runtime.WindowUser{URL: url, Token: token, Script: script, Spec: spec})
		}
	}
	config := o.Planhat
	config.Gate, config.Planner = nil, nil
	all := clients.New(clients.Options{
		Config: config, Limiters: limiters, Secrets: h.Secrets, Logger: o.Logger, Script: user, Now: o.Now,
		Warn: func(ctx context.Context, _, message string) { o.Logger.LogAttrs(ctx, slog.LevelWarn, message) },
	})
	client, err = all.Default(ctx)
	if err != nil {
		all.Close()
		return nil, nil, err
	}
	return client, all.Close, nil
}
