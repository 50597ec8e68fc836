package command

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/muesli/cancelreader"
	"golang.org/x/term"
)

// environment is everything outside the process. Only processEnvironment
// touches the real one, so that commands can run against another.
type environment struct {
	args []string
	// program is the file of the running program, environ its variables.
	program        func() (string, error)
	environ        func() []string
	stdin          io.Reader
	stdout, stderr io.Writer
	// stdinTTY tells whether a person writes to the stream, stdoutTTY and
	// stderrTTY whether one reads it.
	stdinTTY, stdoutTTY, stderrTTY bool
	// terminalSize returns the columns and rows that there are.
	terminalSize func() (width, height int, err error)
	getenv       func(string) (string, bool)
	// readConfig reads the configuration file.
	readFile, readConfig func(string) ([]byte, error)
	dir                  string
	now                  func() time.Time
	// processors is how many things can run at once.
	processors int
	// interrupts receives a value for each Ctrl-C; the function that comes
	// with it stops that.
	interrupts func() (<-chan os.Signal, func())
	// signals receives the named signals, in the same way.
	signals func(...os.Signal) (<-chan os.Signal, func())
	// keepTerminal notes how the terminal is set; what it returns sets it so
	// again.
	keepTerminal func() (restore func())
	// exit ends the process at once.
	exit func(code int)
}

func processEnvironment() *environment {
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
	return &environment{
		args: os.Args[1:], program: os.Executable, environ: os.Environ,
		stdin: stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdinTTY:     stdinTTY,
		stdoutTTY:    isatty.IsTerminal(os.Stdout.Fd()),
		stderrTTY:    isatty.IsTerminal(os.Stderr.Fd()),
		terminalSize: func() (int, int, error) { return term.GetSize(int(os.Stdout.Fd())) },
		getenv:       os.LookupEnv,
		readFile:     os.ReadFile,
		readConfig:   os.ReadFile,
		dir:          dir,
		now:          time.Now,
		processors:   runtime.GOMAXPROCS(0),
		interrupts:   func() (<-chan os.Signal, func()) { return notify(os.Interrupt, syscall.SIGTERM) },
		signals:      notify,
		keepTerminal: keepTerminal,
		exit:         os.Exit,
	}
}

// terminalInput reads from a terminal, in a way that can be given up: what is
// typed after that is for the next reader.
type terminalInput struct{ *os.File }

// ReadContext implements runtime.ContextReader.
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

// size returns functions that tell the terminal's size at each call, and these
// numbers where it is unknown.
func (e *environment) size(width, height int) (columns, rows func() int) {
	ask := func() (int, int) {
		if e.terminalSize == nil {
			return width, height
		}
		w, h, err := e.terminalSize()
		if err != nil || w < 1 || h < 1 {
			return width, height
		}
		return w, h
	}
	return func() int { w, _ := ask(); return w }, func() int { _, h := ask(); return h }
}

// path returns a file name as seen from the working directory.
func (e *environment) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.dir, name)
}

// onTerminal tells whether a person types and reads, so that there can be a
// prompt.
func (e *environment) onTerminal() bool { return e.stdinTTY && e.stdoutTTY }

// width is how long the lines of text for people may be: as COLUMNS says, or as
// the terminal is wide; 0 where neither is known.
func (e *environment) width() int {
	if v, ok := e.getenv("COLUMNS"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	columns, _ := e.size(0, 0)
	return columns()
}

// errClosedPipe is what a write fails with whose reader has gone.
var errClosedPipe = syscall.EPIPE

// stdoutColor tells whether what is printed for people may be colored.
func (e *environment) stdoutColor() bool { return e.mayColor(e.stdoutTTY) }

// color tells whether messages to people may be colored.
func (e *environment) color() bool { return e.mayColor(e.stderrTTY) }

func (e *environment) mayColor(tty bool) bool {
	if v, ok := e.getenv("NO_COLOR"); ok && v != "" {
		return false
	}
	return tty
}
