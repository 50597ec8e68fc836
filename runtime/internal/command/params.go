package command

import (
	"encoding/json"
	"strings"

	"github.com/phscript/phscript/runtime/internal/serve"
)

// scriptParams returns a script's parameters as a JSON object: those in the
// environment, which a schedule puts there, and over them those of --param.
func scriptParams(env *environment, flags []string) ([]byte, error) {
	params := map[string]json.RawMessage{}
	if text, ok := env.getenv(serve.ParamsVariable); ok && text != "" {
		if err := json.Unmarshal([]byte(text), &params); err != nil {
			return nil, &usageError{message: serve.ParamsVariable + " holds no JSON object", hint: `it is written {"region": "eu"}`}
		}
	}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || name == "" {
			return nil, &usageError{message: "--param " + flag + " has no value", hint: "write --param NAME=VALUE; the script finds it as params.NAME"}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		params[name] = text
	}
	if len(params) == 0 {
		return nil, nil
	}
	return json.Marshal(params)
}
