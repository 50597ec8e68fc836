package salesforce

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Values are fields of a record: strings, numbers (float64), booleans and nil.
// Dates and times are strings in the vendor's form.
type Values = map[string]any

// Org is an account of the vendor. Its methods are for tests: they change and read
// its data as users of the vendor's own pages do, without limits and validation.
type Org struct {
	ID    string
	clock *standin.Clock

	mu       sync.Mutex
	settings Settings
	objects  map[string]*object
	cursors  []*cursor
	jobs     map[string]*job
	writes   []Write
	lastID   int64
}

type record struct {
	id                string
	created, modified time.Time
	deleted           bool
	values            Values
}

// Record is a record as tests see it.
type Record struct {
	ID       string
	Modified time.Time // SystemModstamp
	Deleted  bool
	Values   Values
}

// Write is what the API changed.
type Write struct {
	At     time.Time
	Object string
	ID     string
	Values Values
}

// rule refuses updates.
type rule struct {
	code, message, field string
	broken               func(Values) bool
}

func newOrg(id string, clock *standin.Clock) *Org {
	return &Org{ID: id, clock: clock, settings: defaults(), objects: newObjects(), jobs: map[string]*job{}, lastID: 50_000}
}

// Add adds a record and returns its id of 18 characters.
func (o *Org) Add(object string, values Values) string { return o.AddAt(object, o.clock.Now(), values) }

// AddAt adds a record that was changed last at that time.
func (o *Org) AddAt(object string, at time.Time, values Values) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.table(object)
	o.lastID += 7
	at = at.Truncate(time.Second)
	r := &record{id: newID(t.prefix, o.lastID), created: at, modified: at, values: maps.Clone(values)}
	if r.values == nil {
		r.values = Values{}
	}
	for _, f := range t.fields {
		if _, ok := r.values[f.Name]; f.Type == "boolean" && !ok {
			r.values[f.Name] = false
		}
	}
	t.records[r.id] = r
	t.order = append(t.order, r)
	return r.id
}

func (o *Org) table(name string) *object {
	t := o.objects[name]
	if t == nil {
		panic("salesforce has no object " + name)
	}
	return t
}

func (o *Org) find(object, id string) *record {
	r := o.table(object).records[Long(id)]
	if r == nil {
		panic("salesforce has no " + object + " " + id)
	}
	return r
}

// touch sets when a record was changed last.
func (o *Org) touch(r *record) { r.modified = o.clock.Now().Truncate(time.Second) }

// Update changes fields of a record.
func (o *Org) Update(object, id string, values Values) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.find(object, id)
	maps.Copy(r.values, values)
	o.touch(r)
}

// SetSilently changes fields and not SystemModstamp, as formula fields change.
func (o *Org) SetSilently(object, id string, values Values) {
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.Copy(o.find(object, id).values, values)
}

// Delete puts a record into the recycle bin, with the contacts, opportunities,
// cases and activities of an account.
func (o *Org) Delete(object, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(o.find(object, id))
	if object != "Account" {
		return
	}
	for _, t := range o.objects {
		for _, r := range t.order {
			if r.values["AccountId"] == Long(id) && !r.deleted {
				o.remove(r)
			}
		}
	}
}

func (o *Org) remove(r *record) {
	r.deleted = true
	o.touch(r)
}

// Undelete takes a record out of the recycle bin.
func (o *Org) Undelete(object, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.find(object, id)
	r.deleted = false
	o.touch(r)
}

// Purge removes a record for good, so that no query finds it.
func (o *Org) Purge(object, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t, r := o.table(object), o.find(object, id)
	delete(t.records, r.id)
	t.order = slices.DeleteFunc(t.order, func(other *record) bool { return other == r })
}

// Merge merges records into another one: they are deleted, and contacts of merged
// accounts move.
func (o *Org) Merge(object, into string, ids ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		o.remove(o.find(object, id))
		for _, r := range o.objects["Contact"].order {
			if object == "Account" && r.values["AccountId"] == Long(id) {
				r.values["AccountId"] = Long(into)
				o.touch(r)
			}
		}
	}
	o.touch(o.find(object, into))
}

// Get returns a record, also a deleted one.
func (o *Org) Get(object, id string) Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.find(object, id)
	return Record{r.id, r.modified, r.deleted, maps.Clone(r.values)}
}

// Records returns the records of an object that are not deleted.
func (o *Org) Records(object string) (list []Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.table(object).order {
		if !r.deleted {
			list = append(list, Record{r.id, r.modified, false, maps.Clone(r.values)})
		}
	}
	return list
}

// AddField adds a field to an object.
func (o *Org) AddField(object string, f Field) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.table(object)
	t.fields = append(t.fields, f)
}

// RenameField gives a field another name, with its values.
func (o *Org) RenameField(object, from, to string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.table(object)
	t.fields = slices.Clone(t.fields)
	for i := range t.fields {
		if t.fields[i].Name == from {
			t.fields[i].Name = to
		}
	}
	for _, r := range t.order {
		r.values[to] = r.values[from]
		delete(r.values, from)
	}
}

// DeleteField removes a field from an object.
func (o *Org) DeleteField(object, name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.table(object)
	t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(f Field) bool { return f.Name == name })
}

// Normalize changes texts that the API writes to a field, as a trigger does.
func (o *Org) Normalize(object, name string, change func(string) string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, f := range o.table(object).fields {
		if f.Name == name {
			o.table(object).fields[i].normalize = change
		}
	}
}

// HideField hides a field from the user whose token it is, or shows it again.
func (o *Org) HideField(object, name string, hidden bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.table(object).hidden[name] = hidden
}

// AddRule refuses updates after which broken is true, with an error code such as
// FIELD_CUSTOM_VALIDATION_EXCEPTION or DUPLICATES_DETECTED.
func (o *Org) AddRule(object, code, message, field string, broken func(Values) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.table(object)
	t.rules = append(t.rules, rule{code, message, field, broken})
}

// Writes returns what the API changed of an object.
func (o *Org) Writes(object string) (list []Write) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.writes {
		if w.Object == object {
			list = append(list, w)
		}
	}
	return list
}

// archived reports whether an activity is so old that queries leave it out.
func (o *Org) archived(t *object, r *record) bool {
	if t.name != "Task" && t.name != "Event" {
		return false
	}
	day, _ := r.values["ActivityDate"].(string)
	return day != "" && day < o.clock.Now().AddDate(0, 0, -365).Format(time.DateOnly) && (t.name == "Event" || r.values["IsClosed"] == true)
}

// value returns a field's value in the form of JSON answers.
func (o *Org) value(t *object, r *record, f *Field) any {
	switch f.Name {
	case "Id":
		return r.id
	case "IsDeleted":
		return r.deleted
	case "CreatedDate":
		return stamp(r.created)
	case "SystemModstamp", "LastModifiedDate":
		return stamp(r.modified)
	case "IsArchived":
		return o.archived(t, r)
	}
	if v, ok := r.values[f.Name]; ok && v != "" {
		if n, ok := v.(int); ok {
			return float64(n)
		}
		return v
	}
	return nil
}

// stamp is a time as answers have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000") + "+0000" }

func equal(a, b string) bool { return strings.EqualFold(a, b) }
