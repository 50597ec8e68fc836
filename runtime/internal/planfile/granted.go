package planfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Customs counts the rows that take for granted that setting one custom property leaves the
// others alone.
func (r *Report) Customs() int { return r.customs }

// Fields are the custom fields that are deleted or get another type, by their names or, if
// they were not looked up, their ids.
func (r *Report) Fields() []string { return r.fields }

// Writes reports whether a client has steps.
func (r *Report) Writes(client int) bool { return r.writers[client] }

// Keyless is where records without a key are created.
func (r *Report) Keyless() []plan.Unknown {
	var out []plan.Unknown
	for _, at := range ordered(r.keyless) {
		out = append(out, plan.Unknown{Script: at.script, Line: at.line})
	}
	return out
}

// ordered returns places in the order of their lines.
func ordered(places map[place]int) []place {
	return slices.SortedFunc(maps.Keys(places), func(a, b place) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.script+a.what, b.script+b.what)
	})
}

// keyless reports whether a row creates a record that can't be found again by a key. The key of
// a copy is that of the original.
func keyless(s *plan.Step, row *plan.StepRow) bool {
	return row.Action == plan.Create && (row.Key == nil || s.Operation == "duplicate")
}

// customRow counts a row that sets custom properties of a record that may have others.
func (r *Report) customRow(row *plan.StepRow) {
	switch row.Action {
	case plan.Update, plan.Upsert:
	default:
		return
	}
	sets := slices.ContainsFunc(row.Changes, func(c plan.Change) bool { return strings.HasPrefix(c.Path, "custom.") })
	if sets || row.Blind && slices.Contains(fieldsOf(row.Body), "custom") {
		r.customs++
	}
}

// all counts a row that changes the values of all records, and reports whether it does.
func (r *Report) all(m *Model, s *plan.Step, row *plan.StepRow) bool {
	model := catalog.Load().Model(s.Model)
	if s.Method != "" {
		model, _ = plan.Deletes(s.Method, s.Path)
	}
	if model == nil || !model.Has(catalog.FieldDefinition) {
		return false
	}
	var c Counts
	switch {
	case row.Action == plan.Delete:
		c.Deleted = 1
	case row.Action != plan.Update || !sets(row, "type"):
		return false
	case row.Blind:
		c.Blind = 1
	default:
		c.Updated = 1
	}
	m.add(c)
	m.alls.add(c)
	r.blindRow(s, row)
	keep(&m.All, s, row)
	name := row.Name
	if name == "" {
		name = row.ID
	}
	r.fields = append(r.fields, strings.Clone(name))
	return true
}

// Listed counts the rows of a model except those that change the values of all records.
func (m *Model) Listed() Counts {
	c := m.Counts
	c.Deleted -= m.alls.Deleted
	c.Updated -= m.alls.Updated
	c.Blind -= m.alls.Blind
	return c
}

// Everywhere counts the rows that change the values of all records.
func (m *Model) Everywhere() int { return m.alls.Changes() }

// sets reports whether a row changes a property, or may.
func sets(row *plan.StepRow, property string) bool {
	return slices.ContainsFunc(row.Changes, func(c plan.Change) bool { return c.Path == property }) ||
		row.Blind && slices.Contains(fieldsOf(row.Body), property)
}
