package plan

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// state is what a dry run has planned for a record.
type state byte

const (
	asRead state = iota
	changed
	created
	deleted
)

// record is one record as it would be.
type record struct {
	id string
	// text has the properties that are known, as JSON, since records may be many. whole says
	// that these are all.
	text jsontext.Value
	// known has the properties that were asked for, of a record that is not whole.
	known map[string]bool
	// sent are the planned changes to a record of Planhat's, as JSON.
	sent jsontext.Value
	// number is that of the placeholder, for a new record.
	number int32
	state  state
	whole  bool
	// blind says that it was not looked up whether the record exists.
	blind bool
}

// fields returns the properties that are known. They share memory with the record.
func (r *record) fields() object {
	out, err := parse(r.text)
	if err != nil {
		return nil
	}
	return out
}

// changes returns the planned changes.
func (r *record) changes() object {
	out, err := parse(r.sent)
	if err != nil {
		return nil
	}
	return out
}

// all returns the properties of a record. A new one has the defaults that the catalog
// knows.
func (r *record) all(m *catalog.Model) object {
	out := r.fields()
	if r.state != created {
		return out
	}
	for _, p := range m.Properties {
		if p.Default != nil && out.get(p.Name) == nil {
			out = append(out, field{p.Name, p.Default})
		}
	}
	return out
}

// key is a property by which records are found.
type key struct{ name, value string }

func keyOf(name, value string) key {
	if name == "email" || name == "_id" {
		value = strings.ToLower(value)
	}
	return key{name, value}
}

var seed = maphash.MakeSeed()

// hash returns a number that is the same for equal keys.
func (k key) hash() uint64 { return maphash.Comparable(seed, k) }

// table holds the records of a model that were read or planned.
type table struct {
	byID map[string]*record
	// byKey has the first record with a key, twins the others, by the hash of the key: the
	// keys themselves are in the records.
	byKey map[uint64]*record
	twins map[uint64][]*record
	// absent are keys that Planhat does not have, as far as it was asked.
	absent map[key]bool
	// complete has the models of which every record was read, and with which properties.
	complete map[string]map[string]bool
	// within has the companies of which every record was read, companyLists counts the lists
	// for that. long says that a list of all has several pages.
	within       map[string]bool
	companyLists int
	long         bool
	// planned are the records with planned changes, in the order of the first change.
	// writes counts those changes.
	planned []*record
	writes  int
	// pages are whole records of lists that the script has read, and their size.
	pages map[string]planhat.Record
	held  int
}

// KeysOf returns the properties by which Planhat finds records of a model, without _id.
func KeysOf(m *catalog.Model) []string {
	names := slices.Clone(m.Keyables.Bulk)
	for _, name := range []string{"sourceId", m.ExternalID()} {
		if name != "" && m.Property(name) != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "_id" })
}

// holds reports whether a record belongs to a model, which may be part of another.
func holds(m *catalog.Model, r *record) bool { return m.Part == nil || part(m, r.fields()) }

// part is holds for the properties of a record.
func part(m *catalog.Model, fields object) bool {
	return m.Part == nil || slices.ContainsFunc(m.Part.By, func(name string) bool { return fields.text(name) == m.Part.Value })
}

// put adds a record, or what was read of one that is there. Planned changes stay. raw is
// the text of the fields, nil if it differs.
func (t *table) put(m *catalog.Model, fields object, raw []byte, whole bool) *record {
	if raw == nil {
		raw = fields.encode()
	}
	given := fields.text("_id")
	id := strings.ToLower(given)
	r := t.byID[id]
	switch {
	case r == nil:
		r = &record{id: given, text: raw, whole: whole}
		t.byID[id] = r
	case r.state == created || r.state == deleted || r.whole:
		return r
	default:
		for _, f := range r.fields() {
			if fields.get(f.name) == nil {
				fields = append(fields, f)
			}
		}
		for _, f := range r.changes() {
			fields = fields.with(f.name, laid(fields.get(f.name), f))
		}
		r.text, r.whole = fields.encode(), whole
	}
	t.index(m, r, fields)
	return r
}

// index makes a record with these properties findable by its keys. Entries of earlier keys
// stay, and are checked when they are found.
func (t *table) index(m *catalog.Model, r *record, fields object) {
	for _, name := range KeysOf(m) {
		value := fields.text(name)
		if value == "" {
			continue
		}
		k := keyOf(name, value).hash()
		switch first := t.byKey[k]; {
		case first == nil:
			t.byKey[k] = r
		case first != r && !slices.Contains(t.twins[k], r):
			t.twins[k] = append(t.twins[k], r)
		}
	}
}

// find returns the records that have a key.
func (t *table) find(m *catalog.Model, k key) []*record {
	if k.name == "_id" {
		if r := t.byID[k.value]; r != nil && r.state != deleted && holds(m, r) {
			return []*record{r}
		}
		return nil
	}
	var out []*record
	add := func(r *record) {
		if r == nil || r.state == deleted {
			return
		}
		if fields := r.fields(); keyOf(k.name, fields.text(k.name)) == k && (m.Part == nil || part(m, fields)) {
			out = append(out, r)
		}
	}
	hash := k.hash()
	add(t.byKey[hash])
	for _, r := range t.twins[hash] {
		add(r)
	}
	return out
}

// covers reports whether all records of a model are there, with the named properties.
func (t *table) covers(m *catalog.Model, names []string) bool {
	have, complete := t.complete[m.Snake]
	return complete && !slices.ContainsFunc(names, func(name string) bool { return !have[name] })
}

func (t *table) plan(r *record) {
	if r.state == asRead {
		t.planned = append(t.planned, r)
	}
	t.writes++
}

// change lays a row over a record, and returns what makes a difference. It leaves
// out what only Planhat sets.
func (t *table) change(m *catalog.Model, r *record, row object) (sent object) {
	fields := r.fields()
	for _, f := range row {
		p := m.Property(f.name)
		if f.name == "_id" || f.name == "__v" || p != nil && p.ReadOnly || t.unchanged(r, fields, p, f) {
			continue
		}
		sent = append(sent, f)
	}
	if len(sent) == 0 {
		return nil
	}
	t.plan(r)
	if r.state == asRead {
		r.state = changed
	}
	changes := r.changes()
	for _, f := range sent {
		changes = changes.with(f.name, laid(changes.get(f.name), f))
		fields = fields.with(f.name, laid(fields.get(f.name), f))
	}
	if r.state == changed {
		r.sent = changes.encode()
	}
	r.text = fields.encode()
	t.index(m, r, fields)
	return sent
}

// unchanged reports whether a record with these properties is known to have a value.
func (t *table) unchanged(r *record, fields object, p *catalog.Property, f field) bool {
	have := fields.get(f.name)
	if have == nil && r.state == created && p != nil {
		have = p.Default
	}
	if have == nil && r.state != created && !r.whole && !r.known[f.name] {
		return false
	}
	if f.name != "custom" || f.value.Kind() != '{' {
		return same(p, have, f.value)
	}
	mine, errMine := parse(f.value)
	theirs, err := parse(have)
	if errMine != nil || err != nil {
		return equal(have, f.value)
	}
	for _, one := range mine {
		if !equal(theirs.get(one.name), one.value) {
			return false
		}
	}
	return true
}

// laid returns the value of a property after a change: custom fields are set one by one.
func laid(have jsontext.Value, f field) jsontext.Value {
	if f.name != "custom" || have.Kind() != '{' || f.value.Kind() != '{' {
		return f.value
	}
	out, err := parse(have)
	if err != nil {
		return f.value
	}
	more, err := parse(f.value)
	if err != nil {
		return f.value
	}
	for _, one := range more {
		out = out.with(one.name, one.value)
	}
	return out.encode()
}

// remove plans the deletion of a record.
func (t *table) remove(r *record) {
	t.plan(r)
	r.state = deleted
}

// mostHeld bounds the records of lists that are kept, in bytes.
const mostHeld = 32 << 20

// keep keeps a whole record of a list, so that it need not be read again.
func (t *table) keep(id string, r planhat.Record) {
	if _, known := t.pages[id]; known || t.held+len(r) > mostHeld {
		return
	}
	t.pages[id] = slices.Clone(r)
	t.held += len(r)
}

// listed adds a record that a list has shown, if it was kept.
func (t *table) listed(m *catalog.Model, id string) {
	raw := t.pages[strings.ToLower(id)]
	if raw == nil {
		return
	}
	fields, err := parse(raw)
	if err != nil {
		return
	}
	for i, f := range fields {
		// Lists show an object in place of an id here.
		if p := m.Property(f.name); p != nil && p.ObjectInLists && f.value.Kind() == '{' {
			fields[i].value = quote(idIn(f.value))
		}
	}
	t.put(m, fields, nil, true)
}
