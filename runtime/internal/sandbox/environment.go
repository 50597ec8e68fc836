package sandbox

import (
	"fmt"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Environment is a script's view of the environment: the variables that were
// declared for it, without those that hold a secret.
type Environment struct {
	Declared []string
	Get      func(name string) (string, bool)
	Secrets  *redact.Secrets
}

// Names lists the declared variables.
func (e *Environment) Names() []string { return slices.Sorted(slices.Values(e.Declared)) }

// Lookup returns a declared variable.
func (e *Environment) Lookup(name string) (string, bool, error) {
	if !slices.Contains(e.Declared, name) {
		return "", false, &undeclared{name, catalog.DidYouMean(name, e.Declared)}
	}
	value, ok := e.Get(name)
	if ok && e.Secrets.String(value) != value {
		return "", false, &secretVariable{name}
	}
	return value, ok, nil
}

// undeclared is the error for a variable that the script may not see.
type undeclared struct{ name, suggestion string }

func (e *undeclared) Error() string {
	return fmt.Sprintf("the environment variable %s is not declared for scripts%s: run with --allow-env=%s", e.name, e.suggestion, e.name)
}

// ErrorKind names the kind of the error for scripts.
func (e *undeclared) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *undeclared) ErrorHint() string { return "run with --allow-env=" + e.name }

// secretVariable is the error for a declared variable that holds a token, which
// scripts never see.
type secretVariable struct{ name string }

func (e *secretVariable) Error() string {
	return "the environment variable " + e.name + " holds a token, and scripts never see tokens"
}

// ErrorKind names the kind of the error for scripts.
func (e *secretVariable) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *secretVariable) ErrorHint() string {
	return "the planhat module uses the configured token by itself; require \"planhat\" is enough"
}
