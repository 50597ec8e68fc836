package hubspot

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Portal is an account. Its methods are for tests: they change and read its data
// as users of the vendor's own pages do, without limits and without validation.
type Portal struct {
	ID    string
	clock *standin.Clock

	requests atomic.Int64
	mu       sync.Mutex
	settings Settings
	tables   map[*kind]*table
	links    map[link][]association
	owners   []Owner
	pipes    map[*kind][]Pipeline
	rules    []rule
	forms    map[*kind]map[string]func(string) string
	writes   []Write
	lastID   int64
	sequence int64
}

// table holds the records of an object type.
type table struct {
	records map[string]*record
	order   []*record // by id
	fields  []Property
	merged  map[string]string // ids that were merged, and into which
}

// record is a record with the versions of it that searches may still show.
type record struct {
	id       int64
	created  time.Time
	versions []*version // the last one is current
}

// version is a state of a record. Its properties are never changed.
type version struct {
	sequence   int64     // of the write; searches order equal records by it
	visible    time.Time // when searches see it
	updated    time.Time
	archivedAt time.Time // zero for a record that is not archived
	gone       bool      // merged into another one
	properties map[string]string
}

// Record is a record as tests see it.
type Record struct {
	ID               string
	Created, Updated time.Time
	Archived         bool
	Properties       map[string]string
}

func newPortal(id string, clock *standin.Clock) *Portal {
	p := &Portal{
		ID: id, clock: clock, settings: defaults(), tables: map[*kind]*table{}, links: map[link][]association{}, pipes: map[*kind][]Pipeline{},
		forms: map[*kind]map[string]func(string) string{}, lastID: 51_230_000,
	}
	for _, k := range kinds {
		p.tables[k] = &table{records: map[string]*record{}, fields: slices.Clone(k.properties), merged: map[string]string{}}
	}
	p.pipes[kindOf("deals")] = []Pipeline{{ID: "default", Label: "Sales Pipeline", Stages: []Stage{
		{ID: "appointmentscheduled", Label: "Appointment Scheduled", Metadata: map[string]string{"isClosed": "false", "probability": "0.2"}},
		{ID: "contractsent", Label: "Contract Sent", Metadata: map[string]string{"isClosed": "false", "probability": "0.9"}},
		{ID: "closedwon", Label: "Closed Won", Metadata: map[string]string{"isClosed": "true", "probability": "1.0"}},
		{ID: "closedlost", Label: "Closed Lost", Metadata: map[string]string{"isClosed": "true", "probability": "0.0"}},
	}}}
	p.pipes[kindOf("tickets")] = []Pipeline{{ID: "0", Label: "Support Pipeline", Stages: []Stage{
		{ID: "1", Label: "New", Metadata: map[string]string{"isClosed": "false", "ticketState": "OPEN"}},
		{ID: "2", Label: "Waiting on contact", Metadata: map[string]string{"isClosed": "false", "ticketState": "OPEN"}},
		{ID: "3", Label: "Waiting on us", Metadata: map[string]string{"isClosed": "false", "ticketState": "OPEN"}},
		{ID: "4", Label: "Closed", Metadata: map[string]string{"isClosed": "true", "ticketState": "CLOSED"}},
	}}}
	return p
}

func (p *Portal) number() uint32 {
	n, _ := strconv.ParseUint(p.ID, 10, 32)
	return uint32(n)
}

// Add adds a record and returns its id.
func (p *Portal) Add(objectType string, properties map[string]string) string {
	return p.AddAt(objectType, p.clock.Now(), properties)
}

// AddAt adds a record that was created, and last changed, at the given time.
func (p *Portal) AddAt(objectType string, at time.Time, properties map[string]string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.insert(mustKind(objectType), at, properties).name()
}

// Update changes properties of a record, and its modification time. An empty
// value removes the property.
func (p *Portal) Update(objectType, id string, properties map[string]string) {
	p.UpdateAt(objectType, id, p.clock.Now(), properties)
}

// UpdateAt changes properties of a record, with at as its modification time.
func (p *Portal) UpdateAt(objectType, id string, at time.Time, properties map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	p.change(k, p.must(k, id), at, properties)
}

// SetSilently changes properties and leaves the modification time as it is, as
// computed properties change. It can also change or remove the properties with
// the time of creation and of the last change.
func (p *Portal) SetSilently(objectType, id string, properties map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(p.must(mustKind(objectType), id), func(v *version) { set(v.properties, properties) })
}

// Archive moves a record to the recycle bin. Its modification time stays.
func (p *Portal) Archive(objectType, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bin(p.must(mustKind(objectType), id))
}

// Restore takes a record out of the recycle bin. Its modification time stays.
func (p *Portal) Restore(objectType, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(p.must(mustKind(objectType), id), func(v *version) { v.archivedAt = time.Time{} })
}

// Merge merges the record gone into the record kept: kept gets the properties
// that it lacks, and the associations. gone is in no list afterwards.
func (p *Portal) Merge(objectType, kept, gone string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	p.join(k, p.must(k, kept), p.must(k, gone))
}

// Get returns a record, archived or not. It panics if there is none.
func (p *Portal) Get(objectType, id string) Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.must(mustKind(objectType), id).export()
}

// Records returns all records of a type that are not archived, by id.
func (p *Portal) Records(objectType string) []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Record
	for _, r := range p.tables[mustKind(objectType)].order {
		if v := r.current(); v.archivedAt.IsZero() && !v.gone {
			all = append(all, r.export())
		}
	}
	return all
}

// Write is a change that a client made through the API.
type Write struct {
	At         time.Time
	ObjectType string
	Kind       string // create, update, archive or merge
	ID         string
	Properties map[string]string // as the client sent them
}

// Writes returns the changes that clients made to records of a type.
func (p *Portal) Writes(objectType string) []Write {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := mustKind(objectType)
	var found []Write
	for _, w := range p.writes {
		if w.ObjectType == k.plural {
			found = append(found, w)
		}
	}
	return found
}
