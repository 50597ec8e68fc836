// Package configuration is phscript config: it shows the settings that are in effect, and
// where they come from.
package configuration

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	host.Options
	origin, json bool
	// given are the flags on the command line.
	given *pflag.FlagSet
}

// runFlags are flags of run that replace settings, and add to lists.
var runFlags = []string{
	"calls-per-min", "retry-for", "timeout", "max-memory", "allow-write", "allow-read", "allow-env", "allow-net", "log-level", "log-format", "strict", "state", "config", "profile",
}

// New returns the command config.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("config", "Show the settings that are in effect",
		"config shows what phscript.toml, environment variables and flags set. It changes nothing.")
	o := &options{}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every setting, its value and where it comes from",
		Long: "show lists all settings of phscript.toml, as 'phscript run' and 'phscript serve' read them in this folder.\n" +
			"Environment variables have priority over the file, and flags over both. Tokens, passwords and the\n" +
			"addresses of webhooks are not shown.\n\n" +
			"Add flags of 'phscript run' to see what they change. --allow-net and similar flags add to the lists in the\n" +
			"file.",
		Example: "  phscript config show --origin\n  phscript config show --origin --timeout 5m",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags()
			return show(env, o)
		},
	}
	run := &cobra.Command{}
	o.AddFlags(run)
	for _, name := range runFlags {
		cmd.Flags().AddFlag(run.Flags().Lookup(name))
	}
	cmd.Flags().BoolVar(&o.origin, "origin", false, "Also show where each value comes from")
	usage.AddJSON(cmd, &o.json)
	group.AddCommand(cmd)
	return group
}

func show(env *environment.Env, o *options) error {
	unchosen, err := o.unchosen(env)
	if err != nil {
		return err
	}
	// Without a choice, the settings are those outside of all profiles, as in a simulated run.
	o.Simulated = len(unchosen) > 0
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	if _, err := host.LogHandler(env, c); err != nil {
		return err
	}
	list := Settings(env, c, o.State)
	for i := range list {
		flag := strings.ReplaceAll(list[i].Name, "_", "-")
		if slices.Contains(runFlags, flag) && o.given.Changed(flag) {
			list[i].Set, list[i].Origin = true, config.Origin{Kind: config.FromFlag, Name: "--" + flag}
		}
	}
	if o.json {
		return printing.JSON(env.Stdout, view.SettingForm(c.File, list))
	}
	if len(unchosen) > 0 {
		fmt.Fprintf(env.Stderr, "no profile is chosen, so these are the settings outside of profiles; for those of a profile: --profile %s\n\n", strings.Join(unchosen, " or "))
	}
	columns := []view.Column{{Name: "SETTING"}, {Name: "VALUE", Least: 20}}
	if o.origin {
		columns = append(columns, view.Column{Name: "FROM"})
	}
	var rows [][]string
	for _, s := range list {
		row := []string{s.Name, cmp.Or(s.Value, "-")}
		if o.origin {
			row = append(row, From(env, s))
		}
		rows = append(rows, row)
	}
	return printing.Table(env, columns, rows)
}

// unchosen returns the names of the profiles if there are several and none is chosen.
func (o *options) unchosen(env *environment.Env) ([]string, error) {
	c, err := config.Load(o.ConfigFile, env.Dir, env.ReadConfig, env.Getenv)
	if err != nil {
		return nil, err
	}
	if name, _ := env.Getenv(config.ProfileVariable); o.ProfileName != "" || name != "" || len(c.Profiles) < 2 {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(c.Profiles)), nil
}

// Settings returns all settings with the defaults of those that nobody has set. state is
// what the flag --state says.
func Settings(env *environment.Env, c config.Config, state string) []config.Setting {
	flags := c
	flags.State = state
	place := ""
	if dir := storage.Dir(env); dir != "" {
		place = filepath.Join(dir, "state.db")
	}
	defaults := map[string]string{
		"api_url": planhat.DefaultBaseURL, "analytics_url": planhat.DefaultAnalyticsURL, "calls_per_min": "200", "retry_for": "15m",
		"max_memory": "1GiB", "log_level": "info", "log_format": "text", "strict": "false", "schema": c.SchemaPath(env.Dir), "state": place,
	}
	list := c.Settings()
	for i := range list {
		s := &list[i]
		if s.Name == "state" && state != "" {
			*s = shown(flags, s.Name)
			s.Set, s.Origin = true, config.Origin{Kind: config.FromFlag, Name: "--state"}
		}
		s.Value = cmp.Or(s.Value, defaults[s.Name])
	}
	return list
}

// shown returns one setting of a configuration.
func shown(c config.Config, name string) (found config.Setting) {
	for _, s := range c.Settings() {
		if s.Name == name {
			found = s
		}
	}
	return found
}

// From says where a setting comes from. Files are named as seen from the working directory.
func From(env *environment.Env, s config.Setting) string {
	if s.Origin.Kind == config.FromDefault && s.Value == "" {
		return "not set"
	}
	if rel, err := filepath.Rel(env.Dir, s.Origin.Name); err == nil && s.Origin.Kind == config.FromFile && !strings.HasPrefix(rel, "..") {
		s.Origin.Name = rel
	}
	return s.Origin.String()
}
