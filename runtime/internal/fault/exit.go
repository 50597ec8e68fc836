package fault

import "fmt"

// The exit codes of phscript, as docs/errors.md lists them.
const (
	ExitDone     = 0
	ExitScript   = 1
	ExitUsage    = 2
	ExitRejected = 3
	ExitAuth     = 4
	ExitLimit    = 5
	// ExitInterrupted and ExitTerminated are those of a program that a signal
	// ended, as shells report them: 128 plus SIGINT or SIGTERM.
	ExitInterrupted = 130
	ExitTerminated  = 143
)

// Exiter is an error that decides the exit code of the process that it ends.
// outcome.Code finds it with errors.As.
type Exiter interface {
	error
	ExitCode() int
}

// ErrInterrupted is the cause of a run that Ctrl-C ended.
var ErrInterrupted error = interrupted{}

type interrupted struct{}

func (interrupted) Error() string { return "stopped by Ctrl-C or a termination signal" }

func (interrupted) ExitCode() int { return ExitInterrupted }

// ExitError is how a run ends by os.exit with a code other than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("the script exited with code %d", e.Code) }

// ExitCode returns the code, or 255 if a process cannot report it: its last eight
// bits may be 0, which would make a failure a success.
func (e *ExitError) ExitCode() int {
	if e.Code < 0 || e.Code > 255 {
		return 255
	}
	return e.Code
}
