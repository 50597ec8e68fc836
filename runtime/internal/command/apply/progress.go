package apply

import (
	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/apply"
)

// tell shows how many rows are sent.
func (a *applying) tell(p apply.Progress) {
	a.looked()
	if a.task == nil {
		a.task = a.host.Task(bindings.Task{Name: "apply", Unit: bindings.TaskRows, Total: int64(p.Total)})
	}
	a.task.Set(int64(p.Rows))
	if a.sent = p.Rows == p.Total; a.sent {
		a.task.End()
	}
}

// looking shows how many calls were made to compare records, before rows are sent and after all
// of them were.
func (a *applying) looking() {
	if a.task != nil && !a.sent {
		return
	}
	if a.look == nil {
		name := "checking the plan"
		if a.sent {
			name = "verifying"
		}
		a.look = a.host.Task(bindings.Task{Name: name, Unit: "calls"})
	}
	a.look.Add(1)
}

// looked ends the task of looking.
func (a *applying) looked() {
	if a.look != nil {
		a.look.End()
		a.look = nil
	}
}
