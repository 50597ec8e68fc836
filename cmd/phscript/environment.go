package main

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
)

// environment is everything outside the process. Only processEnvironment
// touches the real one, so that commands can run against another.
type environment struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	// stdoutTTY and stderrTTY tell whether a person reads the stream.
	stdoutTTY, stderrTTY bool
	getenv               func(string) (string, bool)
	readFile             func(string) ([]byte, error)
	dir                  string
	now                  func() time.Time
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
		getenv:    os.LookupEnv,
		readFile:  os.ReadFile,
		dir:       dir,
		now:       time.Now,
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

// color tells whether messages to people may be colored.
func (e *environment) color() bool { return e.stderrTTY && !e.noColor() }

// noColor tells whether the user wants none, as https://no-color.org has it.
func (e *environment) noColor() bool {
	v, ok := e.getenv("NO_COLOR")
	return ok && v != ""
}
