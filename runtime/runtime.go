package runtime

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/clients"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Runtime runs scripts, each in its own state. Runs share the quota of each
// tenant and the list of secrets. It is safe for concurrent use.
type Runtime struct {
	opts    Options
	modules map[string]*bindings.Module
	manual  func() *manual.Manual

	limiters clients.Limiters
	// builtin keeps the compiled modules that are part of the program.
	builtin chunks
	// checkpoints are those kept in memory, by script.
	checkpoints sync.Map
}

// New returns a Runtime. Nothing is opened, read or sent before a run. It fails
// if the working directory is unknown, two modules have the same name, or a
// module is not declared as [bindings.Validate] demands.
func New(o Options) (*Runtime, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Runtime{
		opts:    o,
		modules: map[string]*bindings.Module{},
	}
	if o.Planhat.HTTPClient == nil {
		// Runs share connections.
		r.opts.Planhat.HTTPClient = &http.Client{Transport: planhat.NewTransport()}
	}
	r.limiters.Quota = o.Quota
	if o.Window != nil {
		r.limiters.Window = func(url, token, script string, spec planhat.WindowSpec) planhat.Window {
			return o.Window(WindowUser{URL: url, Token: token, Script: script, Spec: spec})
		}
	}
	for _, m := range o.Modules {
		if m.Name == "" {
			continue
		}
		if r.modules[m.Name] != nil || builtins.Has(m.Name) {
			return nil, fmt.Errorf("two modules are named %q", m.Name)
		}
		r.modules[m.Name] = m
	}
	r.manual = sync.OnceValue(func() *manual.Manual {
		return builtins.Manual(slices.Concat(o.Modules, bindings.DeclaredModels(o.Models))...)
	})
	for _, m := range o.Modules {
		if err := bindings.Validate(m, r.describes); err != nil {
			return nil, err
		}
	}
	o.Secrets.Add(o.Planhat.APIToken)
	o.Secrets.Add(o.Planhat.TenantToken)
	return r, nil
}

// describes reports whether the manual has a table, a module or a model of that
// name.
func (r *Runtime) describes(name string) bool {
	t := r.manual().Topic(name)
	return t != nil && (t.Kind == manual.KindTable || t.Kind == manual.KindModule || t.Kind == manual.KindModel)
}
