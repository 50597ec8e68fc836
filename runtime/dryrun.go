package runtime

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// clientModule is the module whose records a dry run may make up.
const clientModule = "planhat"

// watchPlanned warns if the script uses a property that a planned record does not have,
// since Planhat may set it.
func (r *run) watchPlanned() {
	plans := r.clients.Plans()
	bindings.CodecOf(r.L).OnMissed(plans.Beginning(), func(record []byte, name string) {
		r.missed(plans.Model(record), name)
	})
}

// calling returns the context of a call of the script, which knows its place.
func calling(ctx context.Context, L *lua.LState) context.Context {
	if frames := bindings.Stack(L); len(frames) > 0 {
		return plan.At(ctx, frames[0].Script, frames[0].Line)
	}
	return ctx
}

func (r *run) missed(model, name string) {
	L := r.L
	if current := L.G.CurrentThread; current != nil {
		L = current
	}
	at, script, line := "", "", 0
	if frames := bindings.Stack(L); len(frames) > 0 {
		script, line = frames[0].Script, frames[0].Line
		at = fmt.Sprintf("%s:%d: ", script, line)
	}
	r.clients.Plans().Unknown(script, line, fmt.Sprintf("%s of a new %s is read, and Planhat may set it", name, model))
	r.journal.WarnOnce(r.ctx, "missed "+at+name, fmt.Sprintf("%sthe script reads %s of a new %s, which the dry run does not know: it is nil here, and Planhat may set it", at, name, model))
}
