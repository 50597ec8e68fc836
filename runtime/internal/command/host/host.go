// Package host makes the Lua host that run and repl evaluate in: from their
// flags, the configuration and the environment.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/memory"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/progress"
	"github.com/phscript/phscript/runtime/internal/recording"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/trust"
	"github.com/phscript/phscript/runtime/internal/undoable"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// OutDir is the folder of the working directory that scripts may always write
// to.
const OutDir = "out"

// SimulatedVariable tells a run that its Planhat is a simulated one.
const SimulatedVariable = "PHSCRIPT_SIMULATED"

// missingInService says what to do about variables that a scheduled run needs.
const missingInService = "set the variable in the environment of the service, and name it in allow_env in phscript.toml; a credential of a built-in connector can also be stored with 'phscript connect', in the store of the service"

// NoFixtures is the value of --simulate without one.
const NoFixtures = " "

// Options are the settings that every command has which evaluates Lua.
type Options struct {
	ConfigFile, ProfileName string

	Simulate  string
	Simulated bool
	Companies int
	Faults    string
	Switches  string

	DryRun      bool
	MaxReads    int
	readsGiven  bool
	Strict      bool
	CallsPerMin int
	RetryFor    string
	Timeout     string
	MaxMemory   string
	AllowWrite  []string
	AllowRead   []string
	AllowEnv    []string
	AllowNet    []string
	AllowHost   []string
	LogLevel    string
	LogFormat   string
	State       string

	// Ask is how a reader of the function help asks further, as in
	// manual.PageOptions.
	Ask string
	// Observer, if set, sees what the clients do. Quiet tells each wait once.
	Observer planhat.Observer
	Quiet    bool
	// sources are where the tokens are, as Settings has found.
	sources Sources
	// sends is true for commands that send only what they have recorded in the store.
	sends bool
	// Undoable records every change, and not only deletes.
	Undoable bool
	// Event is a file with the body of an event that the script handles.
	Event string
	// Terms, if set, decide about writes.
	Terms *consent.Terms
	// TraceHTTP is the value of --trace-http.
	TraceHTTP string
	// Profile, if set, measures the run.
	Profile *runtime.Profile
	// Progress is the value of --progress, board what Watch made of it, and onScreen whether
	// it is drawn on a terminal.
	Progress string
	board    *progress.Board
	onScreen bool
	// Transport, if set, wraps what sends all HTTP requests. Replay, if set, answers them.
	Transport func(http.RoundTripper) http.RoundTripper
	Replay    *recording.Replay
	// Step, if set, gets each step of a dry run; see runtime.Options.
	Step func(*runtime.PlannedStep)
}

// AddFlags adds the flags to a command that can write.
func (o *Options) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "Read, but do not write: list and count what would be sent")
	f.IntVar(&o.MaxReads, "max-read-calls", plan.DefaultReads, "With --dry-run: make at most `N` calls to look up the records that the script writes to")
	o.addFlags(cmd)
}

// AddPlanFlags adds the flags to a command that only plans.
func (o *Options) AddPlanFlags(cmd *cobra.Command) {
	o.DryRun = true
	cmd.Flags().IntVar(&o.MaxReads, "max-read-calls", plan.DefaultReads, "Make at most `N` calls to look up the records that the script writes to")
	o.addFlags(cmd)
}

func (o *Options) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	AddSimulate(cmd, &o.Simulate, &o.Companies)
	f.StringVar(&o.Faults, "faults", "", "With --simulate: inject `FAULTS`, see 'phscript simulate --help'")
	f.StringVar(&o.Switches, "switches", "", "With --simulate: set switches as `NAME=VALUE`,..., see 'phscript simulate --help'")
	f.BoolVar(&o.Strict, "strict", false, "Raise an error when a row is rejected, by Planhat or by the script")
	f.IntVar(&o.CallsPerMin, "calls-per-min", 0, "Make at most `N` calls a minute (default 200)")
	f.StringVar(&o.RetryFor, "retry-for", "", "Retry calls for `TIME` while Planhat does not respond (default 15m)")
	f.StringVar(&o.Timeout, "timeout", "", "End the script after `TIME`, such as 30m")
	f.StringVar(&o.MaxMemory, "max-memory", "", "End the script when it uses more than `SIZE`, such as 512MB (default 1GiB)")
	f.StringSliceVar(&o.AllowWrite, "allow-write", nil, "Let the script write files in `DIR`")
	f.StringSliceVar(&o.AllowRead, "allow-read", nil, "Let the script read files in `DIR`")
	f.StringSliceVar(&o.AllowEnv, "allow-env", nil, "Let the script read the environment variable `NAME`")
	f.StringSliceVar(&o.AllowNet, "allow-net", nil, "Let the script send HTTP requests to `HOST`")
	AddAllowHost(cmd, &o.AllowHost)
	f.StringVar(&o.State, "state", "", "Share the quota through `FILE` or a postgres:// address; memory shares it with nobody (default a file in the state directory)")
	usage.AddConfig(f, &o.ConfigFile)
	usage.AddProfile(f, &o.ProfileName)
	usage.AddLog(cmd, &o.LogLevel, &o.LogFormat)
	o.AddTrace(cmd)
	usage.CompleteFolders(cmd, "allow-read", "allow-write")
	usage.CompleteNothing(cmd, "faults", "calls-per-min", "max-read-calls", "retry-for", "timeout", "max-memory", "allow-env", "allow-net")
	usage.Complete(cmd, "config", cobra.FixedCompletions([]cobra.Completion{"toml"}, cobra.ShellCompDirectiveFilterFileExt))
}

// Given notes which flags were on the command line, and refuses those that
// need --simulate without it.
func (o *Options) Given(flags *pflag.FlagSet) error {
	o.Simulated = flags.Changed("simulate")
	if o.readsGiven = flags.Changed("max-read-calls"); o.readsGiven && o.MaxReads < 0 {
		return &usage.Error{Message: "--max-read-calls can't be negative", Hint: "use 0 to look up nothing"}
	}
	if flags.Lookup("dry-run") != nil {
		if err := usage.Needs(flags, "dry-run", "max-read-calls"); err != nil {
			return err
		}
	}
	return usage.Needs(flags, "simulate", "companies", "faults", "switches")
}

// reads is MaxReads as runtime.Options has it.
func (o *Options) reads() int {
	if !o.readsGiven {
		return 0
	}
	return cmp.Or(o.MaxReads, -1)
}

// Opened is a host that is ready, with its simulated Planhat if it has one. Close
// it after use.
type Opened struct {
	Runtime *runtime.Runtime
	Config  config.Config
	Secrets *redact.Secrets

	server *simulator.Server
	store  *storage.Lazy
	dryRun bool
	// entry is the run in the history, nil until Enter.
	entry atomic.Pointer[Entry]
	// recorder is nil without a store.
	recorder *undoable.Recorder
	// journals are those of the run, nil until OpenJournals.
	journals *Journals
	// credentials are nil without a store.
	credentials *Credentials
	options     runtime.Options
	// traced is the file of --trace-http, nil without one.
	traced  io.Closer
	watched *watched
}

// Close closes the store and the simulated Planhat.
func (h *Opened) Close() {
	if h.store != nil {
		_ = h.store.Close()
	}
	if h.traced != nil {
		_ = h.traced.Close()
	}
	if h.server != nil {
		_ = h.server.Close()
	}
}

// Open makes a runtime of the settings.
func (o *Options) Open(env *environment.Env, c config.Config) (*Opened, error) {
	handler, err := LogHandler(env, c)
	if err != nil {
		return nil, err
	}
	if err := o.readTokens(env, &c); err != nil {
		return nil, err
	}
	h := &Opened{Secrets: &redact.Secrets{}, dryRun: o.DryRun}
	h.Secrets.Keep()
	// Also those that a simulated run does not use: somebody may type or print them.
	for _, secret := range append(unused(env), c.APIToken, c.TenantToken, store.Password(c.State)) {
		h.Secrets.Add(secret)
	}
	logger := slog.New(h.Secrets.Handler(handler))
	_, scheduled := env.Getenv(serve.RunVariable)
	if !scheduled { // the service has reported it
		for _, warning := range Exposed(env, c) {
			logger.Warn(warning)
		}
	}
	var hosts trust.Hosts
	if o.Simulated {
		if h.server, err = StartSimulator(c, o.Simulate, o.Companies, o.Faults, o.Switches); err != nil {
			return nil, err
		}
		c.APIToken, c.TenantToken = h.server.APIToken(), h.server.TenantToken()
		c.APIURL, c.AnalyticsURL = h.server.URL(), h.server.AnalyticsURL()
	} else if o.Replay != nil {
		o.replaying(&c)
	} else if hosts, err = Reach(c, o.AllowHost); err != nil {
		return nil, err
	}
	writable := slices.Concat(c.AllowWrite, []string{OutDir})
	for _, dir := range writable {
		if err := env.Trust.Link(env.Path(dir)); err != nil {
			h.Close()
			return nil, err
		}
	}
	_, simulated := env.Getenv(SimulatedVariable)
	h.Config = c
	for _, dir := range writable {
		unfinished.ClearFolder(env.Path(dir))
	}
	maxHeap := cmp.Or(c.MaxMemory, memory.DefaultLimit)
	if _, decided := env.Getenv("GOMEMLIMIT"); !decided {
		memory.Reserve(maxHeap)
	}
	if _, decided := env.Getenv("GOGC"); !decided && (o.DryRun || o.sends) {
		memory.Spare() // what is planned stays in memory
	}
	options := runtime.Options{
		Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr,
		Logger: logger, Secrets: h.Secrets,
		Env: env.Getenv, EnvAllow: c.AllowEnv, Now: env.Now,
		WorkDir: env.Dir, ReadDirs: c.AllowRead, WriteDirs: writable,
		Timeout: c.Timeout, MaxHeap: maxHeap, KeepModules: true,
		Planhat: planhat.Config{
			// Its records take as much again.
			MaxAnswer: max(maxHeap/2, 1),
			APIToken:  c.APIToken, TenantToken: c.TenantToken, BaseURL: c.APIURL, AnalyticsURL: c.AnalyticsURL,
			UserAgent: "phscript/" + env.Version, Logger: logger,
			Retry: planhat.RetryPolicy{MaxElapsed: c.RetryFor}, Observer: o.Observer, Quiet: o.Quiet || o.onScreen,
		},
		Quota:  planhat.LimiterConfig{CallsPerMinute: c.CallsPerMin},
		DryRun: o.DryRun, MaxReadCalls: o.reads(), Step: o.Step, Strict: c.Strict, Models: c.Models,
		AllowNet:     c.AllowNet,
		Profile:      o.Profile,
		AllowAddress: allowAddress(hosts, o.Simulated || simulated),
		Help:         manual.PageOptions{Width: env.Width(), Color: env.StdoutColor(), Ask: o.Ask},
	}
	if options.Planhat.Gate = allowGate(c.Profile, env.Now); !o.offline() && !simulated {
		h.watch(env, c, o, logger, &options)
	}
	options.Consent = h.beforeWrites(o.Terms)
	if o.board != nil {
		o.board.Hide = h.Secrets.String
		options.Progress = o.board
	}
	if env.StdinTTY && env.StderrTTY && !scheduled {
		options.Tell = func(line string) { fmt.Fprintln(env.Stderr, h.Secrets.String(display.Text(line))) }
	}
	if scheduled {
		options.MissingEnv = missingInService
		options.AllowFile = func(path string) error { return env.Trust.Scheduled(env.Dir, path) }
	}
	if o.Simulated || simulated {
		options.Stubs = &runtime.Stubs{}
	}
	if o.Event != "" {
		if options.Events, err = fileEvent(env, o.Event); err != nil {
			h.Close()
			return nil, err
		}
	}
	options.PrivateFiles = append(o.sources.private(c.File), c.TokenFiles()...)
	if !o.offline() {
		if err := h.shareQuota(env, o.State, o.sends, &options); err != nil {
			return nil, err
		}
	}
	if h.store != nil && !o.offline() {
		h.record(&options, o.Undoable)
	}
	if !o.offline() && !simulated {
		options.Judge = h.judge(env, c.SchemaPath(env.Dir), logger)
	}
	o.tape(&options)
	if err := o.trace(env, h, &options); err != nil {
		h.Close()
		return nil, err
	}
	h.options = options
	if h.Runtime, err = runtime.New(options); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// shareQuota lets all processes that use the store keep to the quota together.
func (h *Opened) shareQuota(env *environment.Env, state string, urgent bool, options *runtime.Options) error {
	location, err := storage.Location(env, state, h.Config)
	_, untrusted := errors.AsType[*trust.Error](err)
	switch {
	case untrusted:
		return err
	case err != nil:
		options.Window = func(runtime.WindowUser) planhat.Window {
			options.Logger.Warn("the quota is not shared with other processes: " + err.Error())
			return nil
		}
	case location != storage.InMemory:
		if !store.IsPostgres(location) {
			options.PrivateFiles = append(options.PrivateFiles, location)
		}
		h.store = &storage.Lazy{Location: location, Log: options.Logger, Trust: env.Trust}
		h.Secrets.Add(store.Password(location))
		options.State = states(env, h.store, inProfile(h.Config))
		if stored := storedEvents(env, h.store); stored != nil {
			options.Events = stored
		}
		if out := newOutbox(env, h.Config, h.store); out != nil {
			options.Outbox = out
		}
		stored := newTokens(env, h.store)
		options.Tokens, h.credentials = stored, &Credentials{stored, ofConnectors}
		options.Credential = h.credentials.Get
		options.Env = h.credentials.Own().orStored(env.Getenv, options.EnvAllow, options.Logger)
		options.Checkpoint = checkpoints(env, h.store, inProfile(h.Config))
		options.Journal = func(ctx context.Context, name string) (planhat.Journal, error) { return h.journals.Named(ctx, name) }
		run, _ := env.Getenv(serve.RunVariable)
		options.Window = sharedWindow(h.store, run, urgent)
		options.RateWindow = options.Window
	}
	return nil
}
