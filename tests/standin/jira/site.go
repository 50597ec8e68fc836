package jira

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Fields are the fields of an issue, and any object in an answer.
type Fields map[string]any

// Settings are what differs between sites, and what is not known about the vendor.
type Settings struct {
	// Burst is how many requests are accepted in a second, Hourly in an hour. 0 is no limit.
	Burst, Hourly int
	// Page is the largest page of a search. A page above LargestPage takes too long (504).
	Page, LargestPage int
	// SayLast is whether pages of a search have isLast.
	SayLast bool
	// Zone is that of the user.
	Zone *time.Location
	// TokenEnded refuses the token; Public is whether the site shows issues to the public,
	// so a search with that token returns none, and the fields are listed, instead of 401.
	TokenEnded, Public bool
}

type issue struct {
	id               int
	key              string
	created, updated time.Time
	fields           Fields
}

func (i *issue) project() string { name, _, _ := strings.Cut(i.key, "-"); return name }

// Data is what the site holds. Its methods are for tests.
type Data struct {
	clock     *standin.Clock
	mu        sync.Mutex
	settings  Settings
	issues    []*issue // by the time of creation, then by id
	byID      map[string]*issue
	links     map[string][]Link
	names     map[string]string // of fields, by id
	hidden    map[string]string
	documents map[string]bool // the custom fields that hold documents
	normalize func(string) string
	last      int
	writes    int
}

func newData(clock *standin.Clock) *Data {
	d := &Data{
		clock: clock, last: 10000, byID: map[string]*issue{}, links: map[string][]Link{}, hidden: map[string]string{}, names: map[string]string{}, documents: map[string]bool{},
		settings: Settings{Burst: 100, Page: 100, SayLast: true, Zone: time.UTC},
	}
	for _, name := range []string{"summary", "description", "status", "priority", "issuetype", "labels", "assignee", "reporter", "project", "created", "updated", "resolution"} {
		d.names[name] = strings.ToUpper(name[:1]) + name[1:]
	}
	return d
}

// Configure changes the settings.
func (d *Data) Configure(change func(*Settings)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.settings)
}

func (d *Data) current() Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settings
}

// Add adds an issue, and returns its id.
func (d *Data) Add(fields Fields) string { return d.AddAt(d.clock.Now(), fields) }

// AddAt adds an issue that was created at a time, and returns its id.
func (d *Data) AddAt(at time.Time, fields Fields) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	i := &issue{id: d.last, key: fmt.Sprintf("APP-%d", d.last-10000), created: at, updated: at, fields: Fields{
		"description": nil, "status": Fields{"name": "To Do", "statusCategory": Fields{"key": "new"}}, "priority": Fields{"name": "Medium"},
		"issuetype": Fields{"name": "Bug"}, "labels": []any{}, "assignee": nil, "resolution": nil,
	}}
	maps.Copy(i.fields, fields)
	d.byID[strconv.Itoa(i.id)] = i
	where, _ := slices.BinarySearchFunc(d.issues, i, func(a, b *issue) int {
		if c := a.created.Compare(b.created); c != 0 {
			return c
		}
		return a.id - b.id
	})
	d.issues = slices.Insert(d.issues, where, i)
	return strconv.Itoa(i.id)
}

// Update changes fields of an issue now.
func (d *Data) Update(id string, fields Fields) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.byID[id].fields, fields)
	d.byID[id].updated = d.clock.Now()
}

// SetSilently changes fields without a new time, as a calculated field does.
func (d *Data) SetSilently(id string, fields Fields) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.byID[id].fields, fields)
}

// Delete deletes an issue.
func (d *Data) Delete(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := d.byID[id]
	delete(d.byID, id)
	d.issues = slices.DeleteFunc(d.issues, func(i *issue) bool { return i == gone })
}

// AddField adds a custom field, and returns its id.
func (d *Data) AddField(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := fmt.Sprintf("customfield_%d", 10050+len(d.names))
	d.names[id] = name
	return id
}

// AddParagraph adds a custom field with texts of several lines, and returns its id.
func (d *Data) AddParagraph(name string) string {
	id := d.AddField(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.documents[id] = true
	return id
}

// schema is the type of a field.
func (d *Data) schema(id string) Fields {
	kind := "textfield"
	if d.documents[id] {
		kind = "textarea"
	}
	if number, own := strings.CutPrefix(id, "customfield_"); own {
		n, _ := strconv.Atoi(number)
		return Fields{"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:" + kind, "customId": n}
	}
	return Fields{"type": "string", "system": id}
}

// Hide takes a field away, or gives it another id.
func (d *Data) Hide(field, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hidden[field] = id
}

// Normalize changes texts that clients write.
func (d *Data) Normalize(change func(string) string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.normalize = change
}

// IDs returns the ids of all issues.
func (d *Data) IDs() (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range d.issues {
		ids = append(ids, strconv.Itoa(i.id))
	}
	return ids
}

// Field returns the value of a field.
func (d *Data) Field(id, name string) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byID[id].fields[name]
}

// Writes returns how many changes of issues clients have made.
func (d *Data) Writes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

func (d *Data) find(q query, offset, limit int, names []string) (found []Fields, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.issues
	if q.byUpdated {
		all = slices.Clone(all)
		slices.SortStableFunc(all, func(a, b *issue) int { return a.updated.Compare(b.updated) })
	}
	found = []Fields{}
	for _, i := range all {
		if !q.matches(i) {
			continue
		}
		if offset--; offset >= 0 {
			continue
		}
		if len(found) == limit {
			return found, true
		}
		found = append(found, d.show(i, names))
	}
	return found, false
}

func (d *Data) read(ids, names []string) []Fields {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []Fields{}
	for _, id := range ids {
		if i := d.byID[id]; i != nil {
			found = append(found, d.show(i, names))
		}
	}
	return found
}

// show is an issue with some of its fields.
func (d *Data) show(i *issue, names []string) Fields {
	id := strconv.Itoa(i.id)
	shown := Fields{"id": id}
	if len(names) == 0 {
		return shown
	}
	const form = "2006-01-02T15:04:05.000-0700"
	shown["key"], shown["self"] = i.key, "https://api.atlassian.com"+api+"issue/"+id
	all, fields := maps.Clone(i.fields), Fields{}
	all["created"], all["updated"] = i.created.In(d.settings.Zone).Format(form), i.updated.In(d.settings.Zone).Format(form)
	all["project"] = Fields{"key": i.project()}
	for name, other := range d.hidden {
		if other != "" {
			all[other] = all[name]
		}
		delete(all, name)
	}
	for _, name := range names {
		if value, ok := all[name]; ok {
			fields[name] = value
		}
	}
	shown["fields"] = fields
	return shown
}

// change writes fields as a client asks. It returns what is wrong with a field, by its
// id, and whether there is such an issue.
func (d *Data) change(id string, fields Fields) (wrong Fields, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.byID[id]
	if i == nil {
		return nil, false
	}
	for name, value := range fields {
		document, _ := value.(map[string]any)
		switch {
		case d.names[name] == "":
			return Fields{name: fmt.Sprintf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", name)}, true
		case value != nil && d.long(name) && (document["type"] != "doc" || document["version"] != 1.0):
			return Fields{name: "Operation value must be an Atlassian Document (see the Atlassian Document Format)"}, true
		case document != nil && !d.long(name):
			return Fields{name: "Operation value must be a string"}, true
		}
	}
	for name, value := range fields {
		if text, ok := value.(string); ok && d.normalize != nil {
			value = d.normalize(text)
		}
		i.fields[name] = value
	}
	i.updated = d.clock.Now()
	d.writes++
	return nil, true
}

// long reports whether a field holds documents.
func (d *Data) long(id string) bool {
	return id == "description" || id == "environment" || d.documents[id]
}

func (d *Data) listFields(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := []Fields{}
	for _, id := range slices.Sorted(maps.Keys(d.names)) {
		name := d.names[id]
		if other, hidden := d.hidden[id]; hidden {
			if id = other; id == "" {
				continue
			}
		}
		all = append(all, Fields{"id": id, "key": id, "name": name, "custom": strings.HasPrefix(id, "customfield_"), "navigable": true, "orderable": true, "searchable": true, "clauseNames": []string{id}, "schema": d.schema(id)})
	}
	reply(w, http.StatusOK, all)
}
