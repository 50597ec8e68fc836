package run

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Params returns a script's parameters as a JSON object: those in the
// environment, and over them those of --param. It also returns the names of those that
// somebody wrote for this script, in its schedule or with --param.
func Params(env *environment.Env, flags []string) (object []byte, given []string, err error) {
	params := map[string]json.RawMessage{}
	if text, ok := env.Getenv(serve.ParamsVariable); ok && text != "" {
		if err := json.Unmarshal([]byte(text), &params); err != nil {
			return nil, nil, &usage.Error{Message: serve.ParamsVariable + " is not a JSON object", Hint: `write it like {"region": "eu"}`}
		}
		if schedule, _ := env.Getenv(serve.ScheduleVariable); schedule != "" {
			given = slices.Sorted(maps.Keys(params))
		}
	}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if ok && strings.TrimSpace(name) == "" {
			return nil, nil, &usage.Error{Message: "--param " + flag + " has no name", Hint: "write --param NAME=VALUE; the script reads it as params.NAME"}
		}
		if !ok {
			return nil, nil, &usage.Error{Message: "--param " + flag + " has no value", Hint: "write --param NAME=VALUE; the script reads it as params.NAME"}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, nil, err
		}
		params[name], given = text, append(given, name)
	}
	if len(params) == 0 {
		return nil, nil, nil
	}
	object, err = json.Marshal(params)
	return object, given, err
}
