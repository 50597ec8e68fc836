// Package environment holds everything outside the process in one value, so
// that the whole command line can run in a test, beside others, against another
// one.
package environment

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/phscript/phscript/runtime/internal/keyring"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// Env is everything outside the process. Only OfProcess touches the real one.
type Env struct {
	Args []string
	// Version is that of phscript.
	Version string
	// Program returns the file of the running program, Environ its variables.
	Program        func() (string, error)
	Environ        func() []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// screen is the terminal itself, if Stdout is one, and errScreen if Stderr is one.
	screen, errScreen io.Writer
	// StdinTTY reports whether a person types at standard input, StdoutTTY and
	// StderrTTY whether one reads the stream.
	StdinTTY, StdoutTTY, StderrTTY bool
	// StdoutPipe reports whether another program reads the output.
	StdoutPipe bool
	// TerminalSize returns the terminal's columns and rows, ErrorSize those of the terminal
	// of Stderr.
	TerminalSize, ErrorSize func() (width, height int, err error)
	Getenv                  func(string) (string, bool)
	// Keyring is the keyring of the system, nil if there is none.
	Keyring *keyring.Keyring
	// Trust says which files and folders are trusted.
	Trust trust.Rules
	// ReadConfig reads the configuration file, if it is trusted.
	ReadFile, ReadConfig func(string) ([]byte, error)
	// LogMark begins each JSON record of the log, if it is set: whoever reads it knows
	// that the script did not write it.
	LogMark string
	// Dir is the working directory.
	Dir string
	Now func() time.Time
	// User returns the name of the account that runs the program.
	User func() string
	// Processors is how many things can run at once.
	Processors int
	// Interrupts receives a value for each Ctrl-C or termination signal; call the
	// function to stop receiving.
	Interrupts func() (<-chan os.Signal, func())
	// Signals receives the given signals, in the same way.
	Signals func(...os.Signal) (<-chan os.Signal, func())
	// KeepTerminal saves the terminal's settings; call restore to set them again.
	KeepTerminal func() (restore func())
	// ReadSecret reads a line from the terminal without showing it. When ctx ends, it sets the
	// terminal as it was and returns the cause.
	ReadSecret func(ctx context.Context) (string, error)
	// Browse opens an address in the user's browser, so that other users of the machine cannot see
	// it. It is nil if nobody would see the browser. forget removes what this needed.
	Browse func(url string) (forget func(), err error)
	// Exit ends the process at once.
	Exit func(code int)
}

// ErrClosedPipe is the error of a write whose reader has gone.
var ErrClosedPipe = syscall.EPIPE

// Size returns functions that return the terminal's size at each call, or width
// and height if it is unknown.
func (e *Env) Size(width, height int) (columns, rows func() int) {
	ask := func() (int, int) {
		if e.TerminalSize == nil {
			return width, height
		}
		w, h, err := e.TerminalSize()
		if err != nil || w < 1 || h < 1 {
			return width, height
		}
		return w, h
	}
	return func() int { w, _ := ask(); return w }, func() int { _, h := ask(); return h }
}

// Path returns a file name as seen from the working directory.
func (e *Env) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}

// IsFile reports whether a name is that of an existing file.
func (e *Env) IsFile(name string) bool {
	info, err := os.Stat(e.Path(name))
	return err == nil && !info.IsDir()
}

// IsDir reports whether a name is that of an existing folder.
func (e *Env) IsDir(name string) bool {
	info, err := os.Stat(e.Path(name))
	return err == nil && info.IsDir()
}

// Names returns the names in a folder, or nil if it cannot be read.
func (e *Env) Names(dir string) (names []string) {
	entries, err := os.ReadDir(e.Path(dir))
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// Screen returns standard output for those who draw on a terminal: Stdout shows most control
// characters there, as display.Terminal says.
func (e *Env) Screen() io.Writer {
	if e.screen == nil {
		return e.Stdout
	}
	return e.screen
}

// ErrScreen is Screen for Stderr.
func (e *Env) ErrScreen() io.Writer {
	if e.errScreen == nil {
		return e.Stderr
	}
	return e.errScreen
}

// OnTerminal reports whether a person types and reads, so that there can be a
// prompt.
func (e *Env) OnTerminal() bool { return e.StdinTTY && e.StdoutTTY }

// Width returns the longest line of text for people: COLUMNS, or the terminal's
// width, or 0 if neither is known.
func (e *Env) Width() int {
	if v, ok := e.Getenv("COLUMNS"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	columns, _ := e.Size(0, 0)
	return columns()
}

// StdoutColor reports whether what is printed for people may be colored.
func (e *Env) StdoutColor() bool { return e.mayColor(e.StdoutTTY) }

// StderrColor reports whether messages to people may be colored.
func (e *Env) StderrColor() bool { return e.mayColor(e.StderrTTY) }

func (e *Env) mayColor(tty bool) bool {
	if v, ok := e.Getenv("NO_COLOR"); ok && v != "" {
		return false
	}
	return tty && !e.Dumb()
}

// Dumb reports whether the terminal knows neither colors nor movements of the cursor.
func (e *Env) Dumb() bool {
	term, _ := e.Getenv("TERM")
	return term == "dumb"
}
