package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/config"
)

// The exit codes, as docs/errors.md lists them.
const (
	exitDone        = 0
	exitScript      = 1
	exitUsage       = 2
	exitRejected    = 3
	exitAuth        = 4
	exitLimit       = 5
	exitInterrupted = 130
	exitTerminated  = 143
)

// usageError is a mistake on the command line.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// ErrorHint says what to do about it.
func (e *usageError) ErrorHint() string { return e.hint }

// errInterrupted is the cause of a run that Ctrl-C ended.
var errInterrupted = errors.New("stopped by Ctrl-C or a termination signal")

// finished carries the exit code of a run that has reported its end itself.
type finished struct{ code int }

func (f *finished) Error() string { return fmt.Sprintf("exit code %d", f.code) }

// exitCode is the one place that maps errors to exit codes.
func exitCode(err error) int {
	var done *finished
	var usage *usageError
	var settings *config.Error
	var exit *runtime.ExitError
	var limit *runtime.LimitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &done):
		return done.code
	case errors.As(err, &usage), errors.As(err, &settings):
		return exitUsage
	case errors.As(err, &exit):
		return exit.Code & 0xff // all that a process can tell
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &limit), errors.Is(err, context.DeadlineExceeded):
		return exitLimit
	}
	switch planhat.KindOf(err) {
	case planhat.KindConfig:
		return exitUsage
	case planhat.KindAuth, planhat.KindPermission:
		return exitAuth
	case planhat.KindTimeout, planhat.KindRateLimited:
		return exitLimit
	case planhat.KindPartial:
		return exitRejected
	}
	return exitScript
}

// report shows an error that no command has shown yet, and returns its code.
func report(env *environment, err error) int {
	code := exitCode(err)
	var done *finished
	if err == nil || errors.As(err, &done) {
		return code
	}
	showError(env, err)
	return code
}

// showError is the one place that shows an error to a person.
func showError(env *environment, err error) {
	var script *runtime.ScriptError
	if errors.As(err, &script) {
		_ = script.Render(env.stderr, env.color())
		return
	}
	fmt.Fprintln(env.stderr, "error:", err)
	var hinter interface{ ErrorHint() string }
	if errors.As(err, &hinter) && hinter.ErrorHint() != "" {
		fmt.Fprintln(env.stderr, "hint:", hinter.ErrorHint())
	}
}
