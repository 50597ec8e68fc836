package simulator

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// handle carries out one call that was let in.
func (s *Server) handle(x *exchange) (*answer, *failure) {
	operations := map[string]struct {
		want right
		do   func(*exchange) (*answer, *failure)
	}{
		"get_list":             {mayRead, s.list},
		"get_lean_list":        {mayRead, s.leanList},
		"get_dimension_data":   {mayRead, s.list},
		"get_by_id":            {mayRead, s.get},
		"create":               {mayCreate, s.create},
		"update":               {mayUpdate, s.update},
		"delete":               {mayDelete, s.delete},
		"bulk_upsert":          {"", s.bulk},
		"duplicate":            {mayCreate, s.duplicate},
		"bulk_insert_metrics":  {"", s.insertMetrics},
		"create_activity":      {"", s.createActivity},
		"bulk_create_activity": {"", s.bulkActivities},
		"segment":              {"", s.segment},
	}
	op := operations[x.route.operation]
	if op.want != "" {
		if refused := s.denials.check(x.route.model, op.want); refused != nil {
			return nil, refused
		}
	}
	return op.do(x)
}

// object reads a body that must be one object.
func (x *exchange) object() (fields, *failure) {
	rows, isArray, refused := payload(x.body)
	if refused != nil {
		return nil, refused
	}
	if isArray {
		return nil, invalid("The body must be one JSON object, not an array.")
	}
	x.call.Rows = 1
	return rows[0], nil
}

func (s *Server) notFound(m *catalog.Model, id string) *failure {
	hint := ""
	if prefix, _ := splitPrefix(id); prefix == "" && !isID(id) {
		hint = " An _id has 24 hexadecimal digits; other ids need extid- or srcid- in front."
	}
	return refuse(http.StatusNotFound, fmt.Sprintf("%s %q was not found.%s", m.Name, id, hint))
}

func (s *Server) get(x *exchange) (*answer, *failure) {
	m := x.route.model
	s.store.mu.RLock()
	r := s.store.find(s.store.of(m), x.route.id, m.Keyables.Get)
	s.store.mu.RUnlock()
	if r == nil || !holds(m, r.fields) {
		return nil, s.notFound(m, x.route.id)
	}
	x.call.Rows = 1
	x.called(r.text)
	return ok(r.raw), nil
}

func (s *Server) create(x *exchange) (*answer, *failure) {
	in, refused := x.object()
	if refused != nil {
		return nil, refused
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	r, refused := s.createRecord(x.route.model, in, false)
	if refused != nil {
		return nil, refused
	}
	if r == nil {
		return nil, invalid("The ", x.route.model.Name, " cannot be tied to a company; send companyId, or an email whose domain a company has.")
	}
	s.settle()
	r = s.store.of(x.route.model).byID[r.id]
	x.called(r.text)
	status := http.StatusOK
	if s.switches.is(swCreateStatus, "201") {
		status = http.StatusCreated
	}
	return &answer{status: status, body: r.raw}, nil
}

func (s *Server) update(x *exchange) (*answer, *failure) {
	m := x.route.model
	in, refused := x.object()
	if refused != nil {
		return nil, refused
	}
	if in.get("_id") != nil && s.switches.is(swIDInUpdate, "error") {
		return nil, invalid("_id cannot be changed; leave it out of the body.")
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := s.store.of(m)
	old := s.store.find(c, x.route.id, m.Keyables.Update)
	if old == nil || !holds(m, old.fields) {
		return nil, s.notFound(m, x.route.id)
	}
	if _, refused = s.updateRecord(m, old, in); refused != nil {
		return nil, refused
	}
	s.settle()
	r := c.byID[old.id]
	x.called(r.text)
	return ok(r.raw), nil
}

func (s *Server) delete(x *exchange) (*answer, *failure) {
	m := x.route.model
	allowed := m.Keyables.Delete
	if s.switches.is(swDeleteByKey, "yes") {
		allowed = m.Keyables.Update
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := s.store.of(m)
	r := s.store.find(c, x.route.id, allowed)
	if r == nil || !holds(m, r.fields) {
		return nil, s.notFound(m, x.route.id)
	}
	c.remove(r)
	s.touch(m, r.fields)
	s.settle()
	x.call.Rows = 1
	x.called(r.text)
	counts := ok(jsontext.Value(`{"n":1,"ok":1,"deletedCount":1}`))
	switch s.switches[swDeleteAnswer] {
	case "document":
		return ok(r.raw), nil
	case "empty":
		return ok(nil), nil
	case "204":
		return &answer{status: http.StatusNoContent}, nil
	case "documented":
		if slices.Contains(m.Operation("delete").Returns, "record") {
			return ok(r.raw), nil
		}
	}
	return counts, nil
}

// roomForDerived is how many properties Planhat adds to a new record, roughly.
const roomForDerived = 24

// createRecord stores a new record. It returns nil without a failure if
// Planhat drops the row silently.
func (s *Server) createRecord(m *catalog.Model, in fields, bulk bool) (*record, *failure) {
	ch := &change{m: m, c: s.store.of(m), bulk: bulk}
	if refused := s.prepare(ch, in); refused != nil || ch.dropped {
		return nil, refused
	}
	if refused := missing(m, ch.in, bulk); refused != nil {
		return nil, refused
	}
	if refused := s.mandatory(m, ch.in); refused != nil {
		return nil, refused
	}
	id := s.store.newID()
	if given := in.text("_id"); bulk && isID(given) {
		id = given
	}
	ch.out = make(fields, 0, len(ch.in)+roomForDerived)
	ch.out.setText("_id", id)
	ch.out = append(ch.out, ch.in...)
	if refused := s.unique(ch); refused != nil {
		return nil, refused
	}
	now := stamp(s.options.Clock())
	for _, name := range []string{"createDate", "createdAt"} {
		if m.Property(name) != nil {
			ch.out.fill(name, now) // a ticket brings the time of its own system
		}
	}
	s.finish(ch)
	ch.out.fill("__v", jsontext.Value("0"))
	return s.save(ch, now), nil
}

// updateRecord changes the given properties and reports whether that made a
// difference.
func (s *Server) updateRecord(m *catalog.Model, old *record, in fields) (changed bool, refused *failure) {
	ch := &change{m: m, c: s.store.of(m), old: old}
	if refused = s.prepare(ch, in); refused != nil {
		return false, refused
	}
	if refused = cleared(m, ch.in); refused != nil {
		return false, refused
	}
	ch.out = slices.Clone(old.fields)
	for _, f := range ch.in {
		value := f.value
		if f.name == "custom" && s.switches.is(swCustom, "merge") {
			value = merged(old.get("custom"), value)
		}
		if !equal(old.get(f.name), value) {
			ch.out.set(f.name, value)
			changed = true
		}
	}
	if !changed {
		return false, nil
	}
	if refused = s.unique(ch); refused != nil {
		return false, refused
	}
	s.finish(ch)
	s.save(ch, stamp(s.options.Clock()))
	return true, nil
}

// save stores the outcome of a change.
func (s *Server) save(ch *change, now jsontext.Value) *record {
	for _, name := range []string{"updatedAt", "lastUpdated", "updateDate"} {
		if ch.m.Property(name) != nil {
			ch.out.set(name, now)
		}
	}
	r := ch.c.freeze(ch.out)
	ch.c.put(r)
	s.touch(ch.m, r.fields)
	if ch.old != nil {
		s.touch(ch.m, ch.old.fields)
	}
	s.follow(ch, r)
	return r
}

// merged sets the keys of the newer custom object in the older one; null
// clears a key.
func merged(old, newer jsontext.Value) jsontext.Value {
	if newer.Kind() != '{' || old.Kind() != '{' {
		return newer
	}
	out := members(old)
	for _, f := range members(newer) {
		if !equal(out.get(f.name), f.value) {
			out.set(f.name, f.value)
		}
	}
	return out.encode()
}

// equal reports whether two values mean the same: numbers and texts may be
// written in different ways.
func equal(a, b jsontext.Value) bool {
	if string(a) == string(b) {
		return true
	}
	if a.Kind() != b.Kind() {
		return !present(a) && !present(b)
	}
	switch a.Kind() {
	case '"':
		return textOf(a) == textOf(b)
	case '0':
		const exact = 1 << 53
		x, _ := numberOf(a)
		y, _ := numberOf(b)
		return x == y && x < exact && x > -exact
	}
	return false
}
