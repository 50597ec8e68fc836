package zendesk

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Body is a record, or a part of one, as the API has it.
type Body = map[string]any

// The kinds of records, as paths and answers name them.
const (
	Organizations = "organizations"
	Users         = "users"
	Tickets       = "tickets"
	Ratings       = "satisfaction_ratings"
)

// Account is a help desk. Its methods are for tests: they change and read its data
// as agents do, without limits and without validation.
type Account struct {
	Name  string // its subdomain
	clock *standin.Clock

	mu       sync.Mutex
	settings Settings
	tables   map[string]map[int64]*record
	all      map[string][]*record // by id
	// orders are the records of a kind by their last change. A kind without one has
	// changed since.
	orders  map[string][]*record
	hidden  map[string]map[string]string // fields that answers lack, and the names that replace them
	fields  []Field
	options map[string][]string // of drop-down fields of organizations
	jobs    map[string]Body
	writes  []Write
	lastID  int64
	// forgotten marks cursors; those with another mark are refused.
	forgotten string
	tokensEnd bool
}

// record is a record with the second of its last change, by any cause.
type record struct {
	id        int64
	generated int64
	gone      bool // deleted, and not a ticket or user
	body      Body
}

// Field is a field of tickets.
type Field struct {
	ID          int64
	Title, Type string
	Options     []string // of a drop-down field
}

// Write is a change that a client made through the API.
type Write struct {
	Kind   string
	ID     int64
	Fields Body // as the client sent them
}

func newAccount(name string, clock *standin.Clock) *Account {
	a := &Account{
		Name: name, clock: clock, settings: defaults(), tables: map[string]map[int64]*record{}, orders: map[string][]*record{}, all: map[string][]*record{},
		hidden: map[string]map[string]string{}, options: map[string][]string{},
		jobs: map[string]Body{}, lastID: 26_190_416_690_961,
	}
	for _, kind := range []string{Organizations, Users, Tickets, Ratings} {
		a.tables[kind] = map[int64]*record{}
	}
	return a
}

// Add adds a record and returns its id.
func (a *Account) Add(kind string, fields Body) int64 { return a.AddAt(kind, a.clock.Now(), fields) }

// AddAt adds a record that was created, and last changed, at the given time. A
// rating also changes its ticket.
func (a *Account) AddAt(kind string, at time.Time, fields Body) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastID++
	r := &record{id: a.lastID, body: a.blank(kind, a.lastID)}
	r.body["created_at"] = stamp(at)
	a.tables[kind][r.id] = r
	a.all[kind] = append(a.all[kind], r) // ids only grow
	a.set(kind, r, at, fields)
	if kind == Tickets && r.body["submitter_id"] == nil { // somebody has always made it
		r.body["submitter_id"] = r.body["requester_id"]
	}
	return r.id
}

// IDs returns the ids of all records of a kind, in their order.
func (a *Account) IDs(kind string) []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []int64
	for _, r := range a.sorted(kind, func(*record) bool { return true }) {
		ids = append(ids, r.id)
	}
	return ids
}

// SetSilently changes fields of a record, and none of its times.
func (a *Account) SetSilently(kind string, id int64, fields Body) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.Copy(a.must(kind, id).body, fields)
}

// Hide leaves a field out of the exports, as if it had another name; without a name it
// is not there at all.
func (a *Account) Hide(kind, field, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hidden[kind] == nil {
		a.hidden[kind] = map[string]string{}
	}
	a.hidden[kind][field] = name
}

// Update changes fields of a record, and its times.
func (a *Account) Update(kind string, id int64, fields Body) {
	a.UpdateAt(kind, id, a.clock.Now(), fields)
}

// UpdateAt changes fields of a record, with at as the time of the change.
func (a *Account) UpdateAt(kind string, id int64, at time.Time, fields Body) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.set(kind, a.must(kind, id), at, fields)
}

// Touch changes fields of a ticket as the system does: exports show it again, and
// updated_at stays.
func (a *Account) Touch(id int64, fields Body) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.must(Tickets, id)
	maps.Copy(r.body, fields)
	a.stamp(Tickets, r, a.clock.Now())
}

// stamp sets the second of a record's last change.
func (a *Account) stamp(kind string, r *record, at time.Time) {
	r.generated = at.Unix()
	delete(a.orders, kind)
}

// Delete deletes a record. Tickets and users stay in the exports.
func (a *Account) Delete(kind string, id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, now := a.must(kind, id), a.clock.Now()
	switch kind {
	case Tickets:
		a.set(kind, r, now, Body{"status": "deleted"})
	case Users:
		a.set(kind, r, now, Body{"active": false, "email": nil})
	default:
		a.set(kind, r, now, Body{"deleted_at": stamp(now)})
		r.gone = true
		for _, of := range []string{Users, Tickets} {
			for _, member := range a.tables[of] {
				if member.body["organization_id"] == id {
					a.set(of, member, now, Body{"organization_id": nil})
				}
			}
		}
	}
}

// Scrub replaces the texts of a deleted ticket, as the vendor does after 30 days.
func (a *Account) Scrub(id int64) {
	a.Touch(id, Body{"subject": "SCRUBBED", "raw_subject": "SCRUBBED", "description": "SCRUBBED", "requester_id": nil, "submitter_id": nil})
}

// MergeUsers merges the user gone into the user kept, who gets the tickets.
func (a *Account) MergeUsers(kept, gone int64) {
	a.mu.Lock()
	for _, ticket := range a.tables[Tickets] {
		if ticket.body["submitter_id"] == gone {
			ticket.body["submitter_id"] = kept
		}
		if ticket.body["requester_id"] == gone {
			ticket.body["requester_id"] = kept
			if ticket.body["submitter_id"] == gone {
				ticket.body["submitter_id"] = kept
			}
			a.stamp(Tickets, ticket, a.clock.Now())
		}
	}
	a.mu.Unlock()
	a.Delete(Users, gone)
}

// ForgetCursors refuses all cursors that were issued up to now.
func (a *Account) ForgetCursors() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten += "x"
}

// EndTokens refuses API tokens, as the vendor does from 30 April 2027.
func (a *Account) EndTokens() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokensEnd = true
}

// AddField adds a field of tickets and returns its id.
func (a *Account) AddField(title, kind string, options ...string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastID++
	a.fields = append(a.fields, Field{a.lastID, title, kind, options})
	return a.lastID
}

// DropDown makes a field of organizations one that takes only these values.
func (a *Account) DropDown(key string, values ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.options[key] = values
}

// StartIDs makes the ids of new records greater than id.
func (a *Account) StartIDs(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastID = id
}

// Get returns a copy of a record. It panics if there is none.
func (a *Account) Get(kind string, id int64) Body {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.must(kind, id).body)
}

// Writes returns the changes that clients made.
func (a *Account) Writes() []Write {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.writes)
}

// The functions below expect the mutex to be held.

func (a *Account) must(kind string, id int64) *record {
	r := a.tables[kind][id]
	if r == nil {
		panic("zendesk stand-in: there is no record " + strconv.FormatInt(id, 10) + " in " + kind)
	}
	return r
}

// set changes fields and times of a record.
func (a *Account) set(kind string, r *record, at time.Time, fields Body) {
	maps.Copy(r.body, fields)
	r.body["updated_at"] = stamp(at)
	a.stamp(kind, r, at)
	switch kind {
	case Tickets:
		r.body["generated_timestamp"] = r.generated
	case Ratings:
		if id, ok := r.body["ticket_id"].(int64); ok {
			ticket := a.must(Tickets, id)
			a.set(Tickets, ticket, at, Body{"satisfaction_rating": Body{"id": r.id, "score": r.body["score"], "comment": r.body["comment"]}})
			r.body["requester_id"] = ticket.body["requester_id"]
		}
	}
}

// sorted returns the records of a kind that keep accepts, by id.
func (a *Account) sorted(kind string, keep func(*record) bool) []*record {
	var kept []*record
	for _, r := range a.all[kind] {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// blank returns a record of a kind with what all of them have.
func (a *Account) blank(kind string, id int64) Body {
	body := Body{"id": id, "url": a.address("/api/v2/" + kind + "/" + strconv.FormatInt(id, 10) + ".json"), "external_id": nil, "tags": []any{}}
	var more Body
	switch kind {
	case Organizations:
		more = Body{"name": "Organization", "domain_names": []any{}, "details": nil, "notes": nil, "group_id": nil, "shared_tickets": false, "shared_comments": false, "organization_fields": Body{}}
	case Users:
		more = Body{
			"name": "User", "email": nil, "phone": nil, "role": "end-user", "active": true, "suspended": false, "verified": true, "organization_id": nil,
			"locale": "en-US", "time_zone": "Stockholm", "notes": "", "details": "", "user_fields": Body{}, "last_login_at": nil,
		}
	case Tickets:
		more = Body{
			"type": nil, "subject": "Ticket", "raw_subject": "Ticket", "description": "It does not work.", "priority": nil, "status": "new", "recipient": nil,
			"requester_id": nil, "submitter_id": nil, "assignee_id": nil, "organization_id": nil, "group_id": nil, "collaborator_ids": []any{},
			"custom_fields": []any{}, "satisfaction_rating": Body{"score": "unoffered"}, "via": Body{"channel": "web"}, "due_at": nil, "problem_id": nil,
			"has_incidents": false, "is_public": true,
		}
	case Ratings:
		delete(body, "tags")
		delete(body, "external_id")
		more = Body{"score": "offered", "comment": nil, "ticket_id": nil, "requester_id": nil, "assignee_id": nil, "group_id": nil}
	}
	maps.Copy(body, more)
	return body
}

func (a *Account) address(path string) string { return "https://" + a.Name + ".zendesk.com" + path }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
