package planfile

import "github.com/phscript/phscript/runtime/internal/plan"

// Kind is what a plan does with a row, as people look for it. Kinds can be joined.
type Kind uint

// The kinds of rows.
const (
	Deletes Kind = 1 << iota
	Creates
	Updates
	// Blind rows create or update records that were not looked up.
	Blind
	// Sends are metrics and activities.
	Sends
	Unchanged
	Rejects
)

// Changing are the kinds of rows that are sent.
const Changing = Deletes | Creates | Updates | Blind | Sends

// KindOf returns the kind of a row.
func KindOf(row *plan.StepRow) Kind {
	switch {
	case row.Action == plan.Reject:
		return Rejects
	case row.Action == plan.Delete:
		return Deletes
	case row.Action == plan.Unchanged:
		return Unchanged
	case row.Action == plan.Send:
		return Sends
	case row.Blind || row.Action == plan.Upsert:
		return Blind
	case row.Action == plan.Create:
		return Creates
	}
	return Updates
}
