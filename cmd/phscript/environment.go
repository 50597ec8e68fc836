package main

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// environment is everything outside the process. Only processEnvironment
// touches the real one, so that commands can run against another.
type environment struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	// stdoutTTY and stderrTTY tell whether a person reads the stream.
	stdoutTTY, stderrTTY bool
	// terminalWidth is the width of the terminal that standard output is, or 0.
	terminalWidth func() int
	getenv        func(string) (string, bool)
	readFile      func(string) ([]byte, error)
	dir           string
	now           func() time.Time
	// interrupts receives a value for each Ctrl-C; the function that comes
	// with it stops that.
	interrupts func() (<-chan os.Signal, func())
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
	return &environment{
		args:  os.Args[1:],
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdoutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		stderrTTY: isatty.IsTerminal(os.Stderr.Fd()),
		terminalWidth: func() int {
			width, _, err := term.GetSize(int(os.Stdout.Fd()))
			if err != nil {
				return 0
			}
			return width
		},
		getenv:   os.LookupEnv,
		readFile: os.ReadFile,
		dir:      dir,
		now:      time.Now,
		interrupts: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 2)
			signal.Notify(c, os.Interrupt, syscall.SIGTERM)
			return c, func() { signal.Stop(c) }
		},
		exit: os.Exit,
	}
}

// path returns a file name as seen from the working directory.
func (e *environment) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.dir, name)
}

// width is how long the lines of text for people may be: as COLUMNS says, or as
// the terminal is wide; 0 where neither is known.
func (e *environment) width() int {
	if v, ok := e.getenv("COLUMNS"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	if e.terminalWidth == nil {
		return 0
	}
	return e.terminalWidth()
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
