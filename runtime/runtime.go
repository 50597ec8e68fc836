package runtime

import (
	"net/http"
	"slices"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/clients"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/runtime/internal/tokens"
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
	// reach are the hosts that scripts may reach.
	reach []network.Rule
	// checkpoints are those kept in memory, by script.
	checkpoints sync.Map
	// kept is the state of scripts without a store.
	kept kept
	// tokens are those of other systems without a store.
	tokens tokens.Memory
}

// New returns a Runtime. Nothing is sent before a run. It fails if the working
// directory does not exist, a module is not declared as [bindings.Validate]
// demands or does not compile, or the name of a module or value is taken: all
// that is wrong is in the error.
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
	if o.Transport != nil {
		client := *r.opts.Planhat.HTTPClient
		client.Transport = o.Transport(client.Transport)
		r.opts.Planhat.HTTPClient = &client
	}
	r.limiters.Quota = o.Quota
	if o.Window != nil {
		r.limiters.Window = func(url, token, script string, spec planhat.WindowSpec) planhat.Window {
			return o.Window(WindowUser{URL: url, Token: token, Script: script, Spec: spec})
		}
	}
	r.manual = sync.OnceValue(func() *manual.Manual {
		return builtins.Manual(slices.Concat(o.Modules, bindings.DeclaredModels(o.Models))...)
	})
	if err := r.validate(); err != nil {
		return nil, err
	}
	o.Secrets.Add(o.Planhat.APIToken)
	o.Secrets.Add(o.Planhat.TenantToken)
	return r, nil
}
