package runtime

import (
	"fmt"

	"github.com/phscript/phscript/bindings"
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

func (r *run) missed(model, name string) {
	L := r.L
	if current := L.G.CurrentThread; current != nil {
		L = current
	}
	at := ""
	if frames := bindings.Stack(L); len(frames) > 0 {
		at = fmt.Sprintf("%s:%d: ", frames[0].Script, frames[0].Line)
	}
	r.journal.WarnOnce(r.ctx, "missed "+at+name, fmt.Sprintf("%sthe script reads %s of a new %s, which the dry run does not know: it is nil here, and Planhat may set it", at, name, model))
}
