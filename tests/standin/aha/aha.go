// Package aha is a stand-in for Aha!'s API, version 1: an independent witness, written
// from the vendor's published facts alone.
//
// It serves lists of ideas, features, votes (which the API calls endorsements),
// organizations and the recycle bin, and the votes of one idea. A [Server] is an
// http.Handler with one account.
//
// # Confirmed
//
// By the vendor's reference and the examples in its specification: paths; page and per_page,
// which is 30 by default and 200 at most, and pagination; updated_since of ideas, in
// ISO 8601; the fields of records, and the parameter fields, without which lists of features
// have only a few; ids that are texts; the shape of votes and organizations; the recycle
// bin, which keeps records for 7 days and names them by type and reference number; 300
// requests per minute and 20 per second for an account, and X-Ratelimit-Limit, -Remaining and
// -Reset; that 401 is an HTML page.
//
// # Not confirmed
//
// Where it matters, the answer that is harder for the client applies.
//
//   - updated_since is inclusive. Lists are in the order of creation, the newest first, so
//     records that are new move the others to later pages.
//   - A vote does not change the updated_at of its idea, nor does restoring an idea.
//   - email_domains of an organization is a text with commas.
//   - 429 has no Retry-After, and its body is JSON.
//   - fields returns those that are named, and id.
package aha

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Body is a record, or a part of one, as the API has it.
type Body = map[string]any

// The kinds of records, as paths and answers name them.
const (
	Ideas         = "ideas"
	Features      = "features"
	Votes         = "idea_endorsements"
	Organizations = "idea_organizations"
)

// Token is an API key of the account, and Subdomain its name.
const (
	Token     = "standin-aha-0000000000000000000000000000000000"
	Subdomain = "northwind"
)

// Server answers as an account of Aha! does.
type Server struct {
	*standin.Server
	mux *http.ServeMux

	mu                   sync.Mutex
	perSecond, perMinute int
	tables               map[string][]*record // the oldest first
	byID                 map[string]*record
	hidden               map[string]string
	n                    int
}

type record struct {
	id, kind                  string
	created, updated, deleted time.Time
	fields                    Body
	restoring                 bool
}

// New returns a server with an empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("aha", clock), mux: http.NewServeMux(), perSecond: 20, perMinute: 300,
		tables: map[string][]*record{}, byID: map[string]*record{}, hidden: map[string]string{}, n: 6_776_881_149,
	}
	const api = "GET /api/v1/"
	all := func(*http.Request, *record) bool { return true }
	s.handle(api+"ideas", s.list(Ideas, all))
	s.handle(api+"features", s.list(Features, all))
	s.handle(api+"idea_organizations", s.list(Organizations, all))
	s.handle(api+"ideas/endorsements", s.list(Votes, all))
	s.handle(api+"ideas/{id}/endorsements", s.list(Votes, func(r *http.Request, vote *record) bool { return vote.fields["idea_id"] == r.PathValue("id") }))
	s.handle(api+"deletions", s.bin)
	s.handle("/", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusNotFound, Body{"error": "Record not found"})
	})
	return s
}

// Limit sets how many requests the account may send. 0 is no limit.
func (s *Server) Limit(perSecond, perMinute int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perSecond, s.perMinute = perSecond, perMinute
}

// Add adds a record and returns its id.
func (s *Server) Add(kind string, fields Body) string { return s.AddAt(kind, s.Clock.Now(), fields) }

// AddAt adds a record that was created, and last changed, at the given time.
func (s *Server) AddAt(kind string, at time.Time, fields Body) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	r := &record{id: fmt.Sprintf("%d000000", s.n), kind: kind, created: at, updated: at, fields: Body{}}
	number := strconv.Itoa(len(s.tables[kind]) + 1)
	address := "https://" + Subdomain + ".aha.io/"
	switch kind {
	case Ideas:
		maps.Copy(r.fields, Body{
			"reference_num": "PRJ1-I-" + number, "url": address + "ideas/ideas/PRJ1-I-" + number, "score": 0, "votes": 0, "created_by_idea_user": nil,
			"custom_fields": []any{}, "feature": nil, "tags": []any{},
		})
	case Features:
		maps.Copy(r.fields, Body{"reference_num": "PRJ1-" + number, "url": address + "features/PRJ1-" + number, "custom_fields": []any{}})
	case Organizations:
		maps.Copy(r.fields, Body{"email_domains": "", "custom_fields": []any{}, "url": address + "ideas/idea_organizations/" + r.id})
	}
	if kind == Ideas || kind == Features {
		maps.Copy(r.fields, Body{"workflow_status": Body{"id": "1", "name": "New", "position": 1, "complete": false}, "description": Body{"id": "2", "body": "", "attachments": []any{}}})
	}
	maps.Copy(r.fields, fields)
	s.tables[kind] = append(s.tables[kind], r)
	s.byID[r.id] = r
	return r.id
}

// Update changes fields of a record, and its time.
func (s *Server) Update(id string, fields Body) {
	s.SetSilently(id, fields)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id].updated = s.Clock.Now()
}

// SetSilently changes fields of a record, and not its time.
func (s *Server) SetSilently(id string, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.byID[id].fields, fields)
}

// Delete moves a record to the recycle bin.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id].deleted = s.Clock.Now()
}

// Restoring says that a record in the recycle bin is about to be restored.
func (s *Server) Restoring(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id].restoring = true
}

// Restore takes a record out of the recycle bin.
func (s *Server) Restore(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id].deleted = time.Time{}
}

// Fields returns a copy of a record's fields.
func (s *Server) Fields(id string) Body {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.byID[id].fields)
}

// IDs returns the ids of all records of a kind.
func (s *Server) IDs(kind string) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.tables[kind] {
		ids = append(ids, r.id)
	}
	return ids
}

// Hide leaves a field out of all answers, or shows it under another name.
func (s *Server) Hide(field, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[field] = name
}

// Fill adds records that look like those of a small account, the same ones each time.
func (s *Server) Fill(organizations, ideas, features int) {
	for i := range organizations {
		n := strconv.Itoa(i + 1)
		s.Add(Organizations, Body{"name": "Company " + n, "email_domains": "company" + n + ".example"})
	}
	for i := range features {
		s.Add(Features, Body{"name": "Feature " + strconv.Itoa(i+1), "description": Body{"body": "<p>Planned</p>"}})
	}
	known := s.IDs(Organizations)
	for i := range ideas {
		id := s.Add(Ideas, Body{"name": "Idea " + strconv.Itoa(i+1), "description": Body{"body": "<p>Please add this.</p>"}})
		if len(known) > 0 {
			s.Add(Votes, Body{"idea_id": id, "weight": 1, "idea_organization": Body{"id": known[i%len(known)], "name": "Company"}})
		}
	}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if r.Header.Get("Authorization") == "Bearer "+Token {
			return Subdomain
		}
		return ""
	}, s.mux)
}

func (s *Server) handle(pattern string, answer http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte("<html><head><title>Unauthorized</title></head></html>"))
			return
		}
		s.mu.Lock()
		limits := []standin.Limit{{Name: "second", Max: s.perSecond, Per: time.Second}, {Name: "minute", Max: s.perMinute, Per: time.Minute}}
		s.mu.Unlock()
		refusal := s.Throttle.Take(Subdomain, limits...)
		h := w.Header()
		h.Set("X-Ratelimit-Limit", strconv.Itoa(limits[1].Max))
		h.Set("X-Ratelimit-Remaining", strconv.Itoa(s.Throttle.Left(Subdomain, limits[1])))
		if refusal != nil {
			h.Set("X-Ratelimit-Reset", strconv.FormatInt(s.Clock.Now().Add(refusal.RetryAfter).Unix()+1, 10))
			write(w, http.StatusTooManyRequests, Body{"error": "Rate limit exceeded"})
			return
		}
		answer(w, r)
	})
}

// list answers with a page of records, the newest first.
func (s *Server) list(kind string, keep func(*http.Request, *record) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var since time.Time
		if text := r.URL.Query().Get("updated_since"); text != "" && kind == Ideas {
			var err error
			if since, err = time.Parse(time.RFC3339, text); err != nil {
				write(w, http.StatusBadRequest, Body{"error": "updated_since is not a valid date"})
				return
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		var found []*record
		for _, one := range s.tables[kind] {
			if one.deleted.IsZero() && !one.updated.Before(since) && keep(r, one) {
				found = append(found, one)
			}
		}
		slices.Reverse(found)
		page, info := pageOf(r, found)
		list := []any{}
		for _, one := range page {
			list = append(list, s.shown(one, r.URL.Query().Get("fields")))
		}
		write(w, http.StatusOK, Body{kind: list, "pagination": info})
	}
}

// pageOf returns the page of a list that a request asks for.
func pageOf[T any](r *http.Request, list []T) ([]T, Body) {
	number := func(name string, usual int) int {
		if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n > 0 {
			return n
		}
		return usual
	}
	page, size := number("page", 1), min(number("per_page", 30), 200)
	from := min((page-1)*size, len(list))
	pages := int(math.Ceil(float64(len(list)) / float64(size)))
	return list[from:min(from+size, len(list))], Body{"total_records": len(list), "total_pages": pages, "current_page": page}
}

// shown returns a record as answers have it, with the fields that were asked for.
func (s *Server) shown(r *record, fields string) Body {
	all := maps.Clone(r.fields)
	all["created_at"], all["updated_at"] = stamp(r.created), stamp(r.updated)
	for field, name := range s.hidden {
		if name != "" {
			all[name] = all[field]
		}
		delete(all, field)
	}
	wanted := strings.Split(fields, ",")
	switch {
	case fields == "" && r.kind == Features:
		wanted = []string{"reference_num", "name", "created_at", "url"}
	case fields == "" && r.kind == Ideas:
		wanted = []string{"reference_num", "name", "created_at", "updated_at", "workflow_status", "description", "url"}
	case fields == "" && r.kind == Organizations:
		wanted = []string{"name", "created_at", "url"}
	case fields == "" || slices.Contains(wanted, "*"):
		all["id"] = r.id
		return all
	}
	body := Body{"id": r.id}
	for _, name := range wanted {
		if value, ok := all[name]; ok {
			body[name] = value
		}
	}
	return body
}

// bin answers with what was deleted in the last 7 days.
func (s *Server) bin(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Body
	for kind, name := range map[string]string{Ideas: "Idea", Features: "Feature"} {
		for _, one := range s.tables[kind] {
			if !one.deleted.IsZero() && s.Clock.Now().Sub(one.deleted) < 7*24*time.Hour {
				status := "deleted"
				if one.restoring {
					status = "restore_in_progress"
				}
				found = append(found, Body{
					"id": "9" + one.id, "status": status, "deleted_at": stamp(one.deleted),
					"record": Body{"name": one.fields["name"], "type": name, "reference_num": one.fields["reference_num"]},
				})
			}
		}
	}
	slices.SortFunc(found, func(a, b Body) int { return strings.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])) })
	page, info := pageOf(r, found)
	write(w, http.StatusOK, Body{"deletions": append([]Body{}, page...), "pagination": info})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
