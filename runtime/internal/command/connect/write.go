package connect

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/luatext"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// table writes settings as a Lua table.
func table(settings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, name+" = "+luatext.Quoted(settings[name]))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// stubbed are the servers of a system in a test, and origin the server of an address.
var (
	stubbed = pattern.Lazy(`(?m)^(\s*(?:http\.stub|local)\b[^"\n]*")https://[^"/]+`)
	origin  = pattern.Lazy(`^https?://[^/]+`)
)

// moved returns a test of a system that has another address.
func moved(test, usual, base string) string {
	test = strings.ReplaceAll(test, usual, base)
	return stubbed().ReplaceAllString(test, "${1}"+strings.ReplaceAll(origin().FindString(base), "$", "$$"))
}

// write writes the script and its test, unless they exist.
func (o *options) write(env *environment.Env, s *system, w way, settings map[string]string) error {
	script, test := s.script, s.test
	if len(settings) > 0 {
		script = strings.Replace(script, "sync{\n", "sync{\n  settings = "+table(settings)+",\n", 1)
	}
	if o.base != "" {
		test = moved(test, s.base, o.base)
	}
	name := s.name
	if s.own() { // whose file may have that name
		name += "_sync"
		if rel, err := filepath.Rel(env.Dir, filepath.Join(s.folder, name)); err == nil && filepath.IsLocal(rel) {
			name = rel
		} else {
			name = filepath.Join(s.folder, name)
		}
	}
	for _, file := range []struct{ name, text string }{{name + ".lua", script}, {name + "_test.lua", test}} {
		if file.text == "" {
			continue
		}
		f, err := os.OpenFile(env.Path(file.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			fmt.Fprintf(env.Stdout, "kept %s\n", file.name)
			continue
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(file.text)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "created %s\n", file.name)
	}
	run := "phscript run"
	for _, host := range o.AllowNet {
		run += " --allow-net " + host
	}
	if s.own() {
		for _, one := range w.credentials {
			run += " --allow-env " + one.name
		}
	}
	fmt.Fprintf(env.Stdout, "\nNext:\n  %[1]s --dry-run %[2]s.lua\n  %[1]s %[2]s.lua\n", run, name)
	return nil
}
