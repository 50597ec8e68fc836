package bindings

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/http"
	"path"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/counted"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Host is everything outside the script, in the parts that modules ask for. It
// needs the parts that its modules use; the others may be nil. A host serves
// one run and is used by one goroutine at a time.
//
// A refusal is an [ErrorKinder] of kind "permission" whose text says what was
// refused and which flag allows it.
type Host struct {
	Files   Files
	Env     Environment
	Log     Logger
	Clock   Clock
	Clients Clients
	Network Network
	// Models are declared models, from catalog.Declare, that scripts get from
	// planhat.model by their name alone.
	Models []*catalog.Model
	// Checkpoint keeps how far the script came.
	Checkpoint CheckpointStore
	// State keeps values between runs.
	State StateStore
	// Tokens keeps tokens of other systems between runs.
	Tokens TokenStore
	// PrivateKey reads a private key that only modules use, not scripts: from a file or, if
	// file is empty, from an environment variable.
	PrivateKey func(ctx context.Context, file, variable string) ([]byte, error)
	// Tell shows a line to the person at the terminal; nil if nobody is there.
	Tell func(line string)
	// Progress shows how far the script is; nil shows nothing.
	Progress Progress
	// Journal, if set, returns the journal of calls with the option checkpoint, or nil
	// for none.
	Journal func(ctx context.Context, name string) (planhat.Journal, error)
	// Rejects takes the rows that the script rejects.
	Rejects Rejections
	// Events are the events of a webhook that the run handles; nil if it handles none.
	Events Events
	// Outbox sends messages to other systems later; nil if nothing does.
	Outbox Outbox
	// Strict makes a rejected row raise an error.
	Strict bool
	// MaxString is the most bytes that a text may have that a module reads or makes;
	// 0 is no limit.
	MaxString int
	// Call calls a function of the script and returns its results, or the
	// error that it raised. The end of the run is raised, not returned.
	Call func(L *lua.LState, fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error)
	// Threads lets functions of the script wait at the same time; nil runs them one after
	// another.
	Threads Threads
	// Calling, if set, returns the context of a call that the script makes, given the run's.
	Calling func(context.Context, *lua.LState) context.Context
	// Panicked is told when a function of a module panics. It should end the
	// run: a script must not continue with a half-finished state. Without
	// it, panics pass.
	Panicked func(L *lua.LState, value any)
	// RaisedText is told the error that was raised as text, so that it can be
	// found when nobody catches it.
	RaisedText func(L *lua.LState, text string, err error)
}

// mostText returns MaxString, or the largest number if there is no limit.
func (h *Host) mostText() int { return cmp.Or(h.MaxString, math.MaxInt) }

// Threads run functions of a script on several goroutines, one at a time: another one
// runs while one waits.
type Threads interface {
	// Wait calls a function that waits for something, such as a response. It must not use
	// values of Lua, and nothing else that belongs to the state, except in the functions
	// that it passes to its Turn. L is the thread that runs.
	Wait(L *lua.LState, wait func(Turn))
	// Run calls work on as many new threads of L's state at once, or on fewer if there are
	// many, and returns when all have ended. work must not raise errors, except those that end the run.
	Run(L *lua.LState, threads int, work func(L *lua.LState)) error
	// Keep is called after Call returned an error of a thread that Run made. The function
	// that it returns makes the calls that led to the error those of another one, which is
	// about to be raised in its place.
	Keep(L *lua.LState, raised lua.LValue) (as func(other lua.LValue))
}

// Turn calls a function that may use the Lua state in the middle of a wait. A nil Turn
// just calls it.
type Turn func(use func())

// Take calls the function.
func (t Turn) Take(use func()) {
	if t == nil {
		use()
		return
	}
	t(use)
}

// Wait calls a function that waits for something, as Threads.Wait says. Unless the script
// waits for several things at once, it just calls it.
func (h *Host) Wait(L *lua.LState, wait func(Turn)) {
	if h == nil || h.Threads == nil {
		wait(nil)
		return
	}
	h.Threads.Wait(L, wait)
}

// waiting returns what a call returns that waits for Planhat and does not use the Lua
// state.
func waiting[T any](h *Host, L *lua.LState, call func() (T, error)) (v T, err error) {
	h.Wait(L, func(Turn) { v, err = call() })
	return v, err
}

// Files are the files that a script may use.
type Files interface {
	OpenRead(name string) (io.ReadCloser, error)
	// OpenWrite opens a file for writing. A file that is written anew appears
	// under its name when it is closed, so that a run that ends halfway leaves
	// no half-written file.
	OpenWrite(name string, appendTo bool) (io.WriteCloser, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// MkdirAll, Remove and Rename need the permission to write.
	MkdirAll(name string) error
	Remove(name string) error
	Rename(from, to string) error
}

// Environment holds the environment variables that a script may read.
type Environment interface {
	// Lookup returns a variable. It fails if the name was not declared for
	// scripts or the value is a token.
	Lookup(name string) (value string, ok bool, err error)
	// Names lists the declared names.
	Names() []string
}

// Logger takes the script's log.
type Logger interface {
	Write(ctx context.Context, level slog.Level, message string, fields []slog.Attr)
	// WarnOnce logs a warning, once per key.
	WarnOnce(ctx context.Context, key, message string)
}

// Clock is the run's time and time zone.
type Clock interface {
	Now() time.Time
	Location() *time.Location
}

// Clients makes Planhat clients.
type Clients interface {
	// Default returns the client of the configuration, always the same one.
	// Without a token it fails with an error that says how to get one.
	Default(ctx context.Context) (*planhat.Client, error)
	// New makes another client; empty options are taken from the
	// configuration. It shares the quota with every client of its token, and
	// its tokens never show in what the run prints or logs.
	New(ctx context.Context, o ClientOptions) (*planhat.Client, error)
}

// ClientOptions are the settings a script may give to planhat.new.
type ClientOptions struct {
	APIToken, TenantToken, APIURL, AnalyticsURL string
	// CallsPerMinute is 0 for the configured quota.
	CallsPerMinute int
}

// StateStore keeps values between runs, as JSON, in spaces of keys. It is safe for
// concurrent use.
type StateStore interface {
	// Own is the space of the script itself.
	Own() string
	// Get returns a value and its version, which each change changes; nil if there is
	// none.
	Get(ctx context.Context, space, key string) (value []byte, version int64, err error)
	// Set makes all changes, or none if one of them fails. ErrChanged says that a key has
	// another version.
	Set(ctx context.Context, space string, changes []StateChange) error
	// Keys returns the keys in alphabetical order.
	Keys(ctx context.Context, space string) ([]string, error)
}

// StateChange is a new value of a key, nil to delete it.
type StateChange struct {
	Key   string
	Value []byte
	// Version, if set, is what the key must have; 0 means that it must not exist.
	Version *int64
}

// ErrChanged is the error of StateStore.Set about a key with another version.
var ErrChanged = errors.New("the value was changed meanwhile")

// TokenStore keeps tokens of other systems between runs. Its values are encrypted by
// those who store them. It is safe for concurrent use.
type TokenStore interface {
	// Key is a key that only the user of the store has, for tokens that nothing else
	// protects.
	Key() ([]byte, error)
	// Load returns what is stored under a name, nil if nothing is.
	Load(ctx context.Context, name string) ([]byte, error)
	// TryLock also locks the name, in all processes that share the store, until release
	// is called or the lease ends. release is nil if somebody else has locked it.
	TryLock(ctx context.Context, name string, lease time.Duration) (value []byte, release func(), err error)
	// Replace stores a value in place of old, which is nil for none. It reports false if
	// another value is there.
	Replace(ctx context.Context, name string, old, value []byte) (bool, error)
}

// Network sends HTTP requests to other systems. It is safe for concurrent use.
type Network interface {
	// Send sends a request and returns the response, whose body the caller closes. It
	// follows redirects, except 301 and 302 of other methods than GET and HEAD, and refuses
	// hosts that the script may not reach. reads says that the request changes nothing,
	// whatever its method. In a dry run, another one is recorded but not sent, and the
	// error is ErrWithheld. An error after a redirect is a RedirectError. A net.OpError
	// about dialing says that nothing was sent.
	Send(req *http.Request, reads bool) (*http.Response, error)
	// Limit returns the limiter of a rate. Everything that names the same host, account
	// and rate shares it, in all processes that share the run's store.
	Limit(host, account string, rate Rate) Limiter
	// Hide keeps a secret out of what the run prints and logs.
	Hide(secret string)
	// Stub answers matching requests from now on. It fails unless stubs answer all
	// requests of the run. Seen returns the requests that they have answered.
	Stub(s Stub) error
	Seen() []SeenRequest
	// Dial connects to a port of a host, which it refuses as Send does.
	Dial(ctx context.Context, host string, port int) (net.Conn, error)
	// Hold keeps a message that is not to be sent, in a dry run and where stubs answer
	// requests, and reports whether it did. It fails for a host that the script may not
	// reach. Held returns the messages that it kept.
	Hold(ctx context.Context, m Message) (bool, error)
	Held() []Message
	// Stubbed reports whether stubs answer all requests.
	Stubbed() bool
}

// Message is a message to people.
type Message struct {
	// Kind is slack, teams, email or webhook. Host and Port are those of the system that delivers
	// it.
	Kind, Host string
	Port       int
	From       string
	// To are the addresses of all recipients.
	To                  []string
	Subject, Text, HTML string
	// Attachments are the names of files.
	Attachments []string
	// Payload is what a chat gets, as JSON.
	Payload []byte
}

// ErrWithheld is the error of Network.Send about a request that a dry run does not
// send.
var ErrWithheld = errors.New("not sent: this is a dry run")

// RedirectError is an error of Network.Send after a service had responded with a redirect:
// the request may have been carried out, whatever failed then.
type RedirectError struct {
	// From is the host that redirected, and To the host where it redirected to.
	From, To string
	Err      error
}

func (e *RedirectError) Error() string { return e.Err.Error() }

func (e *RedirectError) Unwrap() error { return e.Err }

// Rate is how many calls another system accepts.
type Rate struct {
	Calls int
	Every time.Duration
	// Class names the calls that it counts, "" for all.
	Class string
}

// Limiter keeps calls within a rate.
type Limiter interface {
	// Acquire waits until a call may start, and returns the function that ends it.
	Acquire(ctx context.Context) (release func(), err error)
	// Block lets no call start for a while, in all processes that share the limiter.
	Block(ctx context.Context, d time.Duration) error
}

// Stub is an answer in place of another system's.
type Stub struct {
	// Method is "" for any. A * in URL matches any text without a slash.
	Method, URL string
	Status      int
	Header      http.Header
	Body        []byte
	// Failure, if set, is the error of the connection in place of an answer.
	Failure string
	// Times is how many requests it answers, 0 for all.
	Times int
}

// SeenRequest is a request that a stub answered.
type SeenRequest struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// Progress shows people how far a run is. It is safe for concurrent use.
type Progress interface {
	// Begin shows a task until it ends.
	Begin(Task) Tracker
}

// Task is something that takes long.
type Task struct {
	Name string
	// Total is how many items it has, 0 if that is not known.
	Total int64
	// Unit is what the items are called, such as TaskRows; with TaskBytes, they are shown as
	// the size of a file.
	Unit string
}

// Units of tasks.
const (
	TaskItems   = "items"
	TaskRows    = "rows"
	TaskRecords = "records"
	TaskBytes   = "bytes"
)

// Tracker is told how far a task is.
type Tracker interface {
	// Add counts more items as done, Set sets how many are.
	Add(n int64)
	Set(done int64)
	Total(n int64)
	// Note sets a short text, such as the name of the item.
	Note(text string)
	// End ends the task. Nothing happens after that.
	End()
}

// largeFile is how large files are whose reading is shown as progress, in bytes.
const largeFile = 1 << 20

// watched shows how far the reading of a file is, if it is large.
func (h *Host) watched(f io.ReadCloser, name string) io.ReadCloser {
	if h.Progress == nil {
		return f
	}
	info, err := h.Files.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() < largeFile {
		return f
	}
	task := h.Progress.Begin(Task{Name: path.Base(filepath.ToSlash(name)), Total: info.Size(), Unit: TaskBytes})
	return counted.File(f, task.Add, task.End)
}
