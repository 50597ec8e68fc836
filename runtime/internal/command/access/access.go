// Package access is phscript access: who may use the pages of phscript serve.
package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	role    string
	expires string
	url     string
	json    bool
}

// New returns the command access.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("access", "Manage accounts for the dashboard",
		"access manages the accounts that can sign in to the dashboard of 'phscript serve'. They are in the store,\n"+
			"so every service that shares it knows them. A viewer sees everything except secrets and the bodies of\n"+
			"events; an operator also runs, cancels, pauses and retries.\n\n"+
			"To look at the dashboard yourself, run 'phscript serve --open', or 'phscript access link' while it runs.")
	storage.AddCommand(env, group, "add NAME", "Add an account and print its token", oneName, add, func(cmd *cobra.Command, o *options) {
		usage.Choice(cmd, &o.role, "role", string(access.Viewer), "What the account may do, `ROLE`: viewer or operator", string(access.Viewer), string(access.Operator))
		cmd.Flags().StringVar(&o.expires, "expires", "", "Let the account expire after `TIME`, such as 30d or 12h (default never)")
	}).Long = "add adds an account and prints its token, which is shown only once. Pass it on in a way that others cannot\n" +
		"read. The token signs in as often as needed, until you revoke the account or it expires."
	storage.AddCommand(env, group, "list", "List the accounts", usage.NoArguments, list, func(cmd *cobra.Command, o *options) { usage.AddJSON(cmd, &o.json) })
	storage.AddCommand(env, group, "revoke NAME", "Remove an account", oneName, revoke, nil).Long = "revoke removes an account. Its token and links stop working, and its sessions end at once."
	storage.AddCommand(env, group, "link [NAME]", "Print a link that signs in once", cobra.MaximumNArgs(1), link, func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVar(&o.url, "url", "", "The `ADDRESS` of the dashboard (default public_url or listen in [dashboard], or http://"+config.DefaultDashboard+")")
	}).Long = "link prints a link to the dashboard that signs in once, within 15 minutes. Without a name, it is for\n" +
		"'" + access.Owner + "', an operator, whose account is added if it is missing."
	return group
}

func oneName(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usage.Error{Message: "name one account", Hint: "'phscript access list' lists them; for example: phscript access " + cmd.Name() + " kim"}
	}
	return nil
}

// with works on the accounts. The store must exist: another one than the service's would
// let nobody in.
func (o *options) with(env *environment.Env, do func(ctx context.Context, a *access.Accounts) error) error {
	_, location, err := o.Look(env)
	if err != nil {
		return err
	}
	if !store.IsPostgres(location) && !store.FileExists(location) {
		return &usage.Error{
			Message: "there is no store at " + location,
			Hint:    "'phscript serve' creates it when it starts; if the service uses another one, name it with --state or PHSCRIPT_STATE",
		}
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error { return do(ctx, access.New(db, db)) })
}

func add(env *environment.Env, o *options) error {
	var lasts time.Duration
	if err := config.Set("--expires: ", o.expires, &lasts, parseDays); err != nil {
		return &usage.Error{Message: err.Error()}
	}
	return o.with(env, func(ctx context.Context, a *access.Accounts) error {
		token, err := a.Add(ctx, o.Args[0], access.Role(o.role), lasts, o.Ask(env).By)
		if wrong, ok := errors.AsType[*access.NameError](err); ok {
			return &usage.Error{Message: wrong.Message, Hint: wrong.Hint}
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "%s is now an account with the role %s. Its token, which is not shown again:\n", o.Args[0], o.role)
		fmt.Fprintln(env.Stdout, token)
		return nil
	})
}

// parseDays parses a duration that may be in days.
func parseDays(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		d, err := config.ParseTimeout(days + "h")
		if err != nil || d > 100*365*time.Hour {
			return 0, fmt.Errorf("%q is not a duration; write it as 30d or 12h", text)
		}
		return 24 * d, nil
	}
	return config.ParseTimeout(text)
}

func list(env *environment.Env, o *options) error {
	return o.with(env, func(ctx context.Context, a *access.Accounts) error {
		accounts, err := a.List(ctx)
		switch {
		case err != nil:
			return err
		case o.json:
			return printing.JSON(env.Stdout, view.AccessForm(accounts))
		case len(accounts) == 0:
			fmt.Fprintln(env.Stdout, "no accounts; 'phscript access link' prints a link for the first one")
			return nil
		}
		return printing.List(env, accounts, "", view.AccessColumns, view.AccessCells)
	})
}

func revoke(env *environment.Env, o *options) error {
	return o.with(env, func(ctx context.Context, a *access.Accounts) error {
		found, err := a.Revoke(ctx, o.Args[0], o.Ask(env).By)
		if err == nil && !found {
			err = unknown(ctx, a, o.Args[0])
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s can no longer sign in, and its sessions have ended\n", o.Args[0])
		return nil
	})
}

// unknown is the error for an account that does not exist.
func unknown(ctx context.Context, a *access.Accounts, name string) error {
	accounts, err := a.List(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, one := range accounts {
		names = append(names, one.Name)
	}
	hint := "there are no accounts yet"
	if len(names) > 0 {
		hint = english.PluralWord(len(names), "the account is ", "the accounts are ") + english.WordSeries(names, "and")
	}
	return &usage.Error{Message: fmt.Sprintf("there is no account named %q", name), Hint: hint}
}

func link(env *environment.Env, o *options) error {
	name := access.Owner
	if len(o.Args) > 0 {
		name = o.Args[0]
	}
	return o.with(env, func(ctx context.Context, a *access.Accounts) error {
		secret, found, err := a.Link(ctx, name)
		if err == nil && !found {
			err = unknown(ctx, a, name)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "This link signs in as %s, once, within 15 minutes:\n", name)
		fmt.Fprintf(env.Stdout, "%s/sign-in#%s\n", o.address(), secret)
		return nil
	})
}

// address is where the pages are.
func (o *options) address() string {
	d := o.Config.Dashboard
	if at := cmp.Or(o.url, d.PublicURL); at != "" {
		return strings.TrimSuffix(at, "/")
	}
	at, scheme := cmp.Or(d.Listen, config.DefaultDashboard), "http"
	host, port, _ := net.SplitHostPort(at)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		at = net.JoinHostPort("localhost", port)
	}
	if d.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + at
}
