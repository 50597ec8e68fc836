package rejects

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// place is where a row was read. The file is a number, so that many places take little
// memory.
type place struct{ file, line int }

// merger finds the rows of files that were rejected several times. First all rows are
// added, then each is merged with those of its place.
type merger struct {
	files map[string]int
	// again has the places of rows that are not merged yet, with what else their rows
	// were rejected for.
	again map[place][]cause
}

// cause is why a row was rejected.
type cause struct{ reason, state, call string }

func causeOf(row *outcome.RejectedRow) cause {
	return cause{row.Message, row.State, row.Model + "." + row.Operation}
}

// place returns where a row was read, if that is known.
func (m *merger) place(row *outcome.RejectedRow) (at place, known bool) {
	if row.File == "" || row.Line == 0 {
		return at, false
	}
	file, seen := m.files[row.File]
	if !seen {
		file = len(m.files)
		m.files[row.File] = file
	}
	return place{file, row.Line}, true
}

// add reports whether a row is the first of its place.
func (m *merger) add(row *outcome.RejectedRow) bool {
	at, known := m.place(row)
	if !known {
		return true
	}
	others, seen := m.again[at]
	if seen {
		others = append(others, causeOf(row))
	}
	m.again[at] = others
	return !seen
}

// merge returns why a row was rejected, with the causes of all rows of its place, or
// false for those after the first.
func (m *merger) merge(row *outcome.RejectedRow) (cause, bool) {
	one := causeOf(row)
	at, known := m.place(row)
	if !known {
		return one, true
	}
	others, first := m.again[at]
	delete(m.again, at)
	reasons, calls := []string{one.reason}, []string{one.call}
	for _, other := range others {
		if !slices.Contains(reasons, other.reason) {
			reasons = append(reasons, other.reason)
		}
		if !slices.Contains(calls, other.call) {
			calls = append(calls, other.call)
		}
		if other.state == string(planhat.RowUnknown) || one.state == string(planhat.RowUnsent) {
			one.state = other.state // the one that needs more care
		}
	}
	one.reason, one.call = strings.Join(reasons, "; "), strings.Join(calls, "; ")
	return one, first
}
