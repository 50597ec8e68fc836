package undo

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// mostRows is how many rows a request restores. All models take as many.
const mostRows = 1_000

// restore plans the old values of records.
func (u *undoing) restore(m *catalog.Model, list []*brief) error {
	bulk, single := inBulk(m), m.Operation("update")
	var rows []plan.StepRow
	flush := func() {
		if len(rows) > 0 {
			u.record(m, "bulk_upsert", rows, nil, nil)
			rows = nil
		}
	}
	err := u.each(m, list, func(e *effect, now map[string]jsontext.Value) {
		row, ok := u.restored(e, now)
		if !ok {
			return
		}
		switch {
		case single != nil && (!bulk || len(list) == 1):
			u.record(m, "update", []plan.StepRow{row}, nil, nil)
		default:
			row.Row = len(rows) + 1
			row.Body = withID(row.Body, e.id)
			rows = append(rows, row)
			if len(rows) == mostRows {
				flush()
			}
		}
	})
	flush()
	return err
}

// giveBack plans to give records of a model their keys back.
func (u *undoing) giveBack(m *catalog.Model, rows []plan.StepRow) {
	if m.Operation("update") != nil && (!inBulk(m) || len(rows) == 1) {
		for i := range rows {
			u.record(m, "update", rows[i:i+1], nil, nil)
		}
		return
	}
	for part := range slices.Chunk(rows, mostRows) {
		for i := range part {
			part[i].Row, part[i].Body = i+1, withID(part[i].Body, part[i].ID)
		}
		u.record(m, "bulk_upsert", part, nil, nil)
	}
}

// inBulk reports whether a bulk request can change records of a model by their _id.
func inBulk(m *catalog.Model) bool {
	return m.Operation("bulk_upsert") != nil && slices.Contains(m.Keyables.Bulk, "_id")
}

// refused says why changes can't be made, or returns "".
func refused(m *catalog.Model, list []plan.Change) string {
	switch {
	case m.Has(catalog.FieldDefinition) && slices.ContainsFunc(list, func(c plan.Change) bool { return c.Path == "type" }):
		return "its type was changed, which affects the values in all records"
	case m.Operation("update") == nil && !inBulk(m):
		return "Planhat's API can't change it"
	}
	return ""
}

func withID(body jsontext.Value, id string) jsontext.Value {
	if len(body) <= len("{}") {
		return object{}.with("_id", quoted(id)).text()
	}
	return slices.Concat([]byte(`{"_id":`), quoted(id), []byte(","), body[1:])
}

func (u *undoing) never(e *effect, why string) {
	u.report.Never[e.model.Snake+changesOf]++
	u.report.leave(never, e.label(), why)
}

// restored returns the row that gives a record its old values, without keys that a new record may
// have: these are for later. It is false for none.
func (u *undoing) restored(e *effect, now map[string]jsontext.Value) (row plan.StepRow, ok bool) {
	if now == nil {
		u.report.Stay++
		u.report.leave(stay, e.label(), "it was deleted since")
		return row, false
	}
	if e.bare && len(e.after) == 0 {
		u.report.Unread++
		u.report.leave(unread, e.label(), "what the run wrote is no longer recorded")
		return row, false
	}
	row = e.row(plan.Update)
	keys := e.row(plan.Update)
	var body, given object
	custom := map[string]jsontext.Value{}
	var kept, blind []string
	for _, path := range e.paths() {
		old, read := e.before[path]
		have := u.have(e.model, now, path)
		switch {
		case !read:
			blind = append(blind, path+" was not read before it was changed")
			continue
		case plan.Same(e.model, path, absent(have), absent(old)):
			continue
		case !plan.Same(e.model, path, absent(have), absent(e.after[path])) && !u.overwrites(e.model, path):
			kept = append(kept, path+" was changed since, from "+shown(e.after[path])+" to "+shown(have))
			continue
		}
		change := plan.Change{Path: path, Before: absent(have), Absent: absent(have) == nil, After: null(old)}
		if u.taken[e.model] && absent(old) != nil && slices.Contains(plan.KeysOf(e.model), path) {
			keys.Changes, given = append(keys.Changes, change), given.with(path, old)
			continue
		}
		row.Changes = append(row.Changes, change)
		if inner, ok := strings.CutPrefix(path, "custom."); ok {
			custom[inner] = null(old)
			continue
		}
		body = body.with(path, null(old))
	}
	for _, path := range sorted(e.others) {
		_, written := e.after[path]
		if old := e.others[path]; !written && absent(old) != nil && absent(u.have(e.model, now, path)) == nil {
			row.Changes = append(row.Changes, plan.Change{Path: path, Absent: true, After: old})
			custom[strings.TrimPrefix(path, "custom.")] = old
		}
	}
	none := len(row.Changes)+len(keys.Changes) == 0
	left := strings.Join(slices.Concat(kept, blind), "; ")
	switch {
	case none && len(kept) > 0:
		u.report.Stay++
		u.report.leave(stay, e.label(), left)
		return row, false
	case none && len(blind) > 0:
		u.report.Unread++
		u.report.leave(unread, e.label(), left)
		return row, false
	case none && len(e.after) == 0:
		u.report.Changes-- // it changed nothing
		return row, false
	case none:
		u.report.Already++
		return row, false
	}
	if why := refused(e.model, slices.Concat(row.Changes, keys.Changes)); why != "" {
		u.never(e, why)
		return row, false
	}
	if len(keys.Changes) > 0 {
		keys.Body = given.text()
		u.later[e.model] = append(u.later[e.model], keys)
	}
	if len(custom) > 0 {
		body = body.with("custom", putBack(now["custom"], custom))
	}
	row.Body = body.text()
	u.report.Reverted++
	if left != "" {
		u.report.Partly++
		u.report.leave(part, e.label(), left)
	}
	return row, len(row.Changes) > 0
}

// have returns the value of a path in a record, under the name by which Planhat returns it.
func (u *undoing) have(m *catalog.Model, now map[string]jsontext.Value, path string) jsontext.Value {
	if p := m.Property(path); p != nil && p.ReadAs != "" {
		path = p.ReadAs
	}
	return valueAt(now, path)
}

// overwrites reports whether a property is to get its old value in any case.
func (u *undoing) overwrites(m *catalog.Model, path string) bool {
	name := m.Snake + "." + path
	if !slices.Contains(u.Overwrite, name) {
		return false
	}
	u.overwritten[name] = true
	return true
}

// putBack returns the custom properties of a record with old values. It has all of them, so
// the result is right whether Planhat replaces custom or merges into it.
func putBack(now jsontext.Value, old map[string]jsontext.Value) jsontext.Value {
	var out object
	have := plan.Members(now)
	for _, name := range sorted(have) {
		if value, touched := old[name]; touched {
			out = out.with(name, value)
		} else {
			out = out.with(name, have[name])
		}
	}
	for _, name := range sorted(old) {
		if _, there := have[name]; !there {
			out = out.with(name, old[name])
		}
	}
	return out.text()
}

// absent returns nil for null.
func absent(v jsontext.Value) jsontext.Value {
	if len(v) == 0 || v.Kind() == 'n' {
		return nil
	}
	return v
}

// null returns null for nil.
func null(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value("null")
	}
	return v
}

// shown is a value for people.
func shown(v jsontext.Value) string {
	const longest = 60
	if absent(v) == nil {
		return "empty"
	}
	if text := []rune(string(v)); len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(v)
}
