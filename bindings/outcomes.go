package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// The outcomes of a row, as result.outcomes names them.
const (
	outcomeCreated   = "created"
	outcomeUpdated   = "updated"
	outcomeUnchanged = "unchanged"
	outcomeRejected  = "rejected"
	outcomePlanned   = "planned"
)

// outcomes makes the table of outcomes by row position. Planhat does not name
// every row; those it does not name are left out, unless the counts leave only
// one outcome for all of them.
func outcomes(L *lua.LState, r *planhat.BulkResult) *lua.LTable {
	of := make([]string, r.Rows)
	left := map[string]int{
		outcomeCreated: r.Created, outcomeUpdated: r.Updated, outcomeUnchanged: r.Unchanged, outcomePlanned: r.Planned,
	}
	open := r.Rows
	settle := func(i int, outcome string) {
		if i < 0 || i >= len(of) || of[i] != "" {
			return
		}
		of[i] = outcome
		left[outcome]--
		open--
	}
	for _, e := range r.Errors {
		settle(e.Index, outcomeRejected)
	}
	for _, k := range r.Keys {
		if k.Created {
			settle(k.Index, outcomeCreated)
		} else {
			settle(k.Index, outcomeUpdated)
		}
	}
	delete(left, outcomeRejected)
	rest := restOf(left, open)
	t := L.CreateTable(len(of), 0)
	for i, outcome := range of {
		if outcome == "" {
			outcome = rest
		}
		if outcome != "" {
			t.RawSetInt(i+1, lua.LString(outcome))
		}
	}
	return t
}

// restOf returns the one outcome that the counts leave for all open rows, or "".
func restOf(left map[string]int, open int) string {
	rest := ""
	for outcome, n := range left {
		switch {
		case n == 0:
		case n == open && rest == "":
			rest = outcome
		default:
			return ""
		}
	}
	return rest
}
