package plan

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// DefaultReads is how many requests a run may spend on look-ups: half a minute's quota.
const DefaultReads = 100

// Run is what the planners of a run share.
type Run struct {
	mark    string
	options Options

	mu sync.Mutex
	// left are the requests that may still be spent on look-ups.
	left int
	next int
	rows []Row
	// names are lists of properties that rows share, by their names.
	names    map[string][]string
	planners map[string]*Planner
	unknown  []Unknown
	// doubts count the rows whose record is in doubt.
	doubts map[doubtAt]int

	// recording is held while a step is passed on. steps counts them.
	recording sync.Mutex
	steps     int
}

// Options configure the planning of a run.
type Options struct {
	// Active reports whether writes are withheld.
	Active func() bool
	// Reads is how many requests may be spent on look-ups.
	Reads int
	// Warn logs a warning, once per key.
	Warn func(ctx context.Context, key, message string)
	// Record, if set, gets each step, one at a time. It must not keep it. Now is the time
	// of steps.
	Record func(*Step)
	Now    func() time.Time
	// Partial says that nobody reads the answers, so records need not be read as a whole.
	Partial bool
}

// NewRun returns the planning of a run, in which nothing is planned yet.
func NewRun(o Options) *Run {
	return &Run{mark: mark(), options: o, left: o.Reads, planners: map[string]*Planner{}, names: map[string][]string{}, doubts: map[doubtAt]int{}}
}

func (r *Run) active() bool { return r.options.Active() }

// Reset forgets what was planned.
func (r *Run) Reset() {
	r.mu.Lock()
	r.left, r.rows = r.options.Reads, nil
	r.mu.Unlock()
	for _, p := range r.all() {
		p.reset()
	}
}

// spend takes one request from the budget, and reports whether there was one.
func (r *Run) spend(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left > 0 {
		r.left--
		return true
	}
	r.options.Warn(ctx, "max-read-calls", "the dry run has made the "+english.Plural(r.options.Reads, "call", "")+
		" allowed for look-ups, so it assumes that all other records are as the script expects; raise --max-read-calls to look up more")
	return false
}

// Spent is how many requests were spent on look-ups.
func (r *Run) Spent() int { return r.options.Reads - r.remaining() }

func (r *Run) remaining() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left
}

// newID returns the next placeholder and its number.
func (r *Run) newID() (string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.id(r.next), r.next
}

// made is how many placeholders there are.
func (r *Run) made() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// Counts are numbers of rows, by what a real run would do with them.
type Counts struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Rejected  int `json:"rejected"`
	// Sent are metrics and activities, which are neither records nor looked up.
	Sent int `json:"sent,omitempty"`
	// Blind are rows among the others whose record was not looked up.
	Blind int `json:"not_looked_up,omitempty"`
}

func (c Counts) plus(o Counts) Counts {
	return Counts{
		c.Created + o.Created, c.Updated + o.Updated, c.Unchanged + o.Unchanged, c.Deleted + o.Deleted,
		c.Rejected + o.Rejected, c.Sent + o.Sent, c.Blind + o.Blind,
	}
}

// Counts returns what was planned, by model, for all clients.
func (r *Run) Counts() map[string]Counts {
	out := map[string]Counts{}
	for _, p := range r.all() {
		p.mu.Lock()
		for model, c := range p.counts {
			out[model] = out[model].plus(c)
		}
		p.mu.Unlock()
	}
	return out
}

// Account is what was planned for one of several accounts.
type Account struct {
	Client int               `json:"client"`
	Host   string            `json:"host"`
	Plan   map[string]Counts `json:"plan"`
}

// Accounts returns what was planned by account, nil if it is for one only.
func (r *Run) Accounts() (out []Account) {
	for _, p := range r.all() {
		p.mu.Lock()
		if len(p.counts) > 0 {
			out = append(out, Account{p.tenant.Client, p.tenant.Host, maps.Clone(p.counts)})
		}
		p.mu.Unlock()
	}
	if len(out) < 2 {
		return nil
	}
	slices.SortFunc(out, func(a, b Account) int { return a.Client - b.Client })
	return out
}

// Row is what a real run would do with one record.
type Row struct {
	Model string `json:"model"`
	// Action is create, update or delete.
	Action string `json:"action"`
	// ID is the record's _id, a placeholder for a new one. Key is a property that
	// identifies it, such as "externalId a-1".
	ID  string `json:"_id"`
	Key string `json:"key,omitempty"`
	// Changes are the properties that would be set.
	Changes []string `json:"changes,omitempty"`
	// Blind is true if the record was not looked up.
	Blind bool `json:"not_looked_up,omitempty"`
}

// mostRows bounds the rows that a run keeps.
const mostRows = 100_000

// Rows returns the first rows that were planned, at most 100,000.
func (r *Run) Rows() []Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rows)
}

// note keeps a row that is planned.
func (r *Run) note(m *catalog.Model, action string, of *record, changes object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rows) == mostRows || r.options.Record != nil { // which gets them
		return
	}
	row := Row{Model: m.Snake, Action: action, ID: of.id, Blind: of.blind}
	fields := of.fields()
	for _, name := range append(KeysOf(m), "name") {
		if value := fields.text(name); value != "" {
			row.Key = name + " " + value
			break
		}
	}
	row.Changes = r.namesOf(changes)
	r.rows = append(r.rows, row)
}

// namesOf returns the names of properties. Rows of a call mostly have the same, and share
// them.
func (r *Run) namesOf(changes object) []string {
	var joined strings.Builder
	for _, f := range changes {
		joined.WriteString(f.name + "\n")
	}
	names, known := r.names[joined.String()]
	if !known {
		names = make([]string, len(changes))
		for i, f := range changes {
			names[i] = strings.Clone(f.name)
		}
		r.names[joined.String()] = names
	}
	return names
}

// Planner plans for one tenant. It implements planhat.Planner.
type Planner struct {
	run *Run

	// mu is held while a write is planned, also during its look-ups: what a write is
	// depends on those before it.
	mu     sync.Mutex
	tables map[string]*table
	counts map[string]Counts
	// rereads counts how often each list was read again after a write to it.
	rereads map[string]*reread

	tenant Tenant
	// identified is true once the first user was asked for.
	identified bool
}

// Planner returns the planner of a client. Clients with the same account see what the others
// have planned.
func (r *Run) Planner(account string, of Tenant) *Planner {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.planners[account]
	if p == nil {
		of.Client = len(r.planners) + 1
		p = &Planner{run: r, tenant: of}
		p.reset()
		r.planners[account] = p
	}
	return p
}

// Client is the number of the planner's account.
func (p *Planner) Client() int { return p.tenant.Client }

func (r *Run) all() []*Planner {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.planners))
}

func (p *Planner) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tables, p.counts, p.rereads = map[string]*table{}, map[string]Counts{}, map[string]*reread{}
}

func (p *Planner) count(m *catalog.Model, c Counts) {
	p.counts[m.Snake] = p.counts[m.Snake].plus(c)
}

// table returns the records of a model, with those of the models that are part of it.
func (p *Planner) table(m *catalog.Model) *table {
	name := m.Snake
	if m.Part != nil {
		name = m.Part.Of
	}
	t := p.tables[name]
	if t == nil {
		t = &table{
			byID: map[string]*record{}, byKey: map[uint64]*record{}, twins: map[uint64][]*record{}, absent: map[key]bool{},
			complete: map[string]map[string]bool{}, within: map[string]bool{}, pages: map[string]planhat.Record{},
		}
		p.tables[name] = t
	}
	return t
}
