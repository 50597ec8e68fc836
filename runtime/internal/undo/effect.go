package undo

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// brief is what is kept of each record that a run changed.
type brief struct {
	model *catalog.Model
	id    string
	// key identifies the record, name is for people.
	key  plan.Key
	name string
	// first and last are the changes by which they are ordered.
	first, last int64
	// created and deleted say what the run did with the record.
	created, deleted bool
	// there is true if the record was found, going if the plan deletes it.
	there, going bool
}

// effect is what a run did to one record in all.
type effect struct {
	*brief
	// bare is true if what the run wrote is not recorded, although it could be.
	bare bool
	// before has the values that the run replaced, null for none; it lacks those that were not
	// read. after has the values that it wrote. Paths are properties, custom.NAME for custom ones.
	before, after map[string]jsontext.Value
	// others are custom properties that the run did not write, and that Planhat may have removed
	// all the same.
	others map[string]jsontext.Value
	// whole is a deleted record, as it was at time at.
	whole planhat.Record
	at    time.Time
}

// paths returns the paths that the run wrote, in order.
func (e *effect) paths() []string { return slices.Sorted(maps.Keys(e.after)) }

// place is a record of a model. The id is in lower case.
type place struct {
	model *catalog.Model
	id    string
}

// placeOf returns the record that a change is about: that of the model of which it is a part.
func placeOf(m *catalog.Model, id string) place {
	if m.Part != nil {
		m = catalog.Load().Model(m.Part.Of)
	}
	return place{m, strings.ToLower(id)}
}

// index has all records that a run changed.
type index struct {
	byID map[place]*brief
	list []*brief
	// sent counts metrics and activities by operation, unknown are the rows of which nothing tells
	// their record, and found has those that were found all the same, by the numbers of the
	// changes.
	sent    map[string]int
	unknown []*changes.Change
	found   map[int64]string
	// names has the properties that were written, by model.
	names map[*catalog.Model]map[string]bool
}

func newIndex() *index {
	return &index{byID: map[place]*brief{}, sent: map[string]int{}, found: map[int64]string{}, names: map[*catalog.Model]map[string]bool{}}
}

// counts reports whether a change may have been made.
func counts(c *changes.Change) bool {
	return c.State != changes.Rejected && c.State != changes.Failed && c.State != changes.Skipped
}

// add adds a change.
func (x *index) add(c *changes.Change) {
	if !counts(c) {
		return
	}
	m := catalog.Load().Model(c.Model)
	if c.Action == plan.Send || m == nil {
		x.sent[c.Model+"."+c.Operation]++
		return
	}
	if c.ID == "" {
		copied := *c
		x.unknown = append(x.unknown, &copied)
		return
	}
	at := placeOf(m, c.ID)
	b := x.byID[at]
	if b == nil {
		b = &brief{model: m, id: c.ID, first: c.Seq}
		x.byID[at] = b
		x.list = append(x.list, b)
	}
	if c.KeyName != "_id" && c.KeyValue != "" {
		b.key = plan.Key{Name: c.KeyName, Value: c.KeyValue}
	}
	if c.Name != "" {
		b.name = c.Name
	}
	x.name(b.model, c)
	b.first, b.last = min(b.first, c.Seq), max(b.last, c.Seq)
	b.created = b.created || c.Action == plan.Create
	b.deleted = b.deleted || c.Action == plan.Delete
}

// name adds the properties that a change writes.
func (x *index) name(m *catalog.Model, c *changes.Change) {
	if c.Action == plan.Delete {
		return
	}
	names := x.names[m]
	if names == nil {
		names = map[string]bool{}
		x.names[m] = names
	}
	for _, values := range []jsontext.Value{c.Before, c.After} {
		for path := range plan.Members(values) {
			name, _, _ := strings.Cut(path, ".")
			names[name] = true
		}
	}
}

// effects adds up the changes of some records.
func (u *undoing) effects(list []*brief) ([]*effect, error) {
	out := make([]*effect, len(list))
	byID := make(map[place]*effect, len(list))
	first, last := list[0].first, list[0].last
	for i, b := range list {
		out[i] = &effect{brief: b, before: map[string]jsontext.Value{}, after: map[string]jsontext.Value{}}
		byID[placeOf(b.model, b.id)] = out[i]
		first, last = min(first, b.first), max(last, b.last)
	}
	err := u.Changes(first-1, last, func(c *changes.Change) {
		m := catalog.Load().Model(c.Model)
		if m == nil || !counts(c) || c.Action == plan.Send {
			return
		}
		if e := byID[placeOf(m, cmp.Or(c.ID, u.index.found[c.Seq]))]; e != nil {
			e.add(m, c)
		}
	})
	return out, err
}

// add adds a change.
func (e *effect) add(m *catalog.Model, c *changes.Change) {
	switch c.Action {
	case plan.Create:
		e.bare = e.bare || c.After == nil && c.Operation != "duplicate"
		maps.Copy(e.after, flat(m, c.After))
	case plan.Delete:
		e.at, e.whole = c.At, planhat.Record(slices.Clone(c.Before))
	default:
		e.bare = e.bare || c.After == nil
		e.change(m, c)
	}
}

// change adds an update.
func (e *effect) change(m *catalog.Model, c *changes.Change) {
	after := plan.Members(c.After)
	if c.Before == nil {
		after = flat(m, c.After)
	}
	before := plan.Members(c.Before)
	for path, value := range after {
		if _, again := e.after[path]; !again && !e.created {
			if was, read := before[path]; read {
				e.before[path] = slices.Clone(was)
			}
		}
		e.after[path] = slices.Clone(value)
	}
	for path, was := range before {
		_, written := e.after[path]
		_, known := e.others[path]
		if !written && !known && !e.created {
			if e.others == nil {
				e.others = map[string]jsontext.Value{}
			}
			e.others[path] = slices.Clone(was)
		}
	}
}

// flat returns the values of a row by path.
func flat(m *catalog.Model, row []byte) map[string]jsontext.Value {
	out := map[string]jsontext.Value{}
	for name, value := range plan.Members(row) {
		p := m.Property(name)
		switch {
		case name == "_id" || name == "__v" || p != nil && p.ReadOnly:
		case name == "custom" && value.Kind() == '{':
			for inner, one := range plan.Members(value) {
				out["custom."+inner] = slices.Clone(one)
			}
		default:
			out[name] = slices.Clone(value)
		}
	}
	return out
}

// valueAt returns the value of a path in a record, nil for none.
func valueAt(record map[string]jsontext.Value, path string) jsontext.Value {
	if inner, ok := strings.CutPrefix(path, "custom."); ok {
		return plan.Members(record["custom"])[inner]
	}
	return record[path]
}

// label names a record for people.
func (b *brief) label() string {
	switch {
	case b.name != "" && b.key.Value != "":
		return b.model.Snake + " " + b.name + ", " + b.key.Name + " " + b.key.Value
	case b.key.Value != "":
		return b.model.Snake + " " + b.key.Name + " " + b.key.Value
	case b.name != "":
		return b.model.Snake + " " + b.name + ", _id " + b.id
	}
	return b.model.Snake + " _id " + b.id
}
