package apply

import (
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/history"
)

// Undo applies the plan of an undo, as the command does, and reads the records again.
func Undo(env *environment.Env, o host.Options, c host.Consent, plan string, json bool) error {
	return (&options{Options: o, consent: c, verify: true, json: json}).apply(env, plan, nil)
}

// set is what the changes of the plan are recorded as.
func (a *applying) set() changes.Set {
	s := changes.Set{Plan: a.header.ID, Kind: changes.ByApply, Script: a.header.Script.Name, Tenants: tenants(a.header)}
	if u := a.header.Undo; u != nil {
		s.Kind, s.Undoes = changes.ByUndo, u.Set
	}
	return s
}

// cause is why the run is in the history.
func (a *applying) cause() history.Cause {
	if a.header.Undo != nil {
		return history.ByUndo
	}
	return history.ByApply
}
