package apply

import (
	"errors"
	"fmt"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/view"
)

// Undoing is the plan of an undo that undo itself applies.
type Undoing struct {
	// Plan is the file, Run the run that it undoes.
	Plan string
	Run  int64
	// InDoubt is the value of --in-doubt.
	InDoubt string
	// JSON leaves the result to the caller.
	JSON bool
}

// Undo applies the plan of an undo, as the command apply does, and reads the records again. The
// arguments of env continue it. done is what it did, nil if it did not begin.
func Undo(env *environment.Env, o host.Options, c host.Consent, u Undoing) (done *view.ApplyDone, code int, err error) {
	a := &options{Options: o, consent: c, verify: true, json: u.JSON, doubt: u.InDoubt, undo: &u}
	err = a.apply(env, u.Plan, nil)
	if finished, ok := errors.AsType[*usage.Finished](err); ok {
		return a.done, finished.Code, nil
	}
	return a.done, fault.ExitScript, err
}

// called is what messages call the plan in a file.
func (o *options) called(name string) string {
	if o.number != "" {
		return "plan " + o.number
	}
	if o.undo != nil {
		return fmt.Sprintf("the undo of run %d", o.undo.Run)
	}
	return name
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
