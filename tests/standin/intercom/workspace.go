package intercom

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Body is a record, or a part of one, as the API has it.
type Body = map[string]any

// The kinds of records.
const (
	Companies     = "companies"
	Contacts      = "contacts"
	Conversations = "conversations"
)

// Settings are what differs between workspaces.
type Settings struct {
	Zone *time.Location
	// PerWindow is how many requests there may be in ten seconds. 0 is no limit.
	PerWindow int
	// LargestPage makes pages of more records fail. 0 is no limit.
	LargestPage int
	// CompanyPage is the size of the pages of the scroll.
	CompanyPage int
}

// Workspace is the data of a workspace. Its methods are for tests: they change and
// read it as teammates do, without limits.
type Workspace struct {
	clock *standin.Clock

	mu       sync.Mutex
	settings Settings
	tables   map[string]map[string]Body
	// orders are the records of a kind by a time. One that is not there has changed since.
	orders     map[string][]place
	archived   map[string]Body   // contacts
	hidden     map[string]string // fields that answers lack, and the names that replace them
	attributes []Body
	deleted    []Body // conversations, the latest one last
	admins     []any
	scroll     *scroll
	lastID     int64
}

// scroll is the open scroll over companies.
type scroll struct {
	param string
	used  time.Time
	ids   []string
}

func newWorkspace(clock *standin.Clock) *Workspace {
	return &Workspace{
		clock: clock, settings: Settings{Zone: time.UTC, CompanyPage: 100}, lastID: 0x69fc_2186_5a28,
		tables: map[string]map[string]Body{Companies: {}, Contacts: {}, Conversations: {}}, admins: []any{},
		orders: map[string][]place{}, archived: map[string]Body{}, hidden: map[string]string{}, attributes: []Body{},
	}
}

// Configure changes settings.
func (w *Workspace) Configure(change func(*Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.settings)
}

// AddAdmin adds a teammate.
func (w *Workspace) AddAdmin(id, name, email string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.admins = append(w.admins, Body{"type": "admin", "id": id, "name": name, "email": email, "has_inbox_seat": true})
}

// Add adds a record and returns its id.
func (w *Workspace) Add(kind string, fields Body) string { return w.AddAt(kind, w.clock.Now(), fields) }

// AddAt adds a record that was created, and last changed, at the given time.
func (w *Workspace) AddAt(kind string, at time.Time, fields Body) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastID++
	id := fmt.Sprintf("%012x%012x", w.lastID, w.lastID)
	if kind == Conversations {
		id = fmt.Sprint(w.lastID)
	}
	body := blank(kind, id)
	body["created_at"] = at.Unix()
	maps.Copy(body, fields)
	body["updated_at"] = at.Unix()
	w.tables[kind][id] = body
	clear(w.orders)
	return id
}

// Update changes fields of a record, and its time.
func (w *Workspace) Update(kind, id string, fields Body) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body := w.must(kind, id)
	maps.Copy(body, fields)
	body["updated_at"] = w.clock.Now().Unix()
	clear(w.orders)
}

// SetSilently changes fields of a record, and not its time.
func (w *Workspace) SetSilently(kind, id string, fields Body) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.must(kind, id), fields)
}

// Get returns a copy of a record. It panics if there is none.
func (w *Workspace) Get(kind, id string) Body {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.must(kind, id))
}

// Delete deletes a record, or archives a contact. Conversations are listed as deleted.
func (w *Workspace) Delete(kind, id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.archived[id] = w.must(kind, id)
	delete(w.tables[kind], id)
	clear(w.orders)
	if kind == Conversations {
		w.deleted = append(w.deleted, Body{"type": "conversation", "id": id, "metrics_retained": false, "deleted_at": w.clock.Now().Unix()})
	}
}

// Unarchive brings a contact back.
func (w *Workspace) Unarchive(id string) {
	w.mu.Lock()
	w.tables[Contacts][id] = w.archived[id]
	w.mu.Unlock()
	w.Update(Contacts, id, nil)
}

// Merge merges a contact into another one, which is all that is left.
func (w *Workspace) Merge(kept, gone string) {
	w.Delete(Contacts, gone)
	w.Update(Contacts, kept, nil)
}

// AddAttribute adds a custom attribute of contacts or conversations.
func (w *Workspace) AddAttribute(kind, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attributes = append(w.attributes, Body{
		"type": "data_attribute", "model": strings.TrimSuffix(kind, "s"), "name": name, "full_name": "custom_attributes." + name, "custom": true, "data_type": "string",
	})
}

// Hide leaves a field out of searches and lists, or shows it under another name.
func (w *Workspace) Hide(field, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden[field] = name
}

// IDs returns the ids of all records of a kind.
func (w *Workspace) IDs(kind string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.tables[kind]))
}

// shown returns a record as searches and lists have it. It expects the mutex to be held.
func (w *Workspace) shown(kind, id string) Body {
	body := w.tables[kind][id]
	if len(w.hidden) == 0 {
		return body
	}
	body = maps.Clone(body)
	for field, name := range w.hidden {
		if name != "" {
			body[name] = body[field]
		}
		delete(body, field)
	}
	return body
}

// ordered returns the records of a kind by a time and their ids. It expects the mutex to be held.
func (w *Workspace) ordered(kind, by string) []place {
	name := kind + " " + by
	if w.orders[name] == nil {
		places := make([]place, 0, len(w.tables[kind]))
		for id, body := range w.tables[kind] {
			value, _ := body[by].(int64)
			places = append(places, place{value, id})
		}
		slices.SortFunc(places, place.compare)
		w.orders[name] = places
	}
	return w.orders[name]
}

// must expects the mutex to be held.
func (w *Workspace) must(kind, id string) Body {
	body := w.tables[kind][id]
	if body == nil {
		panic("intercom stand-in: there is no record " + id + " in " + kind)
	}
	return body
}

// blank returns a record of a kind with what all of them have.
func blank(kind, id string) Body {
	list := func() Body { return Body{"type": "list", "data": []any{}, "total_count": 0, "has_more": false} }
	switch kind {
	case Companies:
		return Body{
			"type": "company", "id": id, "company_id": "own-" + id, "app_id": "standin", "name": "Company", "monthly_spend": 0, "session_count": 0, "user_count": 1,
			"tags": Body{"type": "tag.list", "tags": []any{}}, "segments": Body{"type": "segment.list", "segments": []any{}}, "plan": Body{}, "custom_attributes": Body{},
		}
	case Contacts:
		return Body{
			"type": "contact", "id": id, "workspace_id": "standin", "external_id": nil, "role": "user", "email": nil, "phone": nil, "name": nil, "owner_id": nil,
			"has_hard_bounced": false, "marked_email_as_spam": false, "unsubscribed_from_emails": false, "signed_up_at": nil, "last_seen_at": nil,
			"custom_attributes": Body{}, "tags": list(), "notes": list(), "companies": list(),
		}
	}
	return Body{
		"type": "conversation", "id": id, "title": nil, "waiting_since": nil, "snoozed_until": nil, "open": true, "state": "open", "read": true,
		"priority": "none", "admin_assignee_id": 0, "team_assignee_id": 0, "tags": Body{"type": "tag.list", "tags": []any{}},
		"contacts": Body{"type": "contact.list", "contacts": []any{}}, "custom_attributes": Body{},
		"source": Body{
			"type": "conversation", "id": "1", "delivered_as": "customer_initiated", "subject": "", "body": "<p>Hello</p>", "url": nil, "redacted": false,
			"attachments": []any{}, "author": Body{"type": "user", "id": "1", "name": "Kim", "email": "kim@northwind.example"},
		},
	}
}
