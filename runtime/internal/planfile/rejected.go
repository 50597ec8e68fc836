package planfile

import (
	"slices"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// rejection is what a rejected row of a step has in common with the same row as the call
// reports it.
type rejection struct {
	script                    string
	line                      int
	model, operation, message string
}

func rejectionOf(row *outcome.RejectedRow) rejection {
	return rejection{row.Script, row.ScriptLine, row.Model, row.Operation, row.Message}
}

// predict counts a row of a step that Planhat would reject, also if the call does not report
// it as one: an update of a record that does not exist fails as a whole.
func (r *Report) predict(s *plan.Step, row *plan.StepRow) {
	one := outcome.RejectedRow{
		Model: s.Model, Operation: s.Operation, Row: row.Row, Script: s.Script, ScriptLine: s.Line,
		Kind: string(planhat.KindValidation), Message: row.Reason, State: string(planhat.RowRejected),
	}
	if row.Key != nil {
		one.Key = row.Key.Name + " " + row.Key.Value
	}
	r.predicted[rejectionOf(&one)]++
	r.reject(one)
}

// Reject counts a row that a call reports as rejected, unless its step has it.
func (r *Report) Reject(row outcome.RejectedRow) {
	known := rejectionOf(&row)
	if r.predicted[known] == 0 {
		r.reject(row)
		return
	}
	if r.predicted[known]--; r.predicted[known] == 0 {
		delete(r.predicted, known)
	}
	// The report of the call says more about the row, such as where it was read.
	at := slices.IndexFunc(r.Rejected, func(one outcome.RejectedRow) bool { return len(one.Data) == 0 && rejectionOf(&one) == known })
	if at >= 0 {
		r.Rejected[at] = row
	}
}

func (r *Report) reject(row outcome.RejectedRow) {
	r.model(row.Model).Rejected++
	if len(r.Rejected) < Shown {
		r.Rejected = append(r.Rejected, row)
	}
}
