// Package login is phscript login and phscript logout: they store Planhat's token of a
// profile in the keyring of the system, or in a file, and remove it.
package login

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/credential"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// checkLimit is how long the check of a token may take.
const checkLimit = 30 * time.Second

type options struct {
	file, profile, store string
	tenant               bool
	allowHost            []string
}

func (o *options) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	usage.AddConfig(f, &o.file)
	usage.AddProfile(f, &o.profile)
	f.BoolVar(&o.tenant, "tenant", false, "Use the tenant token, which writes metrics and activities, instead of the API token")
}

func (o *options) token() credential.Token {
	if o.tenant {
		return credential.Tenant
	}
	return credential.API
}

// what is what a person calls the token.
func (o *options) what() string {
	if o.tenant {
		return "tenant token"
	}
	return "API token"
}

// New returns the command login.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Store Planhat's token in the keyring of this system",
		Long: "login asks for the token of a profile, checks it with one small request, and stores it in the keyring of\n" +
			"this system or, with --store file, in a file that only you can read. What you type is not shown. Without\n" +
			"a terminal, login reads the token from the first line of standard input.\n\n" +
			"The token is used in this folder, for this profile. Settings such as token_file have priority over it,\n" +
			"and so does PLANHAT_API_TOKEN if there are no profiles.\n\n" +
			"Exit codes: 0 stored, 1 Planhat cannot be reached, 2 usage or configuration, 4 the token is refused, or\n" +
			"there is no keyring.",
		Example: "  phscript login\n  phscript login --profile production\n  pass show planhat | phscript login --store file",
		Args:    usage.NoArguments,
		RunE:    func(*cobra.Command, []string) error { return login(env, o) },
	}
	o.addFlags(cmd)
	usage.Choice(cmd, &o.store, "store", credential.InKeyring, "Store the token in `PLACE`: keyring or file", credential.InKeyring, credential.InFile)
	host.AddAllowHost(cmd, &o.allowHost)
	return cmd
}

// NewLogout returns the command logout.
func NewLogout(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Remove the token that login stored",
		Long: "logout removes the token that 'phscript login' stored for a profile. Planhat accepts the token until you\n" +
			"delete it in Planhat, under Settings, Service Accounts.",
		Example: "  phscript logout --profile production",
		Args:    usage.NoArguments,
		RunE:    func(*cobra.Command, []string) error { return logout(env, o) },
	}
	o.addFlags(cmd)
	return cmd
}

// settings chooses the profile.
func (o *options) settings(env *environment.Env) (config.Config, error) {
	c, err := config.Load(o.file, env.Dir, env.ReadConfig, env.Getenv)
	if err != nil {
		return c, err
	}
	return c, c.Choose(config.Choice{Name: o.profile, Getenv: env.Getenv})
}

// of names what a token is for.
func of(c config.Config) string {
	switch {
	case c.Profile.Name != "":
		return "the profile " + c.Profile.Name
	case c.File != "":
		return c.File
	}
	return "folders without a phscript.toml"
}

func login(env *environment.Env, o *options) error {
	c, err := o.settings(env)
	if err != nil {
		return err
	}
	if where := c.Named(o.tenant); where != "" {
		return &usage.Error{
			Message: "a stored token would not be used: " + of(c) + " takes its " + o.what() + " from " + where,
			Hint:    "remove " + where + " from " + c.File + " first, or keep it and do not log in",
		}
	}
	ctx, stopped, release := env.Interruptible()
	defer release()
	if o.store == credential.InKeyring {
		if err := host.Finder(env).Ready(ctx, c, o.token()); err != nil {
			return cmp.Or(stopped(), err)
		}
	}
	name := trust.HostOf(cmp.Or(c.APIURL, planhat.DefaultBaseURL))
	token, err := o.read(ctx, env, fmt.Sprintf("%s of %s (%s): ", display.OneLine(strings.ToUpper(o.what()[:1])+o.what()[1:]), display.OneLine(of(c)), display.OneLine(name)))
	if by := stopped(); by != nil {
		return by
	}
	if err != nil {
		return err
	}
	secrets := &redact.Secrets{}
	secrets.Add(token)
	if err := o.check(ctx, env, c, token, name); err != nil {
		if by := stopped(); by != nil {
			return by
		}
		return err
	}
	stored, err := host.Finder(env).Store(ctx, c, o.token(), o.store, token, name, env.Now())
	if err != nil {
		return err
	}
	where := fmt.Sprintf("in the keyring of this system, as phscript: %s", stored.Name())
	if o.store == credential.InFile {
		where = "in " + stored.File() + ", in clear text; only you can read it"
	}
	fmt.Fprintf(env.Stdout, "stored the %s of %s %s\n", o.what(), display.OneLine(of(c)), display.OneLine(where))
	if source, err := host.Finder(env).Find(c, o.token()); err == nil && source.Stored == nil {
		fmt.Fprintf(env.Stderr, "warning: it is not used while %s is set\n", source.Origin)
	}
	return nil
}

// read asks for the token on a terminal, or reads the first line of the input.
func (o *options) read(ctx context.Context, env *environment.Env, question string) (token string, err error) {
	if env.StdinTTY && env.ReadSecret != nil {
		fmt.Fprint(env.Stderr, question)
		token, err = env.ReadSecret(ctx)
		fmt.Fprintln(env.Stderr)
	} else {
		token, err = bufio.NewReader(io.LimitReader(env.Stdin, 64<<10)).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("the token cannot be read: %w", err)
	}
	token = strings.TrimSpace(strings.TrimPrefix(token, "\ufeff"))
	if token == "" {
		return "", &usage.Error{Message: "no token was given", Hint: "create one in Planhat under Settings, Service Accounts, and paste it; or pass it on standard input"}
	}
	if err := config.CheckToken("the "+o.what(), "it", token); err != nil {
		return "", &usage.Error{Message: err.Error(), Hint: "copy the token again, without anything around it"}
	}
	return token, nil
}

// refused is a token that Planhat does not accept.
type refused struct{ usage.Failure }

func (refused) ExitCode() int { return fault.ExitAuth }

// check asks Planhat for the id of one user. Only writing would show whether a tenant token
// is right.
func (o *options) check(ctx context.Context, env *environment.Env, c config.Config, token, name string) error {
	c.APIToken, c.TenantToken = token, ""
	c.Origin(o.token().Setting, config.Origin{Kind: config.FromLogin, Name: "phscript login"})
	if _, err := host.Reach(c, o.allowHost); err != nil {
		return err
	}
	if o.tenant {
		fmt.Fprintln(env.Stderr, "the tenant token was not checked: only writing would show whether Planhat accepts it")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	err := host.FirstUser(ctx, env, planhat.Config{APIToken: token, BaseURL: c.APIURL, AnalyticsURL: c.AnalyticsURL})
	failed, ok := errors.AsType[*planhat.Error](err)
	switch {
	case err == nil:
		fmt.Fprintf(env.Stderr, "%s accepts the token\n", display.OneLine(name))
		return nil
	case !ok:
		return err
	case failed.Kind == planhat.KindPermission:
		fmt.Fprintf(env.Stderr, "%s knows the token, but it may not read users\n", display.OneLine(name))
		return nil
	case failed.Kind == planhat.KindAuth:
		return &refused{usage.Failure{
			Message: fmt.Sprintf("%s refuses the token: %s", name, failed.Message),
			Hint:    "nothing was stored; create a token in Planhat under Settings, Service Accounts, and check that the profile has the right region",
		}}
	case failed.Status != 0:
		return &usage.Failure{Message: fmt.Sprintf("the token was not checked, so nothing was stored: %s answers: %s", name, failed.Message), Hint: "try again in a minute"}
	}
	return &usage.Failure{Message: fmt.Sprintf("the token was not checked, so nothing was stored: %s cannot be reached: %s", name, failed.Message), Hint: "check the network, the proxy and the address"}
}

func logout(env *environment.Env, o *options) error {
	c, err := o.settings(env)
	if err != nil {
		return err
	}
	ctx, _, release := env.Interruptible()
	defer release()
	removed, err := host.Finder(env).Forget(ctx, c, o.token())
	if err != nil {
		return err
	}
	if removed == nil {
		fmt.Fprintf(env.Stdout, "no %s of %s is stored\n", o.what(), display.OneLine(of(c)))
		return nil
	}
	where := "the keyring of this system"
	if removed.Store == credential.InFile {
		where = removed.File()
	}
	fmt.Fprintf(env.Stdout, "removed the %s of %s from %s; Planhat accepts it until you delete it there\n", o.what(), display.OneLine(of(c)), display.OneLine(where))
	return nil
}
