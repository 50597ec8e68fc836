package fault

import (
	"fmt"
	"os"
)

// The exit codes of phscript, as docs/errors.md lists them.
const (
	ExitDone     = 0
	ExitScript   = 1
	ExitUsage    = 2
	ExitRejected = 3
	ExitAuth     = 4
	ExitLimit    = 5
	// ExitStale ends the apply of a stale plan.
	ExitStale = 11
	// ExitNotConfirmed ends what nobody confirmed. Package consent decides that.
	ExitNotConfirmed = 12
	// ExitInterrupted and ExitTerminated are those of a program that a signal
	// ended, as shells report them: 128 plus SIGINT or SIGTERM. SIGHUP, the end of
	// the terminal, counts as SIGTERM.
	ExitInterrupted = 130
	ExitTerminated  = 143
)

// Exiter is an error that decides the exit code of the process that it ends.
// outcome.Code finds it with errors.As.
type Exiter interface {
	error
	ExitCode() int
}

// ErrInterrupted is the cause of a run that Ctrl-C ended, and is matched by the
// cause of a run that any signal ended.
var ErrInterrupted Exiter = interrupted{ExitInterrupted}

// StoppedBy returns the cause of what a signal ends.
func StoppedBy(s os.Signal) Exiter {
	if s == os.Interrupt {
		return ErrInterrupted
	}
	return interrupted{ExitTerminated}
}

type interrupted struct{ code int }

func (i interrupted) Error() string {
	if i.code == ExitTerminated {
		return "stopped by a termination signal"
	}
	return "stopped by Ctrl-C or a termination signal"
}

func (i interrupted) ExitCode() int { return i.code }

// Is reports whether target is ErrInterrupted.
func (interrupted) Is(target error) bool { return target == ErrInterrupted }

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
