package bindings

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// Host is what the modules ask for everything outside the script. The runtime
// implements it; a host serves one run and is used by one goroutine at a time.
//
// Refusals are returned as errors whose text says what was refused and which
// flag allows it.
type Host interface {
	// OpenRead opens a file for reading, within the sandbox.
	OpenRead(name string) (io.ReadCloser, error)
	// OpenWrite opens a file for writing, where writing is allowed. A file
	// that is written anew appears under its name when it is closed, so that
	// a run that ends halfway leaves no half-written file.
	OpenWrite(name string, appendTo bool) (io.WriteCloser, error)
	// Stat, ReadDir, MkdirAll, Remove and Rename work on files within the
	// sandbox; the last three need the permission to write.
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	MkdirAll(name string) error
	Remove(name string) error
	Rename(from, to string) error

	// Getenv returns an environment variable that was declared for scripts.
	// A name that was not declared is an error; tokens never are.
	Getenv(name string) (value string, ok bool, err error)
	// EnvNames lists the declared names.
	EnvNames() []string

	// Log writes one line of the script's log.
	Log(ctx context.Context, level slog.Level, message string, fields []slog.Attr)
	// Warn reports something doubtful that is no error, once per key.
	Warn(ctx context.Context, key, message string)
	// AddSecret makes sure that a value never shows in a log or an error.
	AddSecret(value string)

	// Checkpoint keeps how far the script came.
	Checkpoint() CheckpointStore

	// Now and Location are the run's clock.
	Now() time.Time
	Location() *time.Location

	// Client returns the default Planhat client, made from the configuration
	// when it is first asked for. Without a token it is an error that says
	// how to get one.
	Client() (*planhat.Client, error)
	// NewClient makes another one; empty fields are taken from the
	// configuration. It shares the quota with every client of its token.
	NewClient(ClientOptions) (*planhat.Client, error)
	// Call calls a function of the script and returns its results, or the
	// error that it raised. The end of the run is not an error that it
	// returns: that is raised on.
	Call(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error)
	// Strict says that a rejected row raises.
	Strict() bool
}

// ClientOptions are the settings a script may give to planhat.new.
type ClientOptions struct {
	APIToken, TenantToken, APIURL, AnalyticsURL string
	// CallsPerMinute is 0 for the configured quota.
	CallsPerMinute int
}
