package host

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// assigned matches a line of a file .env that sets a token.
var assigned = pattern.Lazy(`(?m)^\s*(export\s+)?PLANHAT_(API|TENANT)_TOKEN=["']?[^\s"'#]`)

// Exposed returns a warning for each file that holds a token and that every user of
// this machine can read: the configuration file, and .env next to it or in the working
// folder.
func Exposed(env *environment.Env, c config.Config) (warnings []string) {
	warn := func(file string) {
		if advice, exposed := env.Trust.Exposed(file); exposed {
			warnings = append(warnings, file+" holds a token, and every user of this machine can read it; "+advice)
		}
	}
	ofFile := func(value, setting string) bool { return value != "" && c.Outside(setting) == "" }
	folders := []string{env.Dir}
	if c.File != "" {
		folders = append(folders, filepath.Dir(c.File))
		if ofFile(c.APIToken, "api_token") || ofFile(c.TenantToken, "tenant_token") || ofFile(store.Password(c.State), "state") {
			warn(c.File)
		}
	}
	var seen []os.FileInfo
	for _, folder := range folders {
		file := filepath.Join(folder, ".env")
		info, err := os.Stat(file)
		if err != nil || slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
			continue
		}
		seen = append(seen, info)
		if text, err := sourcefile.Read(file); err == nil && assigned().Match(text) {
			warn(file)
		}
	}
	return warnings
}
