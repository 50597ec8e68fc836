package productboard

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Token is an API token of the workspace.
const Token = "standin-productboard-0000000000000000000000000000"

// host is the vendor's, which addresses in answers have.
const host = "https://api.productboard.com"

// Retired is what the vendor says about requests to version 1.
const Retired = "The Productboard API v1 has been retired for this workspace. Migrate to API v2 — see https://developer.productboard.com/reference/migration-guide"

// Server answers as Productboard does.
type Server struct {
	*standin.Server
	*Workspace
	mux *http.ServeMux
}

// New returns a server with an empty workspace.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("productboard", clock), mux: http.NewServeMux(),
		Workspace: &Workspace{clock: clock, byID: map[string]*record{}, hidden: map[string]string{}, settings: Settings{PerSecond: 50, Page: 100, Related: 20}},
	}
	s.handle("GET /v2/entities", s.entities)
	s.handle("GET /v2/entities/{id}", s.one(false))
	s.handle("GET /v2/entities/{id}/relationships", s.relationships(false))
	s.handle("GET /v2/notes", s.notes)
	s.handle("GET /v2/notes/{id}", s.one(true))
	s.handle("GET /v2/notes/{id}/relationships", s.relationships(true))
	s.handle("/v2/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "route.notFound", "Route not found", "There is no such path in API v2.")
	})
	s.handle("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusGone, "api.retired", "API v1 retired", Retired)
	})
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if r.Header.Get("Authorization") == "Bearer "+Token {
			return "northwind"
		}
		return ""
	}, s.mux)
}

func (s *Server) handle(pattern string, answer http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			refuse(w, http.StatusUnauthorized, "auth.unauthorized", "Unauthorized", "The access token is missing, unknown or revoked.")
			return
		}
		s.mu.Lock()
		limit := standin.Limit{Name: "token", Max: s.settings.PerSecond, Per: time.Second}
		s.mu.Unlock()
		refusal := s.Throttle.Take(Token, limit)
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limit.Max))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(s.Throttle.Left(Token, limit)))
		if refusal != nil {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
			refuse(w, http.StatusTooManyRequests, "rateLimit.exceeded", "Too many requests", "The rate limit of the token is exceeded.")
			return
		}
		answer(w, r)
	})
}

// kinds are the types of entities that there are.
var kinds = []string{"product", "component", "feature", "subfeature", "initiative", "objective", "keyResult", "release", "releaseGroup", "company", "user"}

func (s *Server) entities(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	types := query["type[]"]
	for _, kind := range types {
		if !slices.Contains(kinds, kind) {
			invalid(w, "type[] has the unknown type "+kind)
			return
		}
	}
	if len(types) == 0 {
		invalid(w, "type[] is required")
		return
	}
	s.list(w, r, []string{"type[]"}, func(one *record) bool { return slices.Contains(types, one.kind) })
}

func (s *Server) notes(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	times := map[string]time.Time{}
	for _, name := range []string{"updatedFrom", "updatedTo", "createdFrom", "createdTo"} {
		if !query.Has(name) {
			continue
		}
		at, err := time.Parse(time.RFC3339, query.Get(name))
		if err != nil {
			invalid(w, name+" must be a date-time, as in RFC 3339")
			return
		}
		times[name] = at
	}
	archived := query.Get("archived") == "true"
	s.list(w, r, []string{"updatedFrom", "updatedTo", "createdFrom", "createdTo", "archived"}, func(one *record) bool {
		within := func(name string, at time.Time) bool {
			from, to := times[name+"From"], times[name+"To"]
			return !at.Before(from) && (to.IsZero() || !at.After(to))
		}
		return one.kind == Note && one.fields["archived"] == archived && within("updated", one.updated) && within("created", one.created)
	})
}

// list answers with a page of records.
func (s *Server) list(w http.ResponseWriter, r *http.Request, known []string, keep func(*record) bool) {
	query := r.URL.Query()
	for name := range query {
		if name != "pageCursor" && !slices.Contains(known, name) {
			invalid(w, "unknown parameter "+name)
			return
		}
	}
	position, err := positionOf(query.Get("pageCursor"))
	if err != nil {
		invalid(w, "pageCursor is invalid")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, more := s.after(position, keep)
	data, links := []any{}, Body{"next": nil}
	for _, one := range found {
		data = append(data, s.shown(one, true))
	}
	if more {
		query.Set("pageCursor", cursorOf(key(found[len(found)-1])))
		links["next"] = host + r.URL.Path + "?" + query.Encode()
	}
	write(w, http.StatusOK, Body{"data": data, "links": links})
}

func (s *Server) one(note bool) http.HandlerFunc {
	return s.found(note, func(w http.ResponseWriter, _ *http.Request, one *record) {
		write(w, http.StatusOK, Body{"data": s.shown(one, false)})
	})
}

func (s *Server) relationships(note bool) http.HandlerFunc {
	return s.found(note, func(w http.ResponseWriter, r *http.Request, one *record) {
		position, err := positionOf(r.URL.Query().Get("pageCursor"))
		from, _ := strconv.Atoi(position)
		if err != nil {
			invalid(w, "pageCursor is invalid")
			return
		}
		write(w, http.StatusOK, s.related(one, from))
	})
}

// found answers about the record of a path, with the mutex held.
func (s *Server) found(note bool, answer func(http.ResponseWriter, *http.Request, *record)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		one := s.byID[r.PathValue("id")]
		if one == nil || (one.kind == Note) != note {
			refuse(w, http.StatusNotFound, "resource.notFound", "Not found", "There is no record with this id.")
			return
		}
		answer(w, r, one)
	}
}

func cursorOf(position string) string { return base64.StdEncoding.EncodeToString([]byte(position)) }

func positionOf(cursor string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	return string(text), err
}

func invalid(w http.ResponseWriter, detail string) {
	refuse(w, http.StatusBadRequest, "validation.invalid", "Invalid request", detail)
}

func refuse(w http.ResponseWriter, status int, code, title, detail string) {
	write(w, status, Body{"errors": []any{Body{"code": code, "title": title, "detail": detail}}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// Fill adds records that look like those of a small workspace, the same ones each time:
// companies with a user each, features, and notes of the users about the features.
func (s *Server) Fill(companies, features, notes int) {
	var users, planned []string
	for i := range companies {
		n := strconv.Itoa(i + 1)
		company := s.Add("company", Body{"name": "Company " + n, "domain": "company" + n + ".example"})
		users = append(users, s.Add("user", Body{"name": "Person " + n, "email": "person" + n + "@company" + n + ".example"}))
		s.Relate(users[i], "parent", company)
	}
	for i := range features {
		planned = append(planned, s.Add("feature", Body{"name": "Feature " + strconv.Itoa(i+1), "description": "<p>Planned <b>soon</b></p>"}))
	}
	for i := range notes {
		id := s.Add(Note, Body{"name": "Note " + strconv.Itoa(i+1), "content": "<p>Please add this.</p>", "processed": i%2 == 0, "archived": i%10 == 9})
		if len(users) > 0 {
			s.Relate(id, "customer", users[i%len(users)])
		}
		if len(planned) > 0 {
			s.Relate(id, "link", planned[i%len(planned)])
		}
	}
}
