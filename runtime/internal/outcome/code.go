// Package outcome says how a run ended: its exit code, and a summary of what it
// has done, for people and for other programs.
package outcome

import (
	"context"
	"errors"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
)

// The exit codes, as docs/errors.md lists them.
const (
	CodeDone        = 0
	CodeScript      = 1
	CodeUsage       = 2
	CodeRejected    = 3
	CodeAuth        = 4
	CodeLimit       = 5
	CodeInterrupted = 130
	CodeTerminated  = 143
)

// ErrInterrupted is the cause of a run that Ctrl-C ended.
var ErrInterrupted = errors.New("stopped by Ctrl-C or a termination signal")

// Code is the one place that maps the errors of runs to exit codes.
func Code(err error) int {
	var exit *runtime.ExitError
	var limit *runtime.LimitError
	switch {
	case err == nil:
		return CodeDone
	case errors.As(err, &exit):
		return exit.Code & 0xff // all that a process can tell
	case errors.Is(err, ErrInterrupted):
		return CodeInterrupted
	case errors.As(err, &limit), errors.Is(err, context.DeadlineExceeded):
		return CodeLimit
	}
	switch planhat.KindOf(err) {
	case planhat.KindConfig:
		return CodeUsage
	case planhat.KindAuth, planhat.KindPermission:
		return CodeAuth
	case planhat.KindTimeout, planhat.KindRateLimited:
		return CodeLimit
	case planhat.KindPartial:
		return CodeRejected
	}
	return CodeScript
}
