package bindings

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Env returns the module env, which reads the variables that scripts may see.
func Env() *Module {
	name := Param{Name: "name", Type: "string", Doc: "The variable's name, such as `CRM_URL`."}
	return &Module{
		Name: "env",
		Doc: "Reads the environment variables that `--allow-env=NAME`, or `allow_env` in `phscript.toml`, lets scripts see. " +
			"Other variables are hidden, and Planhat tokens can never be read.",
		Funcs: []*Func{
			{
				Name: "get",
				Doc:  "Returns a variable's value, or a default if it is not set.",
				Params: []Param{name,
					{Name: "default", Type: "any", Optional: true, Doc: "The value to return if the variable is not set. Default: `nil`."}},
				Returns: []Return{{Type: "string|nil", Doc: "The value, or the default."}},
				Errors:  "With kind `permission` when scripts may not read the variable, or it holds a token.",
				Example: `local url = env.get("CRM_URL", "https://crm.example.com")`,
				Call: func(a *Args) (int, error) {
					value, ok, err := getenv(a.Host.Env, a.String(0))
					if err != nil {
						return 0, err
					}
					if !ok {
						return a.Push(a.Get(1))
					}
					return a.Push(lua.LString(value))
				},
			},
			{
				Name:    "require",
				Doc:     "Returns a variable's value, or raises an error if it is not set or empty.",
				Params:  []Param{name},
				Returns: []Return{{Type: "string", Doc: "The value."}},
				Errors:  "With kind `config` when the variable is not set or empty, and with kind `permission` when scripts may not read it, or it holds a token.",
				Example: `local segment = env.require("SEGMENT")`,
				Call: func(a *Args) (int, error) {
					name := a.String(0)
					value, ok, err := getenv(a.Host.Env, name)
					if err != nil {
						return 0, err
					}
					if !ok || value == "" {
						return 0, &settingError{
							message: fmt.Sprintf("the environment variable %s is not set or is empty", name),
							hint:    fmt.Sprintf("set it before the run, for example: %s=... phscript run ...", name),
						}
					}
					return a.Push(lua.LString(value))
				},
			},
			{
				Name:    "all",
				Doc:     "Returns the variables that scripts may read and that are set, as a table.",
				Returns: []Return{{Type: "table<string, string>", Doc: "Values by name."}},
				Example: `for name, value in pairs(env.all()) do print(name, value) end`,
				Call: func(a *Args) (int, error) {
					t := a.L.NewTable()
					for _, name := range a.Host.Env.Names() {
						value, ok, err := getenv(a.Host.Env, name)
						if err != nil {
							return 0, err
						}
						if ok {
							t.RawSetString(name, lua.LString(value))
						}
					}
					return a.Push(t)
				},
			},
		},
	}
}

// getenv reads a variable. The host's refusal has the kind "permission".
func getenv(env Environment, name string) (string, bool, error) {
	value, ok, err := env.Lookup(name)
	var kinder ErrorKinder
	if err != nil && !errors.As(err, &kinder) {
		err = &hiddenError{err}
	}
	return value, ok, err
}

// hiddenError is a host's refusal to show a variable.
type hiddenError struct{ error }

func (e *hiddenError) Unwrap() error     { return e.error }
func (e *hiddenError) ErrorKind() string { return "permission" }

// settingError is about the run's settings. Its kind for scripts is "config".
type settingError struct{ message, hint string }

func (e *settingError) Error() string     { return e.message }
func (e *settingError) ErrorKind() string { return "config" }
func (e *settingError) ErrorHint() string { return e.hint }
