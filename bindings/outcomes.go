package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// What can become of a row, as result.outcomes names it.
const (
	outcomeCreated   = "created"
	outcomeUpdated   = "updated"
	outcomeUnchanged = "unchanged"
	outcomeRejected  = "rejected"
	outcomePlanned   = "planned"
)

// outcomes makes the table that says what became of each row, by its position.
// Planhat names the rows that it created, changed or rejected, mostly; the rows
// that it does not name stay out, unless its counts can only mean one thing for
// all of them.
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

// restOf returns the one outcome that all the open rows share, or "" where the
// counts leave a doubt.
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
