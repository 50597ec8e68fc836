package undo

import (
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

// effect is what a run did to one record in all.
type effect struct {
	model *catalog.Model
	id    string
	// key identifies the record, name is for people.
	key  plan.Key
	name string
	// first and last are the changes by which they are ordered.
	first, last int64
	// created and deleted say what the run did with the record, doubtful that it is not known
	// whether it did.
	created, deleted, doubtful bool
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

// effects adds up changes.
type effects struct {
	byID map[string]*effect
	list []*effect
	// sent counts values and events by operation, unknown the rows of which nothing tells
	// their record.
	sent    map[string]int
	unknown []*changes.Change
}

func newEffects() *effects { return &effects{byID: map[string]*effect{}, sent: map[string]int{}} }

// of returns the effect on a record.
func (s *effects) of(m *catalog.Model, c *changes.Change) *effect {
	name := m.Snake
	if m.Part != nil {
		name = m.Part.Of
	}
	at := name + " " + strings.ToLower(c.ID)
	e := s.byID[at]
	if e == nil {
		e = &effect{model: m, id: c.ID, first: c.Seq, before: map[string]jsontext.Value{}, after: map[string]jsontext.Value{}}
		s.byID[at] = e
		s.list = append(s.list, e)
	}
	if c.KeyName != "_id" && c.KeyValue != "" {
		e.key = plan.Key{Name: c.KeyName, Value: c.KeyValue}
	}
	if c.Name != "" {
		e.name = c.Name
	}
	e.last = c.Seq
	e.doubtful = e.doubtful || c.State != changes.Done
	return e
}

// add adds a change.
func (s *effects) add(c *changes.Change) {
	switch c.State {
	case changes.Rejected, changes.Failed, changes.Skipped:
		return
	}
	m := catalog.Load().Model(c.Model)
	if c.Action == plan.Send || m == nil {
		s.sent[c.Model+"."+c.Operation]++
		return
	}
	if c.ID == "" {
		copied := *c
		s.unknown = append(s.unknown, &copied)
		return
	}
	e := s.of(m, c)
	switch c.Action {
	case plan.Create:
		e.created = true
		e.bare = e.bare || c.After == nil && c.Operation != "duplicate"
		maps.Copy(e.after, flat(m, c.After))
	case plan.Delete:
		e.deleted, e.at, e.whole = true, c.At, planhat.Record(slices.Clone(c.Before))
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
func (e *effect) label() string {
	switch {
	case e.name != "" && e.key.Value != "":
		return e.model.Snake + " " + e.name + ", " + e.key.Name + " " + e.key.Value
	case e.key.Value != "":
		return e.model.Snake + " " + e.key.Name + " " + e.key.Value
	case e.name != "":
		return e.model.Snake + " " + e.name + ", _id " + e.id
	}
	return e.model.Snake + " _id " + e.id
}
