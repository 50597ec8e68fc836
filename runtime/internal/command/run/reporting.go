package run

import (
	"time"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Reporting tells a service how far a run is that it has started, and how the run has ended. It
// does nothing for a run of a person.
type Reporting struct {
	// File is where the summary goes, "" for nowhere.
	File string

	so      progress
	env     *environment.Env
	secrets *redact.Secrets
	stop    func()
}

// Observe prepares the options of a run, before its host is opened, and reports whether a service
// has started it.
func (r *Reporting) Observe(env *environment.Env, o *host.Options) bool {
	_, scheduled := env.Getenv(serve.RunVariable)
	if scheduled {
		o.Quiet = false // its log has all lines
		o.Observer = &r.so.calls
	}
	return scheduled && r.File != ""
}

// Begin begins to tell how far the run is.
func (r *Reporting) Begin(env *environment.Env, o *host.Options, script string, started time.Time, secrets *redact.Secrets) {
	if _, scheduled := env.Getenv(serve.RunVariable); scheduled && r.File != "" {
		r.env, r.secrets = env, secrets
		r.stop = r.so.keep(env, r.File, script, started, secrets, o.Doing)
	}
}

// End writes the summary.
func (r *Reporting) End(s *outcome.Summary) {
	if r.stop == nil {
		return
	}
	r.stop()
	if err := writeSummary(r.env, r.File, s, r.secrets); err != nil && !sendSummary(r.env, s, r.secrets) {
		printing.Error(r.secrets.Writer(r.env.Stderr), false, err)
	}
}
