package plan

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// changes returns what a row would change in a record. It must be called before the change.
func (s *session) changes(m *catalog.Model, r *record, row object) (out []Change) {
	if s.writing == nil {
		return nil
	}
	t, fields := s.table(m), r.fields()
	for _, f := range row {
		p := m.Property(f.name)
		if f.name == "_id" || f.name == "__v" || p != nil && p.ReadOnly || t.unchanged(r, fields, p, f) {
			continue
		}
		have, read := fields.get(f.name), r.whole || r.number > 0 && !r.blind || r.known[f.name]
		if have == nil && r.state == created && p != nil {
			have = p.Default
		}
		if f.name == "custom" && f.value.Kind() == '{' && (have == nil || have.Kind() == '{') {
			out = append(out, changesWithin(f, have, read)...)
			continue
		}
		one := changeOf(f.name, have, f.value, read)
		one.Day = p != nil && p.Type == catalog.Days
		out = append(out, one)
	}
	return out
}

// changesWithin compares the parts of an object.
func changesWithin(f field, have jsontext.Value, read bool) (out []Change) {
	mine, err := parse(f.value)
	if err != nil {
		return []Change{changeOf(f.name, have, f.value, read)}
	}
	theirs, _ := parse(have)
	for _, one := range mine {
		if before := theirs.get(one.name); have == nil && !read || !equal(before, one.value) {
			out = append(out, changeOf(f.name+"."+one.name, before, one.value, read || have != nil))
		}
	}
	return out
}

// changeOf returns the change of one property.
func changeOf(path string, before, after jsontext.Value, read bool) Change {
	return Change{Path: path, Before: before, Absent: before == nil && read, Unread: before == nil && !read, After: after}
}
