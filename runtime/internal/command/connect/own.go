package connect

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// source is where a connector comes from: a built-in module, or a file of the user's.
type source struct {
	name, module string
	// folder is where require finds the module, and file is it, "" for a built-in one.
	folder, file string
}

func (s *source) own() bool { return s.file != "" }

// find finds a connector by the name of a module, or by its file.
func find(env *environment.Env, text string) (*source, error) {
	connected, others := builtins.Connectors()
	if slices.Contains(others, text) {
		message, hint := unconnected(text)
		return nil, &usage.Error{Message: message, Hint: hint}
	}
	if slices.Contains(connected, text) {
		return &source{name: text, module: "connectors." + text}, nil
	}
	s := &source{module: text, folder: env.Dir}
	if strings.HasSuffix(text, ".lua") || strings.ContainsAny(text, `/\`) {
		s.file = env.Path(text)
		s.folder = filepath.Dir(s.file)
		s.module = strings.TrimSuffix(filepath.Base(s.file), ".lua")
		if s.module == "init" {
			s.folder, s.module = filepath.Dir(s.folder), filepath.Base(s.folder)
		}
		if filepath.Base(s.folder) == "lib" { // where require looks as well
			s.folder = filepath.Dir(s.folder)
		}
	} else {
		rel := filepath.FromSlash(strings.ReplaceAll(text, ".", "/"))
		for _, candidate := range []string{rel + ".lua", filepath.Join(rel, "init.lua"), filepath.Join("lib", rel+".lua"), filepath.Join("lib", rel, "init.lua")} {
			if candidate = filepath.Join(env.Dir, candidate); s.file == "" && isFile(candidate) {
				s.file = candidate
			}
		}
	}
	if s.file == "" || !isFile(s.file) {
		return nil, &usage.Error{Message: fmt.Sprintf("there is no connector for %q", text), Hint: "there are: " + strings.Join(connected, ", ") + "; or name the file of your own, such as ./harbor.lua"}
	}
	s.name = s.module[strings.LastIndex(s.module, ".")+1:]
	if strings.Trim(s.name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || s.name[0] >= '0' && s.name[0] <= '9' {
		return nil, &usage.Error{Message: fmt.Sprintf("%q cannot be the name of a connector", s.name), Hint: "name the file with lowercase letters, digits and _, such as harbor.lua"}
	}
	if slices.Contains(slices.Concat(connected, others), s.name) {
		return nil, &usage.Error{Message: fmt.Sprintf("%s has the name of a built-in connector", text), Hint: "name the file differently, and use that name in connector.new and setup.add"}
	}
	return s, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// script returns a script beside the connector that runs text, with the hosts that it may
// reach.
func (s *source) script(text string, hosts []string) runtime.Script {
	script := runtime.Script{Name: "connect"}
	if s.own() {
		script.Path = filepath.Join(s.folder, "connect.lua")
		text = fmt.Sprintf("require(%q)\n%s", s.module, text)
	}
	if len(hosts) > 0 {
		text = "-- @allow net=" + strings.Join(hosts, ", ") + "\n" + text
	}
	script.Source = []byte(text)
	return script
}

// runtime returns a runtime for a connector. get returns what was given for a variable. A
// connector of the user's own reads only the variables of the way, and only from files
// that nobody else can change.
func (s *source) runtime(ctx context.Context, env *environment.Env, opened *host.Opened, w way, get func(context.Context, string) (string, error)) (*runtime.Runtime, error) {
	if !s.own() {
		return opened.With(func(o *runtime.Options) { o.Credential = get })
	}
	return opened.With(func(o *runtime.Options) {
		o.AllowFile = func(path string) error { return env.Trust.Connector(s.folder, path) }
		o.EnvAllow = nil
		for _, one := range w.credentials {
			o.EnvAllow = append(o.EnvAllow, one.name)
		}
		o.Env = func(name string) (string, bool) {
			if value, ok := env.Getenv(name); ok && value != "" {
				return value, true
			}
			value, err := get(ctx, name)
			return value, err == nil && value != ""
		}
	})
}

// credentials are where what is given for the connector is stored, or nil.
func (s *source) credentials(opened *host.Opened) *host.Credentials {
	if s.own() {
		return opened.Credentials().Own()
	}
	return opened.Credentials()
}

// hold keeps a credential out of what is printed.
func (s *source) hold(opened *host.Opened, secret string) {
	if s.own() {
		opened.Secrets.HoldOfScript(secret) // which its script may read
		return
	}
	opened.Secrets.Add(secret)
}

// permitted returns an error if a connector of the user's own asks for a credential that
// does not belong to its system.
func (s *source) permitted(ways []way) error {
	if !s.own() {
		return nil
	}
	prefix := strings.ToUpper(s.name) + "_"
	connected, others := builtins.Connectors()
	for _, w := range ways {
		for _, one := range w.credentials {
			reserved := func(name string) bool { return strings.HasPrefix(one.name, strings.ToUpper(name)+"_") }
			if !strings.HasPrefix(one.name, prefix) || slices.ContainsFunc(slices.Concat(connected, others, []string{"planhat", "phscript"}), reserved) {
				return &usage.Error{
					Message: fmt.Sprintf("%s asks for %s, which is not a credential of %s", s.file, one.name, s.name),
					Hint:    fmt.Sprintf("connectors ask only for variables that begin with their own name, such as %sTOKEN", prefix),
				}
			}
		}
	}
	return nil
}
