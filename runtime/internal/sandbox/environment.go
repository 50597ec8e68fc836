package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/phscript/phscript/planhat/catalog"
)

// Environment is a script's view of the environment: the variables that are declared
// for it, except those that hold a secret.
type Environment struct {
	Declared []string
	Get      func(name string) (string, bool)
	// Missing, if set, says what to do about variables that are missing.
	Missing string
	// Hide takes secrets out of a text.
	Hide func(text string) string

	mu   sync.Mutex
	used map[string]bool
}

// Used lists the variables that were looked up.
func (e *Environment) Used() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.used))
}

// Advice returns Missing.
func (e *Environment) Advice() string { return e.Missing }

// Names lists the declared variables.
func (e *Environment) Names() []string { return slices.Sorted(slices.Values(e.Declared)) }

// Lookup returns a declared variable.
func (e *Environment) Lookup(name string) (string, bool, error) {
	value, ok, err := e.LookupKey(name)
	if err == nil && ok && strings.Contains(value, "PRIVATE KEY-----") {
		return "", false, &refusedVariable{
			"the environment variable " + name + " holds a private key, and scripts never see private keys",
			"pass the name of the variable to oauth2.jwt as key_variable",
		}
	}
	return value, ok, err
}

// LookupKey is Lookup for modules, which also use private keys.
func (e *Environment) LookupKey(name string) (string, bool, error) {
	if !slices.Contains(e.Declared, name) {
		if e.Missing != "" {
			return "", false, &refusedVariable{
				fmt.Sprintf("the environment variable %s is not declared for scripts%s", name, catalog.DidYouMean(name, e.Declared)), e.Missing,
			}
		}
		return "", false, &refusedVariable{
			fmt.Sprintf("the environment variable %s is not declared for scripts%s: run with --allow-env=%s", name, catalog.DidYouMean(name, e.Declared), name),
			"run with --allow-env=" + name,
		}
	}
	e.mu.Lock()
	if e.used == nil {
		e.used = map[string]bool{}
	}
	e.used[name] = true
	e.mu.Unlock()
	value, ok := e.Get(name)
	if ok && e.Hide(value) != value {
		return "", false, &refusedVariable{
			"the environment variable " + name + " holds a token, and scripts never see tokens",
			`the planhat module uses the configured token automatically; require "planhat" is enough`,
		}
	}
	return value, ok, nil
}

// refusedVariable is the error for a variable that the script may not see.
type refusedVariable struct{ message, hint string }

func (e *refusedVariable) Error() string { return e.message }

// ErrorKind names the kind of the error for scripts.
func (e *refusedVariable) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *refusedVariable) ErrorHint() string { return e.hint }
