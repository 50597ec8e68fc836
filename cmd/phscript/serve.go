package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/compile"
	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/quota"
	"github.com/phscript/phscript/runtime/redact"
	"github.com/phscript/phscript/runtime/serve"
	"github.com/phscript/phscript/runtime/store"
)

// stateOptions are the settings of every command that works on the store.
type stateOptions struct {
	configFile, state string
}

func (o *stateOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.state, "state", "", "the store: a `FILE`, or a postgres:// address (a file in the state directory when not set)")
	f.StringVar(&o.configFile, "config", "", "configuration `FILE` (phscript.toml in the working directory when not set)")
}

// load reads the configuration and says where the store is.
func (o *stateOptions) load(env *environment) (config.Config, string, error) {
	c, err := config.Load(o.configFile, env.dir, env.readConfig, env.getenv)
	if err != nil {
		return c, "", err
	}
	location, err := stateLocation(env, o.state, c)
	if err == nil && location == inMemory {
		err = &usageError{message: "this needs a store that outlives the process", hint: "name a file or a postgres:// address with --state"}
	}
	return c, location, err
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
	if named == "" || named == inMemory {
		return c, location, err
	}
	fmt.Fprintln(env.stderr, "the configuration is left aside:", err)
	location, err = stateLocation(env, named, config.Config{})
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

type serveOptions struct {
	stateOptions
	workers   int
	listen    string
	grace     time.Duration
	check     bool
	logLevel  string
	logFormat string
	// These are not shown: tests do not wait for minutes.
	lostAfter, lateAfter, retryPause time.Duration
}

func newServe(env *environment, runF func(*environment, *serveOptions) error) *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run scripts on a schedule",
		Long: "serve runs scripts at the times that phscript.toml, or the scripts' own headers, set for them, and\n" +
			"keeps a history of all runs. Several machines may serve the same schedules: give them the same\n" +
			"PostgreSQL database with --state.\n\n" +
			"A schedule is written\n" +
			"  [[schedule]]\n" +
			"  name = \"nightly\"\n" +
			"  script = \"sync.lua\"\n" +
			"  cron = \"0 2 * * *\"\n" +
			"  time_zone = \"Europe/Stockholm\"\n" +
			"or, in the first lines of the script, -- @schedule \"0 2 * * * Europe/Stockholm\"\n\n" +
			"A change of either is taken into use at once. Ctrl-C lets the runs at work end.",
		Example: "  phscript serve --check\n  phscript serve --state postgres://user@db/phscript --listen 0.0.0.0:8627",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return runF(env, o) },
	}
	f := cmd.Flags()
	o.addFlags(f)
	f.IntVar(&o.workers, "workers", 0, "run at most `N` scripts at once (as many as there are processors, at least 2, when not set)")
	f.StringVar(&o.listen, "listen", "", "serve /healthz, /readyz and /metrics on this `ADDRESS`, such as 127.0.0.1:8627")
	f.DurationVar(&o.grace, "grace", serve.DefaultGrace, "when stopped, let runs go on for this `TIME` before they are asked to end")
	f.BoolVar(&o.check, "check", false, "only check the configuration, and show when each schedule is due")
	f.StringVar(&o.logLevel, "log-level", "", "`LEVEL`: debug, info, warn or error (info when not set)")
	f.StringVar(&o.logFormat, "log-format", "", "`FORMAT`: text or json (text when not set)")
	f.DurationVar(&o.lostAfter, "lost-after", 0, "")
	f.DurationVar(&o.lateAfter, "late-after", 0, "")
	f.DurationVar(&o.retryPause, "retry-pause", 0, "")
	for _, name := range []string{"lost-after", "late-after", "retry-pause"} {
		_ = f.MarkHidden(name)
	}
	return cmd
}

// loader reads the schedules beside the configuration file.
func (o *stateOptions) loader(env *environment, c config.Config) *serve.Loader {
	file := c.File
	if file == "" {
		file = filepath.Join(env.dir, config.FileName)
	}
	return &serve.Loader{
		Dir: filepath.Dir(file), File: file,
		Read: func() (config.Config, error) {
			return config.Load(o.configFile, env.dir, env.readConfig, env.getenv)
		},
		Check: func(name string, source []byte) error {
			_, err := compile.Compile(source, name)
			return err
		},
	}
}

// keepSecret makes sure that what a configuration holds is in no log.
func keepSecret(secrets *redact.Secrets, c config.Config) {
	secrets.Add(c.APIToken)
	secrets.Add(c.TenantToken)
	secrets.Add(store.Password(c.State))
}

func serveSchedules(env *environment, o *serveOptions) error {
	c, location, err := o.load(env)
	if err != nil {
		return err
	}
	if o.logLevel != "" {
		c.LogLevel = o.logLevel
	}
	if o.logFormat != "" {
		c.LogFormat = o.logFormat
	}
	handler, err := logHandler(env, c)
	if err != nil {
		return err
	}
	loader := o.loader(env, c)
	loaded, err := loader.Load()
	var failed *config.Error
	switch {
	case errors.As(err, &failed) && failed.Error() == err.Error():
		return err // one mistake, with its own advice
	case err != nil:
		return &usageError{message: err.Error(), hint: "see docs/deploy.md for how schedules are written"}
	}
	if o.check {
		return checkSchedules(env, loaded)
	}
	secrets := &redact.Secrets{}
	keepSecret(secrets, c)
	secrets.Add(store.Password(location))
	log := slog.New(secrets.Handler(handler))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals, ignore := env.interrupts()
	defer ignore()
	var service atomic.Pointer[serve.Service]
	go stopAtSignals(env, signals, stop, &service)
	waits := func(err error) { log.Warn("waiting for the store", "reason", err.Error()) }
	db, err := store.Wait(ctx, location, waits)
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { _ = db.Close() }()
	engine, err := serve.NewEngine(ctx, db, log)
	if err != nil {
		return stopped(ctx, err)
	}
	program, err := o.program(env, loaded.Config, loader.Dir, location)
	if err != nil {
		return err
	}
	workers := o.workers
	if workers == 0 {
		workers = c.Serve.Workers
	}
	if workers <= 0 {
		workers = max(2, goruntime.NumCPU())
	}
	s := serve.New(serve.Options{
		DB: db, Engine: engine, Loader: loader, Name: quota.ProcessName(), Workers: workers, Grace: o.grace,
		Launch: program.Launch, Log: log,
		LostAfter: o.lostAfter, LateAfter: o.lateAfter, RetryPause: o.retryPause,
		Notifier: &serve.Notifier{Getenv: env.getenv, Dir: loader.Dir, Env: withoutTokens(childEnvironment(env)), Pause: o.retryPause},
		Loaded: func(c config.Config) {
			keepSecret(secrets, c)
			program.Use(c)
		},
	}, loaded)
	service.Store(s)
	listen := o.listen
	if listen == "" {
		listen = c.Serve.Listen
	}
	if listen != "" {
		pages, err := serve.Listen(listen, s)
		if err != nil {
			return &usageError{message: err.Error(), hint: "another program may use the address; choose another one with --listen"}
		}
		defer func() { _ = pages.Close() }()
		log.Info("health and metrics", "address", pages.Address())
	}
	return s.Run(ctx)
}

// stopped makes an end that was asked for no error.
func stopped(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// stopAtSignals ends the service gently at the first signal, kills its runs at
// the second, and ends the process at the third; its runs end with it.
func stopAtSignals(env *environment, signals <-chan os.Signal, stop func(), service *atomic.Pointer[serve.Service]) {
	<-signals
	stop()
	<-signals
	if s := service.Load(); s != nil {
		s.Hurry()
	}
	<-signals
	env.exit(exitInterrupted)
}

// withoutTokens leaves Planhat's settings out: programs that tell people of a
// failure have no use for them.
func withoutTokens(variables []string) []string {
	return slices.DeleteFunc(variables, func(v string) bool { return strings.HasPrefix(v, "PLANHAT_") })
}

// program says how runs are started. The store's address may hold a password,
// so it is handed over in the environment, which others cannot see.
func (o *serveOptions) program(env *environment, c config.Config, dir, location string) (*serve.Program, error) {
	path, err := env.program()
	if err != nil {
		return nil, err
	}
	p := &serve.Program{Path: path, Dir: dir, Env: append(childEnvironment(env), "PHSCRIPT_STATE="+location), Getenv: env.getenv}
	p.Use(c)
	return p, nil
}

// inherited are the variables that every run gets from the service: the ways of
// the system, and Planhat's settings, which scripts themselves do not see.
var inherited = []string{
	"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"PLANHAT_API_TOKEN", "PLANHAT_TENANT_TOKEN", "PLANHAT_API_URL", "PLANHAT_ANALYTICS_URL", "PLANHAT_CALLS_PER_MIN",
}

func childEnvironment(env *environment) []string {
	var list []string
	for _, variable := range env.environ() {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(inherited, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "XDG_") {
			list = append(list, variable)
		}
	}
	return list
}

// checkSchedules shows what would be served.
func checkSchedules(env *environment, loaded *serve.Loaded) error {
	if len(loaded.Definitions) == 0 {
		fmt.Fprintln(env.stdout, "there are no schedules: write [[schedule]] into phscript.toml, or -- @schedule \"0 2 * * *\" into the first lines of a script")
		return nil
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSCRIPT\tWHEN\tNEXT\tFROM")
	for _, d := range loaded.Definitions {
		next := "disabled"
		if d.Enabled {
			next = d.Timing.Next(env.now()).Format("Mon 2006-01-02 15:04 MST")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.Script, d.Timing, next, filepath.Base(d.Source))
	}
	return table.Flush()
}
