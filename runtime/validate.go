package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/runtime/internal/values"
	"github.com/phscript/phscript/stdlib"
)

// validate returns what is wrong with the options, and notes the modules.
func (r *Runtime) validate() error {
	errs := []error{r.validateDirs(), r.validateLimits(), r.addModules(), r.addHosts(), r.validateValues(r.opts.Values)}
	for _, name := range slices.Sorted(maps.Keys(r.opts.LuaModules)) {
		if !isModuleName(name) {
			errs = append(errs, fmt.Errorf("the module %q: require does not take this name", name))
			continue
		}
		_, standard := stdlib.Source(name)
		if standard || r.hasGoModule(name) || libraryGlobals()[name] {
			errs = append(errs, fmt.Errorf("the module %q: a module already has this name", name))
			continue
		}
		if _, err := r.builtin.compile(context.Background(), []byte(r.opts.LuaModules[name]), name, nil); err != nil {
			errs = append(errs, fmt.Errorf("the module %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Runtime) validateDirs() error {
	info, err := os.Stat(r.opts.WorkDir)
	if err != nil {
		return fmt.Errorf("the working directory: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("the working directory %s is not a folder", r.opts.WorkDir)
	}
	for _, dir := range r.opts.ModuleDirs {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("the folder of modules %s is not an absolute path", dir)
		}
	}
	return nil
}

func (r *Runtime) validateLimits() error {
	var errs []error
	for name, limit := range map[string]int{"MaxCallDepth": r.opts.MaxCallDepth, "MaxString": r.opts.MaxString} {
		if limit < 0 { // there is always a limit of these
			errs = append(errs, fmt.Errorf("%s is negative", name))
		}
	}
	return errors.Join(errs...)
}

// addHosts reads the hosts that scripts may reach.
func (r *Runtime) addHosts() error {
	var errs []error
	for _, text := range r.opts.AllowNet {
		rule, err := network.ParseRule(text)
		if err != nil {
			errs = append(errs, err)
		}
		r.reach = append(r.reach, rule)
	}
	return errors.Join(errs...)
}

// addModules validates the modules that are written in Go.
func (r *Runtime) addModules() error {
	var errs []error
	for _, m := range r.opts.Modules {
		if m == nil {
			return errors.New("a module is nil")
		}
		if m.Name != "" {
			switch {
			case !spec.IsName(m.Name):
				errs = append(errs, fmt.Errorf("the module %q: this is not a valid name", m.Name))
			case libraryGlobals()[m.Name]:
				errs = append(errs, fmt.Errorf("the module %q: a global already has this name", m.Name))
			case r.hasGoModule(m.Name):
				errs = append(errs, fmt.Errorf("two modules are named %q", m.Name))
			}
			r.modules[m.Name] = m
			continue
		}
		for _, name := range memberNames(m) {
			if libraryGlobals()[name] || r.isGlobal(name) {
				errs = append(errs, fmt.Errorf("the function %q: a global already has this name", name))
			}
		}
	}
	for _, m := range r.opts.Modules {
		errs = append(errs, bindings.Validate(m, r.describes))
	}
	return errors.Join(errs...)
}

func memberNames(m *bindings.Module) []string {
	var names []string
	for _, f := range m.Funcs {
		names = append(names, f.Name)
	}
	for _, v := range m.Values {
		names = append(names, v.Name)
	}
	return names
}

// validateValues returns what is wrong with the Go values for scripts.
func (r *Runtime) validateValues(given map[string]any) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !spec.IsName(name):
			errs = append(errs, fmt.Errorf("the value %q: this is not a valid name", name))
		case libraryGlobals()[name] || r.isGlobal(name):
			errs = append(errs, fmt.Errorf("the value %q: a global already has this name", name))
		}
		if err := values.Validate(name, given[name]); err != nil {
			errs = append(errs, fmt.Errorf("the value %w", err))
		}
	}
	return errors.Join(errs...)
}

// describes reports whether the manual has a table, a module or a model of that
// name.
func (r *Runtime) describes(name string) bool {
	t := r.manual().Topic(name)
	return t != nil && (t.Kind == manual.KindTable || t.Kind == manual.KindModule || t.Kind == manual.KindModel)
}

// libraryGlobals are the globals that every state has, apart from the modules.
var libraryGlobals = sync.OnceValue(func() map[string]bool {
	L := newState(context.Background(), DefaultMaxCallDepth)
	defer L.Close()
	lualib.Open(L, luaHost{host: &host{}, clock: clock{time.Now, time.UTC}}, lualib.Limits{})
	all := map[string]bool{"require": true, "args": true, "arg": true, "params": true}
	L.G.Global.ForEach(func(name, _ lua.LValue) { all[name.String()] = true })
	for _, f := range globals().Funcs {
		all[f.Name] = true
	}
	return all
})
