package environment

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/keyring"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// OfProcess returns the environment of this process.
func OfProcess() *Env {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	// A reader that ends, such as head, then makes a write fail, and the run is
	// closed and reported as after any other failure.
	signal.Ignore(syscall.SIGPIPE)
	var stdin io.Reader = os.Stdin
	stdinTTY := isatty.IsTerminal(os.Stdin.Fd())
	if stdinTTY {
		stdin = terminalInput{os.Stdin}
	}
	rules := trust.Current(os.LookupEnv)
	e := &Env{
		Args: os.Args[1:], Version: version(), Program: ownFile, Environ: os.Environ,
		Stdin: stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY:     stdinTTY,
		StdoutTTY:    isatty.IsTerminal(os.Stdout.Fd()),
		StderrTTY:    isatty.IsTerminal(os.Stderr.Fd()),
		TerminalSize: func() (int, int, error) { return term.GetSize(int(os.Stdout.Fd())) },
		ErrorSize:    func() (int, int, error) { return term.GetSize(int(os.Stderr.Fd())) },
		StdoutPipe:   isPipe(os.Stdout),
		Getenv:       os.LookupEnv,
		Keyring:      keyring.System(os.LookupEnv, exists),
		ReadFile:     sourcefile.Wait,
		Trust:        rules,
		ReadConfig:   rules.ReadFile,
		Dir:          dir,
		Now:          time.Now,
		User:         userName,
		Processors:   runtime.GOMAXPROCS(0),
		Interrupts:   interrupts,
		Signals:      notify,
		KeepTerminal: keepTerminal,
		ReadSecret:   readSecret,
		Browse:       browse(os.LookupEnv),
		Exit:         os.Exit,
	}
	if e.StdoutTTY {
		e.screen, e.Stdout = os.Stdout, display.Terminal(os.Stdout)
	}
	if e.StderrTTY {
		e.errScreen, e.Stderr = os.Stderr, display.Terminal(os.Stderr)
	}
	return e
}

// userName falls back on the number of the account: in containers, it often has no name.
func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "user " + strconv.Itoa(os.Getuid())
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// runningFile is how Linux names the file of the running program, also if it was
// deleted.
const runningFile = "/proc/self/exe"

// ownFile returns the file of the running program. The folder of an old release may be
// gone. Only the environment of the process falls back on the running program: what
// starts a program that it was given must never start itself instead.
func ownFile() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(runningFile); err == nil {
			return runningFile, nil
		}
	}
	return path, nil
}

// ReaderGone reports whether an error is that of a write to standard output whose reader, such
// as a pager, has ended.
func ReaderGone(err error) bool {
	failed, ok := errors.AsType[*os.PathError](err)
	return ok && failed.Path == os.Stdout.Name() && errors.Is(failed.Err, ErrClosedPipe)
}

// version returns the module's version as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

// terminalInput reads from a terminal. A read can be cancelled; what is typed
// after that is for the next reader.
type terminalInput struct{ *os.File }

// ReadContext reads until ctx ends, as runtime.Options.Stdin describes.
func (t terminalInput) ReadContext(ctx context.Context, p []byte) (int, error) {
	r, err := cancelreader.NewReader(t.File)
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { r.Cancel() })()
	n, err := r.Read(p)
	if errors.Is(err, cancelreader.ErrCanceled) {
		err = context.Cause(ctx)
	}
	return n, errors.Join(err, r.Close())
}

// interrupts receives Ctrl-C, termination signals, and the end of the terminal, unless
// nohup ignores it. That counts once: both the system and a shell may report it, and a
// second interrupt would end a run without its summary.
func interrupts() (<-chan os.Signal, func()) {
	c, hangup, ended := make(chan os.Signal, 3), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangup, syscall.SIGHUP)
	}
	go func() {
		select {
		case s := <-hangup:
			c <- s
		case <-ended:
		}
	}()
	return c, func() {
		signal.Stop(c)
		signal.Stop(hangup)
		close(ended)
	}
}

func notify(which ...os.Signal) (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, which...)
	return c, func() { signal.Stop(c) }
}

func keepTerminal() (restore func()) {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(fd, state) }
}

func readSecret(ctx context.Context) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	var line []byte
	read := make(chan error, 1)
	go func() {
		var err error
		line, err = term.ReadPassword(fd)
		read <- err
	}()
	select {
	case err := <-read:
		return string(line), err
	case <-ctx.Done():
	}
	// It may only now be about to hide what is typed, which would undo what follows.
	for range 100 {
		if now, err := term.GetState(fd); err != nil || *now != *state {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return "", errors.Join(context.Cause(ctx), term.Restore(fd, state))
}
