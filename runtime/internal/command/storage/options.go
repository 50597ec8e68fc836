package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Options are the settings of every command that works on the store.
type Options struct {
	ConfigFile, State string
	// Simulated means the store of a service whose Planhat is simulated.
	Simulated bool
	Args      []string
	// Config is the configuration that WithStore has read.
	Config config.Config

	reason string
	// place is where the store is, and missing whether there is none.
	place   string
	missing bool
}

// Base returns the options themselves, for those that embed them.
func (o *Options) Base() *Options { return o }

// AddCommand adds a command that works on the store to a group. Its options
// embed Options; flags adds what else they hold.
func AddCommand[O any, P interface {
	*O
	Base() *Options
}](env *environment.Env, group *cobra.Command, use, short string, args cobra.PositionalArgs, run func(*environment.Env, P) error, flags func(*cobra.Command, P)) *cobra.Command {
	o := P(new(O))
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(_ *cobra.Command, args []string) error {
		o.Base().Args = args
		return run(env, o)
	}}
	o.Base().AddFlags(cmd.Flags())
	if flags != nil {
		flags(cmd, o)
	}
	group.AddCommand(cmd)
	return cmd
}

// AddFlags adds the flags that say which store is meant.
func (o *Options) AddFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Simulated, "simulate", false, "Use the store of 'phscript serve --simulate'")
	o.AddPlaces(f)
}

// AddPlaces adds the flags that say where the store and the settings are.
func (o *Options) AddPlaces(f *pflag.FlagSet) {
	f.StringVar(&o.State, "state", "", "Use the store in `FILE` or at a postgres:// address (default a file in the state directory)")
	usage.AddConfig(f, &o.ConfigFile)
}

// Load reads the configuration and finds the store. If the error is about the store,
// the result still says where it is.
func (o *Options) Load(env *environment.Env) (config.Config, string, error) {
	c, err := config.Load(o.ConfigFile, env.Dir, env.ReadConfig, env.Getenv)
	if err != nil {
		return c, "", err
	}
	location, err := o.location(env, c)
	if err == nil && location == InMemory {
		location, err = "", &usage.Error{Message: "this command cannot use the store 'memory', because nothing in it is kept", Hint: "name a file or a postgres:// address with --state"}
	}
	return c, location, err
}

// location is where the store is. Trials with a simulated Planhat have one of
// their own, whatever the settings say, so that they touch no real schedule.
func (o *Options) location(env *environment.Env, c config.Config) (string, error) {
	if !o.Simulated || o.State != "" {
		return Location(env, o.State, c)
	}
	dir := Dir(env)
	if dir == "" {
		return Location(env, "", config.Config{}) // which says what to do
	}
	location := filepath.Join(dir, "simulated.db")
	return location, env.Trust.Store(location)
}

// Again returns the flags that another command line needs to use the same store.
func (o *Options) Again() string {
	flags := ""
	if o.Simulated {
		flags += " --simulate"
	}
	if o.State != "" && store.Password(o.State) == "" {
		flags += " --state " + o.State
	}
	if o.ConfigFile != "" {
		flags += " --config " + o.ConfigFile
	}
	return flags
}

// Look is Load for a command that only looks at the store. It ignores a
// configuration that is invalid, unless only that could say which store is meant.
func (o *Options) Look(env *environment.Env) (config.Config, string, error) {
	c, location, err := o.Load(env)
	if err == nil || location != "" {
		return c, location, err
	}
	variable, _ := env.Getenv("PHSCRIPT_STATE")
	named := cmp.Or(o.State, variable)
	if !o.Simulated && named == "" || named == InMemory {
		return c, location, err
	}
	fmt.Fprintln(env.Stderr, "warning: ignoring the configuration:", err)
	location, err = o.location(env, config.Config{State: named})
	return config.Config{}, location, err
}

// open opens the store and reads the configuration. It creates no store: the default one,
// if it is missing, is empty. A store that was named is probably another one.
func (o *Options) open(ctx context.Context, env *environment.Env) (db *store.DB, release func() error, err error) {
	c, location, err := o.Look(env)
	if err != nil {
		return nil, nil, err
	}
	o.Config = c
	if store.IsPostgres(location) || store.FileExists(location) || store.FileExists(location+"-wal") {
		if db, err = store.Open(ctx, location); err != nil {
			return nil, nil, err
		}
		o.place = db.Location
		return db, db.Close, nil
	}
	if o.State != "" || c.State != "" && !o.Simulated {
		return nil, nil, &usage.Error{
			Message: "there is no store at " + location,
			Hint:    "check --state, PHSCRIPT_STATE and the setting state: 'phscript serve' creates a store when it starts, and other commands need the same one",
		}
	}
	o.place, o.missing = location, true
	dir, err := os.MkdirTemp("", "phscript-empty-")
	if err != nil {
		return nil, nil, err
	}
	if db, err = store.Open(ctx, filepath.Join(dir, "state.db")); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
}

// None is the text for an empty list: text, and the store that was read.
func (o *Options) None(text string) string {
	if o.missing {
		return "nothing has run yet: there is no store at " + o.place
	}
	return text + " the store " + o.place
}

// Real returns an error if there is no store, for a command that stores something.
func (o *Options) Real() error {
	if !o.missing {
		return nil
	}
	return &usage.Error{Message: "there is no store at " + o.place, Hint: "start 'phscript serve' first, which creates it, or name another store with --state"}
}

// WithStore opens the store for a command that reads schedules or runs.
func (o *Options) WithStore(env *environment.Env, do func(ctx context.Context, s *serve.Schedules, db *store.DB) error) error {
	ctx := context.Background()
	db, release, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, serve.NewSchedules(db, nil), db), release())
}

// WithSchedules opens the store for a command that changes schedules or runs.
func (o *Options) WithSchedules(env *environment.Env, do func(ctx context.Context, s *serve.Schedules) error) error {
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		engine, err := serve.NewEngine(ctx, db, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		return do(ctx, serve.NewSchedules(db, engine))
	})
}
