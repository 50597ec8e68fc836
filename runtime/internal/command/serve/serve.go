// Package serve is phscript serve: it runs scripts on a schedule.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

type options struct {
	storage.Options
	profile   string
	simulate  string
	companies int
	workers   int
	listen    string
	open      bool
	grace     time.Duration
	allowHost []string
	check     bool
	json      bool
	logLevel  string
	logFormat string
	// These are not shown: tests do not wait for minutes.
	lostAfter, lateAfter, retryPause time.Duration
}

// New returns the command serve.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run scripts on schedules and for webhooks",
		Long: "serve runs scripts on the schedules in phscript.toml or in the scripts' headers, and keeps a history of\n" +
			"all runs. Several machines can serve the same schedules: give them the same PostgreSQL database with\n" +
			"--state.\n\n" +
			"Write a schedule in phscript.toml:\n" +
			"  [[schedule]]\n" +
			"  name = \"nightly\"\n" +
			"  script = \"sync.lua\"\n" +
			"  cron = \"0 2 * * *\"\n" +
			"  time_zone = \"Europe/Stockholm\"\n" +
			"or in the first lines of the script: -- @schedule \"0 2 * * * Europe/Stockholm\"\n\n" +
			"serve also receives events from other systems ([[webhook]] in phscript.toml; see 'phscript doc webhooks')\n" +
			"and can show runs and events in a browser: with --open, or with listen under [dashboard]\n" +
			"(see 'phscript doc dashboard').\n\n" +
			"Changes to either take effect at once. After Ctrl-C, runs in progress finish.\n\n" +
			"With --simulate, all runs share a simulated Planhat in this process and a store for trials, which the\n" +
			"other commands use with --simulate too.",
		Example: "  phscript serve --check\n  phscript serve --open\n  phscript serve --simulate --companies 100\n" +
			"  phscript serve --state postgres://user@db/phscript --listen 127.0.0.1:8627",
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := usage.Needs(cmd.Flags(), "simulate", "companies"); err != nil {
				return err
			}
			if err := usage.Needs(cmd.Flags(), "check", "json"); err != nil {
				return err
			}
			if cmd.Flags().Changed("workers") && o.workers < 1 {
				return &usage.Error{Message: "--workers must be at least 1", Hint: "leave it out to run one script per processor at once"}
			}
			if err := config.CheckListen(o.listen); o.listen != "" && err != nil {
				return &usage.Error{Message: "--listen: " + err.Error()}
			}
			o.Simulated = cmd.Flags().Changed("simulate")
			return serveSchedules(env, o)
		},
	}
	f := cmd.Flags()
	o.AddPlaces(f)
	usage.AddProfile(f, &o.profile)
	host.AddSimulate(cmd, &o.simulate, &o.companies)
	f.IntVar(&o.workers, "workers", 0, "Run at most `N` scripts at once (default one per processor, at least 2)")
	f.StringVar(&o.listen, "listen", "", "Serve /healthz, /readyz and /metrics on `ADDRESS`, such as 127.0.0.1:8627")
	o.addOpen(f)
	usage.Duration(f, &o.grace, "grace", serve.DefaultGrace, "When stopped, give runs `TIME` to finish before they are interrupted")
	f.BoolVar(&o.check, "check", false, "Only check the configuration and show when each schedule is due")
	host.AddAllowHost(cmd, &o.allowHost)
	f.BoolVar(&o.json, "json", false, "With --check, print JSON")
	usage.AddLog(cmd, &o.logLevel, &o.logFormat)
	usage.Duration(f, &o.lostAfter, "lost-after", 0, "")
	usage.Duration(f, &o.lateAfter, "late-after", 0, "")
	usage.Duration(f, &o.retryPause, "retry-pause", 0, "")
	for _, name := range []string{"lost-after", "late-after", "retry-pause"} {
		_ = f.MarkHidden(name)
	}
	return cmd
}

// loader reads the schedules beside the configuration file.
func (o *options) loader(env *environment.Env, c config.Config) *serve.Loader {
	file := c.File
	if file == "" {
		file = filepath.Join(env.Dir, config.FileName)
	}
	return &serve.Loader{
		Dir: filepath.Dir(file), File: file,
		Read: func() (config.Config, error) {
			c, err := config.Load(o.ConfigFile, env.Dir, env.ReadConfig, env.Getenv)
			if err == nil && !o.Simulated && len(c.Profiles) == 0 {
				_, err = host.Reach(c, o.allowHost)
			}
			return c, err
		},
		Choose: o.choose(env),
		Trust:  func(path string) error { return env.Trust.Scheduled(filepath.Dir(file), path) },
		Check: func(name string, source []byte) error {
			if _, err := compile.Compile(source, name); err != nil {
				return err
			}
			return schedule.CheckHeader(name, source, c.Models)
		},
		Params: readParams, Getenv: env.Getenv,
	}
}

// readParams adds the parameters that a file reads. It reports false if the file, or a
// module that it requires by a computed name, may read others, too.
func readParams(name string, source []byte, read map[string]bool) (known bool) {
	chunk, err := compile.Parse(source, name)
	if err != nil || !syntax.Params(chunk, read) {
		return false
	}
	loads, named := 0, 0
	visitor := syntax.Visitor{Expr: func(e ast.Expr) {
		if _, ok := syntax.Required(e); ok {
			named++
		}
		if name, ok := e.(*ast.IdentExpr); ok && slices.Contains([]string{"require", "dofile", "loadfile", "load", "loadstring", "_G"}, name.Value) {
			loads++
		}
	}}
	visitor.Statements(chunk)
	return loads == named
}

// keepSecret makes sure that what a configuration holds is in no log.
func keepSecret(secrets *redact.Secrets, c config.Config) {
	secrets.Add(c.APIToken)
	secrets.Add(c.TenantToken)
	secrets.Add(store.Password(c.State))
}

func serveSchedules(env *environment.Env, o *options) error {
	c, location, err := o.Load(env)
	if err != nil {
		return err
	}
	c.LogLevel, c.LogFormat = cmp.Or(o.logLevel, c.LogLevel), cmp.Or(o.logFormat, c.LogFormat)
	handler, err := host.LogHandler(env, c)
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
		return &usage.Error{Message: err.Error(), Hint: "see 'phscript doc deploy#schedules'"}
	}
	if err := o.mayOpen(env, loaded); err != nil {
		return err
	}
	if o.check {
		for _, doubt := range o.doubts(env, loaded) {
			fmt.Fprintln(env.Stderr, "warning:", doubt)
		}
		return o.checkSchedules(env, loaded)
	}
	secrets := &redact.Secrets{}
	keepSecret(secrets, c)
	secrets.Add(store.Password(location))
	log := slog.New(secrets.Handler(handler))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals, ignore := env.Interrupts()
	defer ignore()
	var service atomic.Pointer[serve.Service]
	go stopAtSignals(env, signals, stop, &service)
	waits := func(err error) { log.Warn("waiting for the store", "reason", err.Error()) }
	db, err := store.Wait(ctx, location, waits)
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { _ = db.Close() }()
	var engine serve.Engine
	err = store.Retry(ctx, func() (err error) {
		engine, err = serve.NewEngine(ctx, db, log)
		return err
	}, waits)
	if err != nil {
		return stopped(ctx, err)
	}
	program := o.program(env, loader.Dir, location)
	clearFolders(log)
	// Folders that were too recent at the start to tell whose they are.
	defer clearFolders(log)
	if o.Simulated {
		planhat, err := host.StartSimulator(loaded.Config, o.simulate, o.companies, "", "")
		if err != nil {
			return err
		}
		defer func() { _ = planhat.Close() }()
		program.Env = append(append(program.Env, planhat.Environment()...), host.SimulatedVariable+"=1")
		log.Info("simulated Planhat", "address", planhat.URL())
	}
	if !o.Simulated {
		read := &tokens{options: o, env: env, secrets: secrets, kept: map[string]string{}}
		program.Tokens, program.Refused = read.of, read.refused
	}
	children := &serve.Children{}
	program.Children = children
	workers := o.workerCount(c, env.Processors)
	warn := onlyNew()
	var current atomic.Pointer[serve.Loaded]
	current.Store(loaded)
	events, err := o.takeEvents(env, db, engine, loaded, log)
	if err != nil {
		return err
	}
	defer events.close()
	warnOfLoss(ctx, db, loaded, log)
	keeper := newKeeper(env, db, engine, secrets, log)
	program.Plans = keeper
	s := serve.New(serve.Options{
		Handler: events.handler, Intake: events.intake, Plans: keeper.Plans,
		DB: db, Engine: engine, Loader: loader, Name: quota.ProcessName(), Workers: workers, Grace: o.grace,
		Launch: program.Launch, Log: log,
		Alone: o.Simulated, LostAfter: o.lostAfter, LateAfter: o.lateAfter, RetryPause: o.retryPause,
		Notifier: &serve.Notifier{
			Getenv: env.Getenv, Dir: loader.Dir, Env: withoutTokens(childEnvironment(env)), Pause: o.retryPause,
			Simulated: o.Simulated, Children: children,
		},
		Loaded: func(now *serve.Loaded) {
			current.Store(now)
			keepSecret(secrets, now.Config)
			warn(log, o.suspicions(ctx, env, db, now))
			if readAtStart(now.Config) != readAtStart(c) {
				log.Warn("listen, workers, [dashboard], and the certificate and max_memory of [webhooks] are only read at the start; restart the service to use the new values")
			}
		},
	}, loaded)
	warn(log, o.suspicions(ctx, env, db, loaded))
	service.Store(s)
	defer reapOrphans(env, children)()
	shown := &offer{options: o, env: env, config: c, service: s, intake: events.intake, plans: keeper.Plans, db: db, engine: engine, log: log, now: &current}
	set, err := shown.listen(ctx)
	if err != nil {
		return err
	}
	defer shutDown(set)
	defer shown.forget()
	return s.Run(ctx)
}

// readAtStart are the settings that take effect only when the service starts.
func readAtStart(c config.Config) string {
	w := c.Webhooks
	return fmt.Sprintf("%q %d %q %q", c.Serve.Listen, c.Serve.Workers, fmt.Sprint(c.Dashboard), []string{w.Listen, w.TLSCert, w.TLSKey, w.MaxMemory})
}

// reapOrphans collects what other programs leave behind, as process 1 of a container
// has to, until stop is called.
func reapOrphans(env *environment.Env, children *serve.Children) (stop func()) {
	if !children.Inherits() || serve.ChildEnded == nil {
		return func() {}
	}
	ends, ignore := env.Signals(serve.ChildEnded)
	stopped := make(chan struct{})
	go func() {
		// One signal may stand for several ends, and one of them may come while the
		// program that it is about is not known yet.
		again := time.NewTicker(time.Second)
		defer again.Stop()
		for {
			select {
			case <-ends:
			case <-again.C:
			case <-stopped:
				return
			}
			children.Reap()
		}
	}()
	return func() {
		ignore()
		close(stopped)
	}
}

func clearFolders(log *slog.Logger) {
	if err := serve.ClearFolders(); err != nil {
		log.Warn("cannot delete the files of runs whose service was killed", "reason", err.Error())
	}
}

// stopped returns no error if the service was asked to stop.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// stopAtSignals ends the service gently at the first signal, kills its runs at
// the second, and ends the process at the third; its runs end with it.
func stopAtSignals(env *environment.Env, signals <-chan os.Signal, stop func(), service *atomic.Pointer[serve.Service]) {
	<-signals
	stop()
	<-signals
	if s := service.Load(); s != nil {
		s.Hurry()
	}
	env.Exit(fault.StoppedBy(<-signals).ExitCode())
}
