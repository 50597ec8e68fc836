package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// commandGroup is a command that does nothing by itself but to hold others.
func commandGroup(use, short, long string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: long, Args: noArguments, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
}

// addStoreCommand adds a command that works on the store to a group. Its
// options hold stateOptions, and what else flags adds.
func addStoreCommand[O any, P interface {
	*O
	base() *stateOptions
}](env *environment, group *cobra.Command, use, short string, args cobra.PositionalArgs, run func(*environment, P) error, flags func(*cobra.Command, P)) *cobra.Command {
	o := P(new(O))
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(_ *cobra.Command, args []string) error {
		o.base().args = args
		return run(env, o)
	}}
	o.base().addFlags(cmd.Flags())
	if flags != nil {
		flags(cmd, o)
	}
	group.AddCommand(cmd)
	return cmd
}

// addJSON adds the flag --json to a command.
func addJSON(cmd *cobra.Command, json *bool) {
	cmd.Flags().BoolVar(json, "json", false, "print JSON")
}

// atLeastOne demands a name of something.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{message: "no " + what + " is named", hint: "write " + cmd.UseLine()}
		}
		return nil
	}
}

// oneFile demands the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{message: "one file has to be named", hint: "write " + cmd.UseLine()}
	}
	return nil
}

// stateOptions are the settings of every command that works on the store.
type stateOptions struct {
	configFile, state string
	// simulated means the store of a service whose Planhat is simulated.
	simulated bool
	args      []string
}

func (o *stateOptions) base() *stateOptions { return o }

func (o *stateOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.simulated, "simulate", false, "the store of 'phscript serve --simulate'")
	o.addPlaces(f)
}

// addPlaces adds the flags that say where the store and the settings are.
func (o *stateOptions) addPlaces(f *pflag.FlagSet) {
	f.StringVar(&o.state, "state", "", "the store: a `FILE`, or a postgres:// address (a file in the state directory when not set)")
	f.StringVar(&o.configFile, "config", "", "configuration `FILE` (phscript.toml in the working directory when not set)")
}

// load reads the configuration and says where the store is.
func (o *stateOptions) load(env *environment) (config.Config, string, error) {
	c, err := config.Load(o.configFile, env.dir, env.readConfig, env.getenv)
	if err != nil {
		return c, "", err
	}
	location, err := o.location(env, c)
	if err == nil && location == inMemory {
		err = &usageError{message: "this needs a store that outlives the process", hint: "name a file or a postgres:// address with --state"}
	}
	return c, location, err
}

// location is where the store is. Trials with a simulated Planhat have one of
// their own, whatever the settings say, so that they touch no real schedule.
func (o *stateOptions) location(env *environment, c config.Config) (string, error) {
	if !o.simulated || o.state != "" {
		return stateLocation(env, o.state, c)
	}
	dir := stateDir(env)
	if dir == "" {
		return stateLocation(env, "", config.Config{}) // which says what to do
	}
	return filepath.Join(dir, "simulated.db"), nil
}

// again is what a command line needs to mean the same store.
func (o *stateOptions) again() string {
	flags := ""
	if o.simulated {
		flags += " --simulate"
	}
	if o.state != "" && store.Password(o.state) == "" {
		flags += " --state " + o.state
	}
	if o.configFile != "" {
		flags += " --config " + o.configFile
	}
	return flags
}

// look is load for a command that looks at the store only. A configuration that
// is being changed is in its way only where it may say which store is meant.
func (o *stateOptions) look(env *environment) (config.Config, string, error) {
	c, location, err := o.load(env)
	if err == nil {
		return c, location, nil
	}
	named := o.state
	if named == "" {
		named, _ = env.getenv("PHSCRIPT_STATE")
	}
	if !o.simulated && named == "" || named == inMemory {
		return c, location, err
	}
	fmt.Fprintln(env.stderr, "the configuration is left aside:", err)
	location, err = o.location(env, config.Config{State: named})
	return config.Config{}, location, err
}

// open opens the store.
func (o *stateOptions) open(ctx context.Context, env *environment) (*store.DB, error) {
	_, location, err := o.look(env)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, location)
}

// withStore opens the store for a command that looks at schedules or runs.
func (o *stateOptions) withStore(env *environment, do func(ctx context.Context, s *serve.Schedules, db *store.DB) error) error {
	ctx := context.Background()
	db, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, serve.NewSchedules(db, nil), db), db.Close())
}

// withSchedules opens the store for a command that changes schedules or runs.
func (o *stateOptions) withSchedules(env *environment, do func(ctx context.Context, s *serve.Schedules, db *store.DB) error) error {
	ctx := context.Background()
	db, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	engine, err := serve.NewEngine(ctx, db, slog.New(slog.DiscardHandler))
	if err == nil {
		err = do(ctx, serve.NewSchedules(db, engine), db)
	}
	return errors.Join(err, db.Close())
}
