package intercom

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Token is an access token of the workspace.
const Token = "standin-intercom-00000000000000000000000000000001"

// window is the time in which the vendor counts requests.
const window = 10 * time.Second

// Server answers as the API does. Its embedded Workspace is that of [Token].
type Server struct {
	*standin.Server
	*Workspace
	mux *http.ServeMux
}

// New returns a server with an empty workspace.
func New(clock *standin.Clock) *Server {
	s := &Server{Server: standin.New("intercom", clock), Workspace: newWorkspace(clock), mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /contacts/search", s.search(Contacts))
	s.mux.HandleFunc("POST /conversations/search", s.search(Conversations))
	s.mux.HandleFunc("GET /conversations/deleted", s.listDeleted)
	s.mux.HandleFunc("GET /conversations/{id}", s.show(Conversations))
	s.mux.HandleFunc("POST /companies/list", s.listCompanies)
	s.mux.HandleFunc("GET /companies/scroll", s.scrollCompanies)
	s.mux.HandleFunc("GET /companies/{id}", s.show(Companies))
	s.mux.HandleFunc("GET /admins", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		write(w, http.StatusOK, Body{"type": "admin.list", "admins": s.admins})
	})
	s.mux.HandleFunc("GET /data_attributes", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		write(w, http.StatusOK, Body{"type": "list", "data": slices.DeleteFunc(slices.Clone(s.attributes), func(one Body) bool {
			return one["model"] != r.URL.Query().Get("model")
		})})
	})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "The requested resource was not found")
	})
	return s
}

func known(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+Token }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	account := func(r *http.Request) string {
		if known(r) {
			return "standin"
		}
		return ""
	}
	s.Serve(w, r, account, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch version := r.Header.Get("Intercom-Version"); {
		case !known(r):
			fail(w, http.StatusUnauthorized, "unauthorized", "Access Token Invalid")
		case version != "" && version != "2.16":
			fail(w, http.StatusBadRequest, "intercom_version_invalid", "The requested version could not be found")
		case s.allow(w):
			s.mux.ServeHTTP(w, r)
		}
	}))
}

// allow counts a request and sets the headers about the limit, or answers with 429.
func (s *Server) allow(w http.ResponseWriter) bool {
	s.mu.Lock()
	most := s.settings.PerWindow
	s.mu.Unlock()
	if most == 0 {
		return true
	}
	limit := standin.Limit{Name: "requests", Max: most, Per: window}
	refusal := s.Throttle.Take("standin", limit)
	wait := window
	if refusal != nil {
		wait = refusal.RetryAfter
	}
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.Throttle.Left("standin", limit)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(s.Clock.Now().Add(wait+time.Second-1).Unix(), 10))
	if refusal == nil {
		return true
	}
	fail(w, http.StatusTooManyRequests, "rate_limit_exceeded", fmt.Sprintf("Exceeded rate limit of %d in 10_seconds", most))
	return false
}

func (s *Server) show(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body := s.tables[kind][r.PathValue("id")]
		if body == nil {
			fail(w, http.StatusNotFound, "not_found", "Resource Not Found")
			return
		}
		write(w, http.StatusOK, body)
	}
}

// scrollCompanies answers with the next page of the one scroll that the app may have open.
func (s *Server) scrollCompanies(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, param := s.clock.Now(), r.URL.Query().Get("scroll_param")
	if s.scroll != nil && now.Sub(s.scroll.used) >= time.Minute {
		s.scroll = nil
	}
	switch {
	case param == "" && s.scroll != nil:
		fail(w, http.StatusBadRequest, "scroll_exists", "scroll already exists for this workspace")
		return
	case param == "":
		s.lastID++
		s.scroll = &scroll{param: fmt.Sprintf("scroll-%d", s.lastID), ids: s.withUsers()}
	case s.scroll == nil || s.scroll.param != param:
		fail(w, http.StatusNotFound, "not_found", "scroll parameter not found")
		return
	}
	s.scroll.used = now
	n := min(s.settings.CompanyPage, len(s.scroll.ids))
	data := []any{}
	for _, id := range s.scroll.ids[:n] {
		if s.tables[Companies][id] != nil {
			data = append(data, s.shown(Companies, id))
		}
	}
	answer := Body{"type": "list", "data": data, "pages": nil, "total_count": nil, "scroll_param": s.scroll.param}
	s.scroll.ids = s.scroll.ids[n:]
	if n == 0 {
		s.scroll = nil
	}
	write(w, http.StatusOK, answer)
}

// withUsers are the ids of the companies that lists have. It expects the mutex to be held.
func (s *Server) withUsers() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(s.tables[Companies])) {
		if s.tables[Companies][id]["user_count"] != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// listCompanies answers with a page of companies.
func (s *Server) listCompanies(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids, data := s.withUsers(), []any{}
	first, size, pages := paged(r, len(ids), 15, 60)
	if pages["next"] != nil {
		pages["next"] = Body{"per_page": size}
	}
	for _, id := range ids[first:min(first+size, len(ids))] {
		data = append(data, s.shown(Companies, id))
	}
	write(w, http.StatusOK, Body{"type": "list", "data": data, "pages": pages, "total_count": len(ids)})
}

// paged returns where the page of a request begins in a list of so many records, the
// size of pages, and what an answer says about them.
func paged(r *http.Request, total, size, most int) (int, int, Body) {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n > 0 {
			return n
		}
		return otherwise
	}
	page, size := number("page", 1), min(number("per_page", size), most)
	pages := Body{"type": "pages", "page": page, "per_page": size, "total_pages": (total + size - 1) / size, "next": nil}
	first := min((page-1)*size, total)
	if first+size < total {
		pages["next"] = fmt.Sprintf("https://api.intercom.io%s?per_page=%d&page=%d", r.URL.Path, size, page+1)
	}
	return first, size, pages
}

// listDeleted answers with a page of the conversations that were deleted, the latest ones first.
func (s *Server) listDeleted(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.deleted)
	slices.Reverse(all)
	first, size, pages := paged(r, len(all), 20, 60)
	shown := append([]Body{}, all[first:min(first+size, len(all))]...)
	write(w, http.StatusOK, Body{"type": "conversation.list", "conversations": shown, "pages": pages, "total_count": len(all)})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int, code, message string) {
	write(w, status, Body{"type": "error.list", "request_id": "00000000-0000-4000-8000-" + strings.Repeat("0", 12), "errors": []any{Body{"code": code, "message": message}}})
}
