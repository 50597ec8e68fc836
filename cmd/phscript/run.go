package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/outcome"
	"github.com/phscript/phscript/runtime/redact"
)

// outDir is the folder of the working directory that scripts may always write
// to.
const outDir = "out"

// noFixtures is the value of --simulate without one.
const noFixtures = " "

// runOptions are the settings of one run, before they are checked.
type runOptions struct {
	code       string
	codeGiven  bool
	args       []string
	configFile string
	summary    string
	quiet      bool

	simulate  string
	simulated bool
	companies int
	faults    string

	dryRun      bool
	strict      bool
	callsPerMin int
	timeout     string
	maxMemory   string
	allowWrite  []string
	allowRead   []string
	allowEnv    []string
	logLevel    string
	logFormat   string
}

func newRun(env *environment, runF func(*environment, *runOptions) error) *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run [flags] FILE.lua [args...]",
		Short: "Run a script",
		Long: "run executes a Lua script. FILE may be - for standard input; 'phscript FILE.lua' is short for it.\n" +
			"What follows the file are the script's own arguments, in its table args.\n\n" +
			"The access token comes from PLANHAT_API_TOKEN or from phscript.toml; with --simulate none is needed,\n" +
			"and nothing leaves this machine. Scripts may read files in their own folder and in the working\n" +
			"directory, and write to the folder " + outDir + " there; --allow-read and --allow-write add others.\n\n" +
			"Exit codes: 0 done, 1 script error, 2 usage or configuration, 3 done with rejected rows,\n" +
			"4 authentication or permission, 5 a limit or deadline, 130 interrupted.",
		Example: "  phscript run --simulate scripts/examples/quickstart.lua\n" +
			"  phscript run --dry-run sync.lua accounts.csv\n" +
			"  phscript run --simulate --companies 100 -e 'print(#planhat.company.get_list())'",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			o.codeGiven = cmd.Flags().Changed("eval")
			o.simulated = cmd.Flags().Changed("simulate")
			if !o.codeGiven && len(args) == 0 {
				return &usageError{message: "no script is given", hint: "phscript run FILE.lua, or - for standard input, or -e CODE"}
			}
			if err := o.checkOrder(cmd.Flags()); err != nil {
				return err
			}
			return runF(env, o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringVarP(&o.code, "eval", "e", "", "run this `CODE` instead of a file")
	f.StringVar(&o.simulate, "simulate", "", "run against a Planhat inside this process; =`DIR` starts it with fixtures")
	f.Lookup("simulate").NoOptDefVal = noFixtures
	f.IntVar(&o.companies, "companies", 0, "with --simulate: generate `N` companies")
	f.StringVar(&o.faults, "faults", "", "with --simulate: `FAULTS`, as in 'phscript simulate --help'")
	f.BoolVar(&o.dryRun, "dry-run", false, "read, but send no writes: list and count them")
	f.BoolVar(&o.strict, "strict", false, "raise an error where a row is rejected")
	f.IntVar(&o.callsPerMin, "calls-per-min", 0, "keep to `N` calls a minute (200 when not set)")
	f.StringVar(&o.timeout, "timeout", "", "end the script after this `TIME`, such as 30m")
	f.StringVar(&o.maxMemory, "max-memory", "", "end the script when it uses more than `SIZE`, such as 512MB (1GiB when not set)")
	f.StringSliceVar(&o.allowWrite, "allow-write", nil, "let the script write files in `DIR`")
	f.StringSliceVar(&o.allowRead, "allow-read", nil, "let the script read files in `DIR`")
	f.StringSliceVar(&o.allowEnv, "allow-env", nil, "let the script read the environment variable `NAME`")
	f.StringVar(&o.summary, "summary", "", "write what was done, with every rejected row, to `FILE` as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no summary")
	f.StringVar(&o.logLevel, "log-level", "", "`LEVEL`: debug, info, warn or error (info when not set)")
	f.StringVar(&o.logFormat, "log-format", "", "`FORMAT`: text or json (text when not set)")
	f.StringVar(&o.configFile, "config", "", "configuration `FILE` (phscript.toml in the working directory when not set)")
	return cmd
}

// checkOrder refuses a flag of run behind the script's name, where it would
// silently become an argument of the script: a --dry-run there would write.
// What follows -- goes to the script as it is.
func (o *runOptions) checkOrder(flags *pflag.FlagSet) error {
	first := 1
	if o.codeGiven {
		first = 0
	}
	for i := first; i < len(o.args); i++ {
		arg := o.args[i]
		if arg == "--" {
			o.args = slices.Delete(o.args, i, i+1)
			return nil
		}
		name, _, _ := strings.Cut(arg, "=")
		long, isLong := strings.CutPrefix(name, "--")
		short, isShort := strings.CutPrefix(name, "-")
		if isLong && flags.Lookup(long) != nil || !isLong && isShort && len(short) == 1 && flags.ShorthandLookup(short) != nil {
			return &usageError{
				message: arg + " stands behind the script, where it would be the script's own argument",
				hint:    "put it before the script: phscript run " + arg + " FILE.lua; or write -- before it to hand it to the script",
			}
		}
	}
	return nil
}

// settings lays the flags over the configuration.
func (o *runOptions) settings(env *environment) (config.Config, error) {
	c, err := config.Load(o.configFile, env.dir, env.readFile, env.getenv)
	if err != nil {
		return c, err
	}
	if o.callsPerMin < 0 {
		return c, &usageError{message: "--calls-per-min must be at least 1"}
	}
	if o.callsPerMin > 0 {
		c.CallsPerMin = o.callsPerMin
	}
	if o.timeout != "" {
		if c.Timeout, err = config.ParseTimeout(o.timeout); err != nil {
			return c, &usageError{message: "--timeout: " + err.Error()}
		}
	}
	if o.maxMemory != "" {
		if c.MaxMemory, err = config.ParseSize(o.maxMemory); err != nil {
			return c, &usageError{message: "--max-memory: " + err.Error()}
		}
	}
	c.Strict = c.Strict || o.strict
	c.AllowWrite = append(c.AllowWrite, o.allowWrite...)
	c.AllowRead = append(c.AllowRead, o.allowRead...)
	c.AllowEnv = append(c.AllowEnv, o.allowEnv...)
	if o.logLevel != "" {
		c.LogLevel = o.logLevel
	}
	if o.logFormat != "" {
		c.LogFormat = o.logFormat
	}
	for flag, given := range map[string]bool{"--companies": o.companies != 0, "--faults": o.faults != ""} {
		if given && !o.simulated {
			return c, &usageError{message: flag + " goes with --simulate", hint: "phscript run --simulate " + flag + " ..."}
		}
	}
	return c, nil
}

func logHandler(env *environment, c config.Config) (slog.Handler, error) {
	level := slog.LevelInfo
	if c.LogLevel != "" {
		names := []string{"debug", "info", "warn", "error"}
		if !slices.Contains(names, strings.ToLower(c.LogLevel)) {
			return nil, &usageError{message: fmt.Sprintf("the log level is one of %s, not %q", strings.Join(names, ", "), c.LogLevel)}
		}
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			return nil, err
		}
	}
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		return nil, &usageError{message: fmt.Sprintf("the log format is text or json, not %q", c.LogFormat)}
	}
	return newLogHandler(env, c.LogFormat, level), nil
}

// script reads what is to be run.
func (o *runOptions) script(env *environment) (runtime.Script, error) {
	if o.codeGiven {
		return runtime.Script{Name: "-e", Source: []byte(o.code), Args: o.args}, nil
	}
	name, args := o.args[0], o.args[1:]
	if name == "-" {
		source, err := io.ReadAll(env.stdin)
		return runtime.Script{Name: "stdin", Source: source, Args: args}, err
	}
	path := env.path(name)
	source, err := env.readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runtime.Script{}, &usageError{message: "there is no script " + name, hint: "the path is looked up from the working directory, " + env.dir}
	case err != nil && isDir(env, name):
		hint := "name a file in it"
		if o.simulated {
			hint = "fixtures are named with =: --simulate=" + name
		}
		return runtime.Script{}, &usageError{message: name + " is a folder, not a script", hint: hint}
	case err != nil:
		return runtime.Script{}, &usageError{message: fmt.Sprintf("the script %s cannot be read: %v", name, err)}
	}
	return runtime.Script{Name: name, Path: path, Source: source, Args: args}, nil
}

func runScript(env *environment, o *runOptions) error {
	c, err := o.settings(env)
	if err != nil {
		return err
	}
	handler, err := logHandler(env, c)
	if err != nil {
		return err
	}
	script, err := o.script(env)
	if err != nil {
		return err
	}
	secrets := &redact.Secrets{}
	logger := slog.New(secrets.Handler(handler))
	if o.simulated {
		server, err := o.startSimulator(c)
		if err != nil {
			return err
		}
		defer func() { _ = server.Close() }()
		c.APIToken, c.TenantToken = server.APIToken(), server.TenantToken()
		c.APIURL, c.AnalyticsURL = server.URL(), server.AnalyticsURL()
	}
	rt, err := runtime.New(runtime.Options{
		Stdin: env.stdin, Stdout: env.stdout, Stderr: env.stderr,
		Logger: logger, Secrets: secrets,
		Env: env.getenv, EnvAllow: c.AllowEnv, Now: env.now,
		WorkDir: env.dir, ReadDirs: c.AllowRead, WriteDirs: append(c.AllowWrite, outDir),
		Timeout: c.Timeout, MaxMemory: c.MaxMemory,
		Planhat: planhat.Config{
			APIToken: c.APIToken, TenantToken: c.TenantToken, BaseURL: c.APIURL, AnalyticsURL: c.AnalyticsURL,
			UserAgent: "phscript/" + version(), Logger: logger,
		},
		Quota:  planhat.LimiterConfig{CallsPerMinute: c.CallsPerMin},
		DryRun: o.dryRun, Strict: c.Strict,
	})
	if err != nil {
		return err
	}
	started := env.now()
	ctx, interrupted, release := interruptible(env)
	defer release()
	result, runErr := rt.Run(ctx, script)
	s := &summary{outcome.New(script.Name, started, result)}
	var exit *runtime.ExitError
	if runErr != nil && !errors.As(runErr, &exit) && interrupted() {
		// Also where the script fails by itself on the call that was not made.
		runErr = errors.Join(runErr, outcome.ErrInterrupted)
	}
	s.Conclude(runErr)
	s.DryRun, s.Simulated = o.dryRun, o.simulated
	if runErr != nil && !errors.As(runErr, &exit) {
		showError(&environment{stderr: secrets.Writer(env.stderr), stderrTTY: env.stderrTTY, getenv: env.getenv}, runErr)
	}
	if o.summary != "" {
		if err := s.writeFile(env, o.summary, secrets); err != nil {
			return err
		}
	}
	if !o.quiet {
		s.print(env, o.summary, secrets)
	}
	return &finished{s.ExitCode}
}

func (o *runOptions) startSimulator(c config.Config) (*simulator.Server, error) {
	options := simulator.Options{
		Companies: o.companies, Seed: 1, CallsPerMinute: c.CallsPerMin,
		FixturesDir: strings.TrimSpace(o.simulate),
	}
	var err error
	if options.Faults, err = simulator.ParseFaults(o.faults); err != nil {
		return nil, &usageError{message: "--faults: " + err.Error(), hint: "see 'phscript simulate --help'"}
	}
	server, err := simulator.Start(options)
	if err != nil {
		return nil, &usageError{message: err.Error()}
	}
	return server, nil
}

// lastGrace is the time that a script has to end after the second Ctrl-C.
const lastGrace = time.Second

// interruptible returns a context that the first Ctrl-C stops gently: no new
// request starts, the one under way is finished, and then the script ends. The
// second one ends it at once, and the process where the script does not end.
// What it returns besides tells whether that happened, and ends the watch.
func interruptible(env *environment) (ctx context.Context, interrupted func() bool, release func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancelCause(planhat.WithInFlight(planhat.WithStopping(context.Background(), stop)))
	signals, ignore := env.interrupts()
	go func() {
		select {
		case <-signals:
		case <-ended:
			return
		}
		fmt.Fprintln(env.stderr, "\nstopping after the request under way; press Ctrl-C again to stop at once")
		close(stop)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		again := false
		for planhat.InFlight(ctx) > 0 && !again {
			select {
			case <-tick.C:
			case <-signals:
				again = true
			case <-ended:
				return
			}
		}
		cancel(outcome.ErrInterrupted)
		if !again {
			select {
			case <-signals:
			case <-ended:
				return
			}
		}
		select {
		case <-time.After(lastGrace):
			env.exit(exitInterrupted)
		case <-ended:
		}
	}()
	interrupted = func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	return ctx, interrupted, func() {
		ignore()
		close(ended)
		cancel(nil)
	}
}
