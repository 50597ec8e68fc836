package command

import (
	"errors"
	"fmt"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// The exit codes, as docs/errors.md lists them.
const (
	exitDone        = outcome.CodeDone
	exitScript      = outcome.CodeScript
	exitUsage       = outcome.CodeUsage
	exitInterrupted = outcome.CodeInterrupted
	exitTerminated  = 143
)

// usageError is a mistake on the command line.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// ErrorHint says what to do about it.
func (e *usageError) ErrorHint() string { return e.hint }

// finished carries the exit code of a run that has reported its end itself.
type finished struct{ code int }

func (f *finished) Error() string { return fmt.Sprintf("exit code %d", f.code) }

// exitCode maps errors to exit codes: those of the command line itself here,
// those of runs in package outcome.
func exitCode(err error) int {
	var done *finished
	var usage *usageError
	var settings *config.Error
	switch {
	case errors.As(err, &done):
		return done.code
	case errors.As(err, &usage), errors.As(err, &settings):
		return exitUsage
	}
	return outcome.Code(err)
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
