package usage

import (
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// NoFile is the error for a file that does not exist. It asks for one that has a
// similar name in the same folder.
func NoFile(env *environment.Env, message, name string) *Error {
	hint := "paths are relative to the working directory, " + env.Dir
	if similar := Similar(env, name); similar != "" {
		hint = "did you mean '" + similar + "'?"
	}
	return &Error{Message: message, Hint: hint}
}

// Similar returns the name of a script in the folder of a missing file that is spelt
// like it, or "".
func Similar(env *environment.Env, name string) string {
	dir, base := filepath.Split(name)
	var stems []string
	for _, entry := range env.Names(dir) {
		if stem, ok := strings.CutSuffix(entry, ".lua"); ok {
			stems = append(stems, stem)
		}
	}
	near := catalog.Nearest(strings.TrimSuffix(base, ".lua"), stems)
	if len(near) == 0 {
		return ""
	}
	return dir + near[0] + ".lua"
}
