package runtime

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Defaults of Options.
const (
	DefaultMaxMemory    = 1 << 30
	DefaultMaxCallDepth = 16_000
	DefaultMaxString    = lualib.DefaultMaxString
)

// Options set a Runtime up. The zero value runs scripts that can compute and
// read files in the working directory, and whose output is thrown away.
type Options struct {
	// Stdin, Stdout and Stderr are the script's streams; nil is empty, or
	// discards. What a script waits for on Stdin when its run ends is read and
	// lost, unless Stdin has the method
	// ReadContext(ctx context.Context, p []byte) (int, error).
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Logger receives the script's log and the client's; nil discards it.
	// Secrets are redacted before they reach it.
	Logger *slog.Logger
	// Secrets redacts everything a run prints. Share one with whatever else
	// writes to the same streams; nil makes a new one.
	Secrets *Secrets

	// Env looks up an environment variable; EnvAllow are the names a script
	// may ask for.
	Env      func(name string) (string, bool)
	EnvAllow []string
	// Now and Location are the clock, by default the system's.
	Now      func() time.Time
	Location *time.Location

	// WorkDir is where relative file names start, by default the process's
	// working directory. Scripts read files under it, under their own folder,
	// and under ReadDirs and WriteDirs; they write under WriteDirs only.
	WorkDir             string
	ReadDirs, WriteDirs []string

	// ModuleDirs are absolute folders that require searches after the script's
	// own; they have to be readable.
	ModuleDirs []string

	// Timeout bounds a run; 0 is no bound.
	Timeout time.Duration
	// MaxMemory bounds the growth of the process's heap during a run, in
	// bytes: 0 is DefaultMaxMemory, negative is no bound. It is sampled, so a
	// run may pass it by what it allocates in a tenth of a second, and runs
	// at the same time count for each other. It protects the machine from a
	// script gone wrong; it is no defence against an attacker.
	MaxMemory int64
	// MaxCallDepth bounds nested calls, MaxString the bytes of one string that
	// the string library makes; 0 is the default.
	MaxCallDepth, MaxString int

	// Planhat configures the default client. Its Observer is told of every
	// attempt beside the run's own tally; its Gate is asked before DryRun is.
	// Without a Limiter, each tenant gets one that all runs of the Runtime
	// share.
	Planhat planhat.Config
	// Quota are the limits of the limiters that the Runtime makes.
	Quota planhat.LimiterConfig
	// Window, where set, makes the window of each tenant's minute quota, for
	// one that processes share. It is asked when a client is made.
	Window func(WindowUser) planhat.Window
	// Checkpoint, where set, finds where the checkpoint of a script is kept;
	// without it, checkpoints last as long as the Runtime.
	Checkpoint func(Script) bindings.CheckpointStore
	// DryRun withholds every write: reads happen, writes are logged and
	// counted.
	DryRun bool
	// Strict makes a rejected row raise an error.
	Strict bool

	// Help says how the function help sets its pages.
	Help HelpOptions

	// Sources, where set, is told the path of every file that a run compiles:
	// the script, and what it requires. It returns what is to count the
	// file's lines, or nil.
	Sources func(path string) *Lines

	// Modules are more modules written in Go, beside the built-in ones. The
	// members of one without a name are globals.
	Modules []*bindings.Module
	// LuaModules are more modules written in Lua: their source by name.
	LuaModules map[string]string
	// Values are Go values that scripts see as globals, through gopher-luar:
	// structs and pointers keep their methods.
	Values map[string]any
}

// Secrets is a growing set of values that are not shown; the zero value is
// ready. Add registers a value, String returns a text without them, Writer and
// Handler filter a stream and a log. It is safe for concurrent use.
type Secrets = redact.Secrets

// HelpOptions say how pages of help are set: the Width of a line, 80 if it is
// 0; whether Color is allowed; and how a reader Asks for another page, with %s
// in the place of its name.
type HelpOptions = manual.PageOptions

// Lines counts how often the lines of a file are executed; the zero value is
// ready. Each visits the lines that have a statement, with their counts.
type Lines = compile.Lines

// WindowUser says whose quota a window is for, and who spends it.
type WindowUser struct {
	// URL is the host, Token the token of the tenant.
	URL, Token string
	// Script is the one whose call needs it first.
	Script string
	Spec   planhat.WindowSpec
}

// withDefaults fills what was left out.
func (o Options) withDefaults() (Options, error) {
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
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
	if o.MaxMemory == 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	if o.MaxCallDepth <= 0 {
		o.MaxCallDepth = DefaultMaxCallDepth
	}
	if o.MaxString <= 0 {
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
