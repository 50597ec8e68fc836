package productboard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Body is a record, or a part of one, as the API has it.
type Body = map[string]any

// Note is the kind of notes. The other kinds are the types of entities, such as feature
// and company.
const Note = "textNote"

// Settings are what differs between workspaces, and what is not known about the vendor.
type Settings struct {
	// PerSecond is how many requests a token may send in a second. 0 is no limit.
	PerSecond int
	// Page is the number of records in a page, and Related that of relationships in a record.
	Page, Related int
	// Bare leaves relationships out of lists.
	Bare bool
	// DomainKey is the key under which lists have the domains of companies.
	DomainKey string
}

// Workspace is the data of a workspace. Its methods are for tests: they change and read
// it as people do, without limits and without validation.
type Workspace struct {
	clock *standin.Clock

	mu       sync.Mutex
	settings Settings
	records  []*record // by creation
	byID     map[string]*record
	hidden   map[string]string // fields that answers lack, and the names that replace them
	n        int
}

type record struct {
	id, kind         string
	fields, source   Body
	relations        []relation
	created, updated time.Time
}

type relation struct{ kind, target, of string }

// Configure changes the settings.
func (s *Workspace) Configure(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.settings)
}

// Add adds a record and returns its id.
func (s *Workspace) Add(kind string, fields Body) string { return s.AddAt(kind, s.clock.Now(), fields) }

// AddAt adds a record that was created, and last changed, at the given time.
func (s *Workspace) AddAt(kind string, at time.Time, fields Body) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	r := &record{id: fmt.Sprintf("%08x-0d6c-4a3d-9c36-%012x", uint32(s.n)*2654435761, s.n), kind: kind, created: at, updated: at, fields: Body{"name": "", "archived": false}}
	switch kind {
	case Note:
		maps.Copy(r.fields, Body{"content": nil, "processed": false, "tags": []any{}, "owner": nil})
	case "feature", "subfeature":
		maps.Copy(r.fields, Body{"description": "", "status": Body{"id": "b1", "name": "New idea"}, "owner": nil, "teams": []any{}})
	case "company":
		maps.Copy(r.fields, Body{"description": "", "domain": nil})
	case "user":
		maps.Copy(r.fields, Body{"email": nil})
	}
	maps.Copy(r.fields, fields)
	place, _ := slices.BinarySearchFunc(s.records, r, byCreation)
	s.records = slices.Insert(s.records, place, r)
	s.byID[r.id] = r
	return r.id
}

// Update changes fields of a record, and its time.
func (s *Workspace) Update(id string, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.must(id)
	maps.Copy(r.fields, fields)
	r.updated = s.clock.Now()
}

// SetSilently changes fields of a record, and not its time.
func (s *Workspace) SetSilently(id string, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.must(id).fields, fields)
}

// Origin says where a record came from.
func (s *Workspace) Origin(id, system, recordID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.must(id).source = Body{"system": system, "recordId": recordID, "url": nil}
}

// Relate adds a relationship to a record, such as a customer or a link. It changes the time
// of the record.
func (s *Workspace) Relate(id, kind, target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.must(id)
	r.relations = append(r.relations, relation{kind, target, s.must(target).kind})
	r.updated = s.clock.Now()
}

// Delete deletes a record.
func (s *Workspace) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.must(id)
	delete(s.byID, id)
	s.records = slices.DeleteFunc(s.records, func(one *record) bool { return one == r })
}

// Fields returns a copy of a record's fields.
func (s *Workspace) Fields(id string) Body {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.must(id).fields)
}

// IDs returns the ids of all records of a kind.
func (s *Workspace) IDs(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, r := range s.records {
		if r.kind == kind {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// Hide leaves a field out of all answers, or shows it under another name.
func (s *Workspace) Hide(field, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[field] = name
}

func (s *Workspace) must(id string) *record {
	r := s.byID[id]
	if r == nil {
		panic("productboard stand-in: there is no record " + id)
	}
	return r
}

// shown returns a record as answers have it. The mutex is held.
func (s *Workspace) shown(r *record, listed bool) Body {
	path, page := "/v2/entities/"+r.id, "entity-detail"
	if r.kind == Note {
		path, page = "/v2/notes/"+r.id, "inbox/notes"
	}
	fields := maps.Clone(r.fields)
	for field, name := range s.hidden {
		if name != "" {
			fields[name] = fields[field]
		}
		delete(fields, field)
	}
	if key := s.settings.DomainKey; listed && key != "" && r.kind == "company" {
		fields[key] = fields["domain"]
		delete(fields, "domain")
	}
	body := Body{
		"id": r.id, "type": r.kind, "fields": fields, "createdAt": stamp(r.created), "updatedAt": stamp(r.updated),
		"links": Body{"self": host + path, "html": "https://northwind.productboard.com/" + page + "/" + r.id},
	}
	source := r.source
	if source == nil {
		source = Body{"system": nil, "recordId": nil, "url": nil}
	}
	body["metadata"] = Body{"source": source}
	if !s.settings.Bare || !listed {
		body["relationships"] = s.related(r, 0)
	}
	return body
}

// related returns a page of a record's relationships.
func (s *Workspace) related(r *record, from int) Body {
	path := "/v2/entities/"
	if r.kind == Note {
		path = "/v2/notes/"
	}
	data, end := []any{}, min(from+s.settings.Related, len(r.relations))
	for _, one := range r.relations[min(from, end):end] {
		data = append(data, Body{"type": one.kind, "target": Body{"id": one.target, "type": one.of, "links": Body{"self": host + "/v2/entities/" + one.target}}})
	}
	links := Body{"next": nil}
	if end < len(r.relations) {
		links["next"] = fmt.Sprintf("%s%s%s/relationships?pageCursor=%s", host, path, r.id, cursorOf(fmt.Sprint(end)))
	}
	return Body{"data": data, "links": links}
}

// after returns the first records behind the position of a cursor that keep accepts, and whether
// there are more. Records of one time are in the order of their ids.
func (s *Workspace) after(position string, keep func(*record) bool) (found []*record, more bool) {
	start, _ := slices.BinarySearchFunc(s.records, position, func(r *record, position string) int {
		if key(r) <= position {
			return -1
		}
		return 1
	})
	for _, r := range s.records[start:] {
		switch {
		case !keep(r):
		case len(found) == s.settings.Page:
			return found, true
		default:
			found = append(found, r)
		}
	}
	return found, false
}

func key(r *record) string { return r.created.UTC().Format("2006-01-02T15:04:05.000000000") + r.id }

func byCreation(a, b *record) int {
	return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
