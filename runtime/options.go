package runtime

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/runtime/internal/profile"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Defaults of Options.
const (
	DefaultMaxCallDepth = 16_000
	DefaultMaxString    = lualib.DefaultMaxString
)

// Options configure a Runtime. The zero value runs scripts that can compute and
// read files in the working directory, and discards their output.
type Options struct {
	// Stdin, Stdout and Stderr are the script's streams; nil is empty or
	// discards. Output is written in whole lines, by one run at a time; a script
	// that calls io.flush writes part of a line. Input that a script is waiting for when its run ends is lost,
	// unless Stdin has the method ReadContext(ctx context.Context, p []byte)
	// (int, error).
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Logger receives the logs of the script and the client; nil discards them.
	// Secrets are redacted first.
	Logger *slog.Logger
	// Secrets redacts everything that a run prints. Share it with everything
	// else that writes to the same streams; nil makes a new one. It gets the
	// tokens of Planhat, and for the time of a run those that the script passes
	// to planhat.new.
	Secrets *Secrets

	// Env looks up an environment variable; EnvAllow names those that a script
	// can read.
	Env      func(name string) (string, bool)
	EnvAllow []string
	// MissingEnv, if set, says what to do about variables that a script needs and does not
	// have, in place of what helps on the command line.
	MissingEnv string
	// Now and Location are the clock (default the system's).
	Now      func() time.Time
	Location *time.Location

	// WorkDir is the base of relative file names (default the process's working
	// directory). Scripts can read files in it, in their own folder, and in
	// ReadDirs and WriteDirs; they can write only in WriteDirs.
	WorkDir             string
	ReadDirs, WriteDirs []string
	// PrivateFiles are absolute names of files that scripts can neither read nor
	// change, in whatever folder they are. Scripts never use files whose names say
	// that they hold settings or keys, such as .env, phscript.toml and id_rsa.
	PrivateFiles []string

	// ModuleDirs are absolute folders that require searches after the script's
	// own. They must be readable.
	ModuleDirs []string

	// KeepModules reads the files of the modules that a script requires by name when
	// the run starts, so that replacing them does not affect it.
	KeepModules bool

	// AllowFile, if set, is asked about each file of Lua code before require, dofile or
	// loadfile loads it. It returns an error if the code may not run. If the error has a
	// method ErrorHint, its result is the hint of the script's error.
	AllowFile func(path string) error

	// Timeout limits a run. 0 or less allows any time.
	Timeout time.Duration
	// MaxMemory limits what the values of a script take, in bytes, as an
	// estimate. 0 or less allows any amount. They are weighed from time to time, so only a
	// script that is large itself is ended, whatever the rest of the program
	// allocates. What Go code holds for a script does not count.
	MaxMemory int64
	// MaxHeap limits the growth of the process's heap during a run, in bytes.
	// 0 or less allows any amount. It counts everything, also what other runs and the rest of the
	// program allocate, so it suits programs that run one script at a time, as
	// the command line does.
	//
	// Both are sampled: a run may exceed them by what it allocates in a tenth of
	// a second. They protect the machine from faulty scripts, not from an
	// attacker.
	MaxHeap int64
	// MaxInstructions limits the instructions of Lua's machine that a run
	// executes. 0 or less allows any amount. The same script with the same data executes the
	// same number, however busy the machine is. The time in functions of Go, such
	// as string.rep or a call to Planhat, does not count.
	MaxInstructions int64
	// MaxCallDepth limits nested calls, MaxString the bytes of one string that
	// the string library makes; 0 is the default.
	MaxCallDepth, MaxString int

	// Planhat configures the default client. Its Observer sees every attempt,
	// like the run's own tally; its Gate is asked before DryRun. Without an
	// HTTPClient, all runs share one. Without a Limiter, all runs of a tenant in
	// this process share one, also those of other Runtimes with the same Quota.
	Planhat planhat.Config
	// Quota are the limits of these limiters.
	Quota planhat.LimiterConfig
	// Window, if set, makes the window of each tenant's minute quota, to share
	// it between processes. It is called when a client is made.
	Window func(WindowUser) planhat.Window
	// Events, if set, are the events of a webhook that runs handle.
	Events bindings.Events
	// Outbox, if set, keeps what webhook.send sends until somebody sends it.
	Outbox bindings.Outbox
	// Checkpoint, if set, returns where a script's checkpoint is stored;
	// otherwise checkpoints last as long as the Runtime.
	Checkpoint func(Script) bindings.CheckpointStore
	// State, if set, returns where a script keeps values between runs; otherwise they
	// last as long as the Runtime.
	State func(Script) bindings.StateStore
	// Tokens, if set, is where the module oauth2 keeps tokens of other systems between
	// runs; otherwise they last as long as the Runtime. A dry run stores tokens as well,
	// because the service may no longer accept the previous one.
	Tokens bindings.TokenStore
	// Progress, if set, is told how far runs are. It must be safe for concurrent use.
	Progress Progress
	// Tell, if set, shows a line to the person at the terminal, who can act on it while the
	// script waits.
	Tell func(line string)
	// Credential, if set, returns what was stored for a variable with a credential that is
	// not set, "" if nothing was. Only built-in connectors get it.
	Credential func(ctx context.Context, name string) (string, error)
	// AllowAddress, if set, is asked about each address that a script passes to
	// planhat.new, unless its host is the configured one. It returns an error if the
	// script may not connect to it. dryRun reports whether writes are withheld.
	AllowAddress func(address string, dryRun bool) error
	// Journal, if set, returns the journal of calls with the option checkpoint, or nil
	// for none. The journal of all other calls is that of the run's context; see
	// planhat.WithJournal.
	Journal func(ctx context.Context, name string) (planhat.Journal, error)
	// AllowNet are the hosts that scripts reach with the module http, beside those that
	// they allow themselves in the comments at their top: api.example.com,
	// *.example.com, 10.0.0.5, 10.0.0.0/8, localhost, http://example.com, or * for all
	// public ones. Other addresses that are not public are refused.
	AllowNet []string
	// Stubs, if not nil, answer the requests of the module http, and none is sent.
	// Scripts add to them with http.stub.
	Stubs *Stubs
	// Transport, if set, wraps what sends the requests of all clients of Planhat and of the
	// module http. Offline says that it answers them: rates of other systems do not count,
	// and messages that no request carries, such as e-mails, are kept.
	Transport func(next http.RoundTripper) http.RoundTripper
	Offline   bool
	// RateWindow, if set, makes the windows of rates of other systems, to share them
	// between processes. It is called when a script needs one.
	RateWindow func(WindowUser) planhat.Window

	// Consent, if set, decides about each write before it is sent; a dry run sends none. Its
	// error ends the run, and scripts cannot catch it. If the error has a method ErrorHint,
	// its result is the hint of the run's error.
	Consent func(context.Context, ConsentRequest) error

	// Recorder, if set, returns what records the writes of a client before they are sent. The
	// account tells clients of different accounts apart.
	Recorder func(account string, of PlannedTenant) planhat.Recorder

	// DryRun withholds every write. Reads happen, and find what was written before in
	// the run. Writes are logged, counted and answered as Planhat would answer them.
	DryRun bool
	// MaxReadCalls is how many requests a dry run may spend to look up the records that
	// the script writes to; 0 is 100, negative is none.
	MaxReadCalls int
	// Step, if set, gets each step of a dry run, one at a time. It must not keep it.
	Step func(*PlannedStep)
	// Models are models that catalog.Declare made. Scripts get them by name from
	// planhat.model.
	Models []*catalog.Model
	// Judge, if set, sees each write to the configured account before it is sent or, in a
	// dry run, withheld. It must be safe for concurrent use.
	Judge func(context.Context, planhat.Write)
	// Strict makes a rejected row raise an error.
	Strict bool

	// Help configures the pages of the function help.
	Help HelpOptions

	// Sources, if set, is called with the path of every file that a run
	// compiles: the script, and what it requires. It returns the counter for
	// the file's lines, or nil.
	Sources func(path string) *Lines

	// Profile, if set, measures the time of each line of a run. Only one run at a time may
	// use it.
	Profile *Profile

	// Modules are additional modules written in Go. The members of a module
	// without a name are globals.
	Modules []*bindings.Module
	// LuaModules are additional modules written in Lua: source by name.
	LuaModules map[string]string
	// Values are Go values that scripts see as globals, through gopher-luar:
	// structs and pointers keep their methods.
	Values map[string]any

	// outLock and errLock are the locks of Stdout and Stderr.
	outLock, errLock *sync.Mutex
}

// Stubs answer HTTP requests in place of other systems; the zero value is ready.
// Runtimes can share them.
type Stubs = network.Stubs

// Progress is told about the calls of a run, and about what else takes long in it.
type Progress interface {
	planhat.ProgressObserver
	bindings.Progress
}

// Secrets is a set of values to hide; the zero value is ready. Add registers a
// value, Hold does until its result is called, String returns a text without
// them, Writer and Handler filter a stream and a log. It is safe for concurrent
// use.
type Secrets = redact.Secrets

// HelpOptions configure pages of help: the Width of a line, 80 if it is 0;
// whether Color is allowed; and how a reader Asks for another page, with %s for
// its name.
type HelpOptions = manual.PageOptions

// Lines counts how often the lines of a file are executed; the zero value is
// ready. Each visits the lines that have a statement, with their counts.
type Lines = compile.Lines

// Profile is where a run has spent its time; the zero value is ready. WriteText writes the
// lines that took longest, WriteProto all in the format of pprof.
type Profile = profile.Profile

// WindowUser says whose quota a window is for, and who uses it.
type WindowUser struct {
	// URL is the host, Token the token of the tenant.
	URL, Token string
	// Script is the first one to need it.
	Script string
	Spec   planhat.WindowSpec
}

// withDefaults fills in defaults.
func (o Options) withDefaults() (Options, error) {
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	o.outLock = &sync.Mutex{}
	o.errLock = o.outLock // they may be one writer
	if o.Secrets == nil {
		o.Secrets = &redact.Secrets{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	if o.MaxCallDepth == 0 {
		o.MaxCallDepth = DefaultMaxCallDepth
	}
	if o.MaxString == 0 {
		o.MaxString = DefaultMaxString
	}
	if o.WorkDir == "" {
		dir, err := os.Getwd()
		if err != nil {
			return o, err
		}
		o.WorkDir = dir
	}
	dir, err := filepath.Abs(o.WorkDir)
	o.WorkDir = dir
	return o, err
}
