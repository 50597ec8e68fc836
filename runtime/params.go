package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// warnUnread warns of expected parameters that no loaded chunk reads. After a failure,
// modules may be missing, so only parameters that are spelt like one are reported.
func (r *run) warnUnread(failed bool) {
	if len(r.given.Expected) == 0 {
		return
	}
	read := map[string]bool{}
	for name, source := range r.sources {
		chunk, err := compile.Parse(source, name)
		if err != nil || !syntax.Params(chunk, read) {
			return
		}
	}
	names := slices.Sorted(maps.Keys(read))
	reads := "it reads no parameters"
	if len(names) > 0 {
		reads = "it reads: " + strings.Join(names, ", ")
	}
	for _, name := range r.given.Expected {
		near := catalog.Nearest(name, names)
		if read[name] || failed && len(near) == 0 {
			continue
		}
		r.journal.WarnOnce(r.ctx, "param "+name, fmt.Sprintf("the parameter '%s' was given, but the script never reads it%s; %s", name, catalog.Aside(near), reads))
	}
}

// header reads what a script says about itself.
func (r *Runtime) header(s Script) (*header.Header, error) {
	says, err := header.Read(s.Source)
	bad, wrong := errors.AsType[*header.Error](err)
	if !wrong {
		bad = says.CheckWrites(r.opts.Models)
	}
	if bad != nil {
		return nil, &ScriptError{Script: s.Name, Line: bad.Line, Message: bad.Message, Hint: bad.Hint, Cause: bad}
	}
	return says, nil
}

// bind returns the settings of a run with the parameters that the script's header declares,
// and hides the secret ones until release is called.
func (p *Program) bind(o RunOptions, secrets *Secrets) (_ RunOptions, release func(), err error) {
	release = func() {}
	if len(p.says.Params) == 0 {
		return o, release, nil
	}
	given, err := header.Values(o.Params)
	if err != nil {
		return o, release, &ScriptError{Script: p.script.Name, Message: err.Error(), Cause: err}
	}
	bound, wrong := p.says.Bind(given, o.Expected)
	if wrong != nil {
		e := &ScriptError{Script: p.script.Name, Message: wrong.Message, Hint: wrong.Hint, Cause: wrong}
		if wrong.Param != nil {
			e.Line = wrong.Param.Line
		}
		return o, release, e
	}
	var held []func()
	for _, value := range p.says.Secrets(bound) {
		held = append(held, secrets.HoldOfScript(value))
	}
	release = func() {
		for _, one := range held {
			one()
		}
	}
	o.Params, err = header.Object(bound)
	return o, release, err
}

// timeLimit is the time limit of a run: that of the run's settings, or else the shorter one
// of the script's and that of all runs.
func (p *Program) timeLimit(o RunOptions, all time.Duration) time.Duration {
	if own := p.says.Timeout; o.Timeout == 0 && own > 0 && (all <= 0 || own < all) {
		return own
	}
	return all
}

// guard returns a gate that ends the run when the script writes to a model that its header
// does not name, and otherwise asks the next one.
func (p *Program) guard(next planhat.Gate) planhat.Gate {
	if p.says.WritesLine == 0 {
		return next
	}
	return func(ctx context.Context, w planhat.Write) error {
		if !p.says.MayWrite(w.Model) {
			e := &fault.WriteError{Target: header.Target(w.Model), Call: w.Model + "." + w.Operation, Line: p.says.WritesLine}
			for _, allowed := range p.says.Writes {
				e.Allowed = append(e.Allowed, allowed.Text)
			}
			if r, ok := ctx.Value(runKey{}).(*run); ok {
				r.cancel(&notAllowed{e})
			}
			return e
		}
		if next == nil {
			return nil
		}
		return next(ctx, w)
	}
}
