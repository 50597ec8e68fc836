package command

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// outDir is the folder of the working directory that scripts may always write
// to.
const outDir = "out"

// noFixtures is the value of --simulate without one.
const noFixtures = " "

// logLevels and logFormats are the values of --log-level and --log-format.
var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
)

// hostOptions are the settings that every command has which evaluates Lua.
type hostOptions struct {
	configFile string

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
	state       string

	// ask is how a reader of the function help asks further, as in
	// manual.PageOptions.
	ask string
}

func (o *hostOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
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
	f.StringVar(&o.logLevel, "log-level", "", "`LEVEL`: debug, info, warn or error (info when not set)")
	f.StringVar(&o.logFormat, "log-format", "", "`FORMAT`: text or json (text when not set)")
	f.StringVar(&o.state, "state", "", "keep the shared quota in `FILE` or at a postgres:// address; memory keeps it to this process")
	f.StringVar(&o.configFile, "config", "", "configuration `FILE` (phscript.toml in the working directory when not set)")
	completeFolders(cmd, "simulate", "allow-read", "allow-write")
	completeNothing(cmd, "companies", "faults", "calls-per-min", "timeout", "max-memory", "allow-env")
	completeValues(cmd, "log-level", logLevels...)
	completeValues(cmd, "log-format", logFormats...)
	complete(cmd, "config", cobra.FixedCompletions([]cobra.Completion{"toml"}, cobra.ShellCompDirectiveFilterFileExt))
}

// given notes which flags were on the command line.
func (o *hostOptions) given(flags *pflag.FlagSet) { o.simulated = flags.Changed("simulate") }

// settings lays the flags over the configuration.
func (o *hostOptions) settings(env *environment) (config.Config, error) {
	c, err := config.Load(o.configFile, env.dir, env.readConfig, env.getenv)
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
			return c, &usageError{message: flag + " goes with --simulate", hint: "write --simulate " + flag + " ..."}
		}
	}
	return c, nil
}

func logHandler(env *environment, c config.Config) (slog.Handler, error) {
	level := slog.LevelInfo
	if c.LogLevel != "" {
		if !slices.Contains(logLevels, strings.ToLower(c.LogLevel)) {
			return nil, &usageError{message: fmt.Sprintf("the log level is one of %s, not %q", strings.Join(logLevels, ", "), c.LogLevel)}
		}
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			return nil, err
		}
	}
	if c.LogFormat != "" && !slices.Contains(logFormats, c.LogFormat) {
		return nil, &usageError{message: fmt.Sprintf("the log format is text or json, not %q", c.LogFormat)}
	}
	return newLogHandler(env, c.LogFormat, level), nil
}

// opened is what evaluates Lua, with the simulated Planhat behind it if there is
// one.
type opened struct {
	runtime *runtime.Runtime
	config  config.Config
	secrets *redact.Secrets
	server  *simulator.Server
	store   *lazyStore
}

func (h *opened) close() {
	if h.store != nil {
		_ = h.store.close()
	}
	if h.server != nil {
		_ = h.server.Close()
	}
}

// open makes a runtime of the settings.
func (o *hostOptions) open(env *environment, c config.Config, handler slog.Handler) (*opened, error) {
	h := &opened{secrets: &redact.Secrets{}}
	logger := slog.New(h.secrets.Handler(handler))
	if o.simulated {
		var err error
		if h.server, err = startSimulator(c, o.simulate, o.companies, o.faults); err != nil {
			return nil, err
		}
		c.APIToken, c.TenantToken = h.server.APIToken(), h.server.TenantToken()
		c.APIURL, c.AnalyticsURL = h.server.URL(), h.server.AnalyticsURL()
	}
	h.config = c
	options := runtime.Options{
		Stdin: env.stdin, Stdout: env.stdout, Stderr: env.stderr,
		Logger: logger, Secrets: h.secrets,
		Env: env.getenv, EnvAllow: c.AllowEnv, Now: env.now,
		WorkDir: env.dir, ReadDirs: c.AllowRead, WriteDirs: append(c.AllowWrite, outDir),
		Timeout: c.Timeout, MaxMemory: c.MaxMemory,
		Planhat: planhat.Config{
			APIToken: c.APIToken, TenantToken: c.TenantToken, BaseURL: c.APIURL, AnalyticsURL: c.AnalyticsURL,
			UserAgent: "phscript/" + version(), Logger: logger,
		},
		Quota:  planhat.LimiterConfig{CallsPerMinute: c.CallsPerMin},
		DryRun: o.dryRun, Strict: c.Strict,
		Help: manual.PageOptions{Width: env.width(), Color: env.stdoutColor(), Ask: o.ask},
	}
	if !o.simulated {
		h.shareQuota(env, o.state, &options)
	}
	var err error
	if h.runtime, err = runtime.New(options); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// shareQuota lets all processes that use the store keep to the quota together.
func (h *opened) shareQuota(env *environment, state string, options *runtime.Options) {
	location, err := stateLocation(env, state, h.config)
	switch {
	case err != nil:
		options.Window = func(runtime.WindowUser) planhat.Window {
			options.Logger.Warn("the quota is this process's own: " + err.Error())
			return nil
		}
	case location != inMemory:
		h.store = &lazyStore{location: location, log: options.Logger}
		h.secrets.Add(store.Password(location))
		options.Checkpoint = h.store.checkpoints(env)
		run, _ := env.getenv(serve.RunVariable)
		options.Window = h.store.sharedWindow(run, options.Logger)
	}
}

// startSimulator starts the Planhat that --simulate and the flags with it name.
func startSimulator(c config.Config, fixtures string, companies int, faults string) (*simulator.Server, error) {
	options := simulator.Options{
		Companies: companies, Seed: 1, CallsPerMinute: c.CallsPerMin,
		FixturesDir: strings.TrimSpace(fixtures),
	}
	var err error
	if options.Faults, err = simulator.ParseFaults(faults); err != nil {
		return nil, &usageError{message: "--faults: " + err.Error(), hint: "see 'phscript simulate --help'"}
	}
	server, err := simulator.Start(options)
	if err != nil {
		return nil, &usageError{message: err.Error()}
	}
	return server, nil
}
