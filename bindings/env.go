package bindings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

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
						hint := fmt.Sprintf("set it before the run, for example: %s=... phscript run ...", name)
						if host, ok := a.Host.Env.(interface{ Advice() string }); ok && host.Advice() != "" {
							hint = host.Advice()
						}
						return 0, &settingError{fmt.Sprintf("the environment variable %s is not set or is empty", name), hint}
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

// ExitCode is that of programs whose settings are wrong.
func (e *settingError) ExitCode() int { return 2 }

// Secret is a credential that scripts can pass to the modules that send it, but not read.
type Secret struct {
	text string
	// mayGo returns an error if the secret must not be sent to an address.
	mayGo func(u *url.URL) error
}

// secretType is the key of the metatable of secrets in the registry.
const secretType = "phscript.secret"

// NewSecret makes a secret as scripts see it: a value that says nothing.
func NewSecret(L *lua.LState, text string, mayGo func(u *url.URL) error) lua.LValue {
	mt, ok := L.G.Registry.RawGetString(secretType).(*lua.LTable)
	if !ok {
		mt = L.NewTable()
		mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LString("a secret"))
			return 1
		}))
		mt.RawSetString("__metatable", lua.LString("secret"))
		L.G.Registry.RawSetString(secretType, mt)
	}
	return &lua.LUserData{Value: &Secret{text, mayGo}, Metatable: mt, Env: L.Env}
}

// SecretFrom returns the secret that a value is, or nil.
func SecretFrom(v lua.LValue) *Secret {
	u, ok := v.(*lua.LUserData)
	if !ok {
		return nil
	}
	s, _ := u.Value.(*Secret)
	return s
}

// Identity tells secrets apart without revealing them.
func (s *Secret) Identity() string {
	sum := sha256.Sum256([]byte("phscript secret " + s.text))
	return hex.EncodeToString(sum[:8])
}

// MayGo returns an error if the secret must not be sent to an address.
func (s *Secret) MayGo(u *url.URL) error { return s.mayGo(u) }

// For returns the text of the secret, to be sent to an address.
func (s *Secret) For(u *url.URL) (string, error) { return s.text, s.mayGo(u) }
