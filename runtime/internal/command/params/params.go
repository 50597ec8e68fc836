// Package params finds out the parameters of a script: from flags, variables and what a
// person types.
package params

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Given is what the command line says.
type Given struct {
	// Params are the values of --param, Flags those of flags that Declare added.
	Params []string
	Flags  *Flags
	// Args are the arguments of the script. Known reports whether a flag among them is one
	// of the command.
	Args  []string
	Known func(flag string) bool
	// Rest, if set, checks and returns the arguments that are left, before anybody is asked.
	Rest func(args []string) ([]string, error)
	// Reserved are flags of the command that must not be taken for those of the script.
	Reserved []string
	// Silent asks nothing, and allows that required parameters are missing: the script does
	// not run.
	Silent bool
}

// Values are the parameters of a script.
type Values struct {
	Header *header.Header
	// Args are the arguments that are not flags of parameters.
	Args []string
	// Named are the names of those that somebody wrote for this script.
	Named []string

	values map[string]json.RawMessage
}

// Of returns the parameters of a script. On a terminal, it asks for those that are missing. A
// mistake in the script's header is left to its compilation.
func Of(env *environment.Env, script runtime.Script, given Given) (*Values, error) {
	says, wrong := header.Read(script.Source)
	if wrong != nil {
		says = &header.Header{}
	}
	v := &Values{Header: says}
	values, scheduled, err := v.fromEnvironment(env)
	if err != nil {
		return nil, err
	}
	named, err := FromFlags(given.Params)
	if err != nil {
		return nil, err
	}
	known := given.Known
	if known == nil {
		known = func(string) bool { return false }
	}
	flags, rest, err := says.Flags(given.Args, known, func(flag string) bool { return slices.Contains(given.Reserved, flag) })
	if err != nil {
		return nil, err
	}
	if given.Rest != nil {
		if rest, err = given.Rest(rest); err != nil {
			return nil, err
		}
	}
	if given.Flags != nil {
		if p := given.Flags.clash(); p != nil {
			return nil, header.Ambiguous(p)
		}
		maps.Copy(named, given.Flags.values)
	}
	maps.Copy(named, flags)
	maps.Copy(values, named)
	v.Args, v.Named = rest, append(v.Named, header.Names(named)...)
	slices.Sort(v.Named)
	v.Named = slices.Compact(v.Named)
	bound, failed := says.Bind(values, v.Named)
	if failed != nil && failed.Missing && !given.Silent && env.StdinTTY && env.StderrTTY && !scheduled {
		v.values = bound
		if err := v.checkFiles(env); err != nil {
			return nil, err
		}
		if err := ask(env, says, values); err != nil {
			return nil, err
		}
		bound, failed = says.Bind(values, v.Named)
	}
	if given.Silent && failed != nil && failed.Missing {
		failed = nil
	}
	if failed != nil {
		if scheduled && failed.Missing && !failed.Param.Secret {
			failed.Hint = "add it to params of the schedule"
		}
		return nil, failed
	}
	v.values = bound
	if given.Silent {
		v.Args = withoutMark(v.Args)
		return v, nil
	}
	return v, v.checkFiles(env)
}

// withoutMark removes the first -- of arguments.
func withoutMark(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return slices.Delete(slices.Clone(args), i, i+1)
	}
	return args
}

// fromEnvironment returns the parameters in the environment: one JSON object, and a variable for
// each that the script declares. scheduled reports whether they are those of a schedule.
func (v *Values) fromEnvironment(env *environment.Env) (values map[string]json.RawMessage, scheduled bool, err error) {
	values = map[string]json.RawMessage{}
	if text, ok := env.Getenv(serve.ParamsVariable); ok && text != "" {
		if err := json.Unmarshal([]byte(text), &values); err != nil || values == nil {
			return nil, false, &usage.Error{Message: serve.ParamsVariable + " is not a JSON object", Hint: `write it like {"region": "eu"}`}
		}
	}
	_, scheduled = env.Getenv(serve.RunVariable)
	if schedule, _ := env.Getenv(serve.ScheduleVariable); schedule != "" {
		v.Named = header.Names(values)
	}
	for i := range v.Header.Params {
		p := &v.Header.Params[i]
		text, ok := env.Getenv(p.Variable())
		if _, given := values[p.Name]; given || !ok || text == "" {
			continue
		}
		parsed, err := p.Parse(text)
		if err != nil {
			wrong := p.Wrong(err)
			return nil, false, &usage.Error{Message: p.Variable() + ": " + wrong.Error(), Hint: wrong.Hint}
		}
		values[p.Name] = parsed
	}
	return values, scheduled, nil
}

// AddFlag adds the flag --param to a command.
func AddFlag(cmd *cobra.Command, into *[]string) {
	cmd.Flags().StringArrayVarP(into, "param", "p", nil, "Set the parameter `NAME=VALUE`, which the script reads as params.NAME")
}

// FromFlags returns the values of --param.
func FromFlags(flags []string) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if ok && strings.TrimSpace(name) == "" {
			return nil, &usage.Error{Message: "--param " + flag + " has no name", Hint: "write --param NAME=VALUE; the script reads it as params.NAME"}
		}
		if !ok {
			return nil, &usage.Error{Message: "--param " + flag + " has no value", Hint: "write --param NAME=VALUE; the script reads it as params.NAME"}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		values[name] = text
	}
	return values, nil
}

// checkFiles returns an error for a parameter that names a file that does not exist.
func (v *Values) checkFiles(env *environment.Env) error {
	for i := range v.Header.Params {
		p := &v.Header.Params[i]
		var name string
		if p.Type != header.File || v.values[p.Name] == nil || json.Unmarshal(v.values[p.Name], &name) != nil {
			continue
		}
		if err := missingFile(env, p, name); err != nil {
			return err
		}
	}
	return nil
}

func missingFile(env *environment.Env, p *header.Param, name string) error {
	switch {
	case env.IsDir(name):
		return p.Wrong(errors.New("must be a file, and " + name + " is a folder"))
	case !env.IsFile(name):
		wrong := p.Wrong(errors.New("names a file that does not exist: " + name))
		wrong.Hint = "paths are relative to the working directory, " + env.Dir
		return wrong
	}
	return nil
}

// Object returns the parameters as a script gets them, as a JSON object.
func (v *Values) Object() ([]byte, error) { return header.Object(v.values) }

// Keep keeps secret parameters out of everything that is printed.
func (v *Values) Keep(secrets *redact.Secrets) {
	for _, value := range v.Header.Secrets(v.values) {
		secrets.HoldOfScript(value)
	}
}

// Stored returns the parameters as they may be stored: secret ones as a hash with a key.
func (v *Values) Stored(key string) ([]byte, error) {
	return header.Object(v.Header.Hide(v.values, func(value string) string {
		sum := hmac.New(sha256.New, []byte(key))
		sum.Write([]byte(value))
		return "sha256 " + hex.EncodeToString(sum.Sum(nil))
	}))
}

// Secret reports whether a parameter is declared as a secret.
func (v *Values) Secret(name string) bool {
	p := v.Header.Param(name)
	return p != nil && p.Secret
}

// cause returns why ctx ended, or another error.
func cause(ctx context.Context, err error) error {
	if ended := context.Cause(ctx); ended != nil {
		return ended
	}
	return err
}
