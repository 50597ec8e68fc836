package view

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/undo"
)

// UndoReport is what undo prints.
type UndoReport struct {
	Form
	*undo.Report
	Plan string `json:"plan,omitempty" doc:"the id of the plan, if there is something to revert"`
	// Applied is what an undo did that was confirmed.
	Applied *ApplyDone `json:"applied,omitempty" doc:"what the undo did, if it was confirmed"`
}

// UndoForm makes the form of an undo.
func UndoForm(r *undo.Report, plan string) UndoReport { return UndoReport{current, r, plan, nil} }

// Undo says what of a run can be undone.
func Undo(r *undo.Report, script string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "undo of run %d (%s)\n%s\n", r.Run, display.OneLine(script), r)
	for _, kind := range []struct{ name, title string }{
		{"stay", "not reverted"}, {"part", "reverted only in part"}, {"deleted", "deleted by the run"}, {"not_read", "not read before the change"}, {"never", "can't be undone"},
	} {
		n := r.LeftOut(kind.name)
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", kind.title)
		for _, l := range r.Lines {
			if l.Kind == kind.name {
				fmt.Fprintf(&b, "  %s: %s\n", display.OneLine(l.Record), display.OneLine(l.Why))
				n--
			}
		}
		more(func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }, n)
	}
	if r.Stay+r.Partly > 0 {
		b.WriteString("\nPlanhat's Logs say who changed a record. --overwrite MODEL.FIELD gives a field its old value all the same.\n")
	}
	return b.String()
}
