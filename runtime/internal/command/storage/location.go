// Package storage finds and opens the store that outlives the process: the one
// with the shared quota, the checkpoints, the schedules and the history.
package storage

import (
	"cmp"
	"path/filepath"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// InMemory in place of a store keeps the quota to the process.
const InMemory = "memory"

// Dir returns the folder for what outlives the process, "" if the system names
// none.
func Dir(env *environment.Env) string {
	if dir, _ := env.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "phscript")
	}
	if dir, _ := env.Getenv("LOCALAPPDATA"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "phscript")
	}
	if home, _ := env.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "phscript")
	}
	return ""
}

// Location returns where the store is: what the flag says, or the settings, or
// a file in the state directory. It returns a *trust.Error for a file that is not
// trusted.
func Location(env *environment.Env, flag string, c config.Config) (string, error) {
	location := cmp.Or(flag, c.State)
	if location == "" && Dir(env) != "" {
		location = filepath.Join(Dir(env), "state.db")
	}
	switch {
	case location == "":
		return "", &usage.Error{
			Message: "cannot tell where to keep the state: there is no home directory",
			Hint:    "name a file or a postgres:// address with --state or PHSCRIPT_STATE; --state=memory keeps the quota to this process",
		}
	case location == InMemory || store.IsPostgres(location):
		return location, nil
	}
	location = env.Path(location)
	return location, env.Trust.Store(location)
}
