package typeform

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Token is the personal token of the account.
const Token = "tfp_standin_0000000000000000000000000000"

// Server answers as Typeform does.
type Server struct {
	*standin.Server
	mux *http.ServeMux

	mu      sync.Mutex
	limits  []standin.Limit
	forms   map[string]*form
	tokens  map[string]*response
	order   []string
	n       int
	late    time.Duration
	ignores bool
	totals  Totals
	largest int
}

// New returns a server with an empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{Server: standin.New("typeform", clock), mux: http.NewServeMux(), forms: map[string]*form{}, tokens: map[string]*response{}}
	s.Limited(true)
	s.mux.HandleFunc("GET /forms", s.list)
	s.mux.HandleFunc("GET /forms/{id}", s.definition)
	s.mux.HandleFunc("GET /forms/{id}/responses", s.responses)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "NOT_FOUND", "Not found") })
	return s
}

// Limited turns the limit on or off.
func (s *Server) Limited(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = nil
	if on {
		s.limits = []standin.Limit{{Name: "second", Max: 2, Per: time.Second}}
	}
}

// Late sets how long responses that are submitted from now on are missing from the list.
func (s *Server) Late(late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = late
}

// Forget makes the server ignore tokens in before and after that it does not know, instead of refusing them.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ignores = true
}

// Totals is what total_items counts in a list of responses.
type Totals int

const (
	// Left counts the responses of the page and those after it.
	Left Totals = iota
	// All counts the responses before the page as well.
	All
	// None leaves total_items out.
	None
)

// Count sets what total_items counts.
func (s *Server) Count(totals Totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals = totals
}

// Largest makes pages of more responses time out.
func (s *Server) Largest(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.largest = n
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if r.Header.Get("Authorization") == "Bearer "+Token {
			return "account"
		}
		return ""
	}, http.HandlerFunc(s.handle))
}

// handle checks the token and the limit.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		refuse(w, http.StatusForbidden, "AUTHENTICATION_FAILED", "Authentication credentials not found on the Request Headers")
		return
	}
	s.mu.Lock()
	refusal := s.Throttle.Take("account", s.limits...)
	s.mu.Unlock()
	if refusal != nil {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
		refuse(w, http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "Rate limit exceeded")
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	for _, id := range s.order {
		items = append(items, Body{"id": id, "title": s.forms[id].title, "type": "quiz"})
	}
	write(w, http.StatusOK, Body{"total_items": len(items), "page_count": 1, "items": items})
}

// form returns the form of a request, or answers that there is none. The mutex is held.
func (s *Server) form(w http.ResponseWriter, r *http.Request) *form {
	f := s.forms[r.PathValue("id")]
	if f == nil {
		refuse(w, http.StatusNotFound, "FORM_NOT_FOUND", "Non existing form with uid "+r.PathValue("id"))
	}
	return f
}

func (s *Server) definition(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.form(w, r); f != nil {
		write(w, http.StatusOK, Body{"id": f.id, "type": "quiz", "title": f.title, "hidden": f.hidden, "fields": defined(f.fields)})
	}
}

func defined(fields []Field) []any {
	list := []any{}
	for _, f := range fields {
		properties := merged(f.Properties, nil)
		if len(f.Fields) > 0 {
			properties["fields"] = defined(f.Fields)
		}
		list = append(list, Body{"id": f.ID, "ref": f.Ref, "title": f.Title, "type": f.Type, "properties": properties, "validations": Body{"required": false}})
	}
	return list
}

// query are the parameters of a list of responses.
type query struct {
	size          int
	since, until  int64
	types         []string
	before, after string
	asc           bool
}

func parse(values url.Values) (query, string) {
	q := query{size: 25, until: math.MaxInt64, types: []string{"completed"}, before: values.Get("before"), after: values.Get("after")}
	if text := values.Get("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return q, "page_size must be a number from 1 to 1000"
		}
		q.size = n
	}
	for name, into := range map[string]*int64{"since": &q.since, "until": &q.until} {
		if text := values.Get(name); text != "" {
			at, ok := moment(text)
			if !ok {
				return q, name + " is not a date"
			}
			*into = at
		}
	}
	if text := values.Get("response_type"); text != "" {
		q.types = strings.Split(text, ",")
	}
	sort := values.Get("sort")
	if sort != "" && (q.before != "" || q.after != "") {
		return q, "sort cannot be used together with before or after"
	}
	if sort != "" && sort != "submitted_at,asc" && sort != "submitted_at,desc" {
		return q, "sort is not supported"
	}
	q.asc = sort == "submitted_at,asc" || q.after != ""
	return q, ""
}

// moment reads seconds or a time in UTC without a zone.
func moment(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	at, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(text, "Z"))
	return at.Unix(), err == nil
}

func (s *Server) responses(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.form(w, r)
	if f == nil {
		return
	}
	q, wrong := parse(r.URL.Query())
	if wrong != "" {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", wrong)
		return
	}
	if s.largest > 0 && q.size > s.largest {
		refuse(w, http.StatusRequestEntityTooLarge, "TOO_LARGE", "The response is too large")
		return
	}
	from, to := place{at: q.since}, place{at: q.until, n: math.MaxInt}
	for name, token := range map[string]string{"before": q.before, "after": q.after} {
		if token == "" {
			continue
		}
		edge, known := f.places[token]
		switch {
		case !known && !s.ignores:
			refuse(w, http.StatusBadRequest, "INVALID_TOKEN", name+": there is no response with this token")
			return
		case known && name == "before" && edge.compare(to) <= 0:
			to = edge
		case known && name == "after" && edge.compare(from) >= 0:
			from = place{edge.at, edge.n + 1}
		}
	}
	now, total, items := s.Clock.Now(), 0, []any{}
	listed := f.within(from, to)
	for i := range listed {
		one := listed[len(listed)-1-i]
		if q.asc {
			one = listed[i]
		}
		if !slices.Contains(q.types, one.Type) || one.visible.After(now) {
			continue
		}
		if total++; total <= q.size {
			f.places[one.token] = one.place
			items = append(items, shown(f, one))
		}
	}
	body := Body{"total_items": total, "page_count": (total + q.size - 1) / q.size, "items": items}
	switch s.totals {
	case All:
		body["total_items"] = len(f.within(place{at: q.since}, place{at: q.until, n: math.MaxInt}))
	case None:
		delete(body, "total_items")
		delete(body, "page_count")
	case Left:
	}
	write(w, http.StatusOK, body)
}

func shown(f *form, one *response) Body {
	const layout = "2006-01-02T15:04:05Z"
	answers := []any{}
	var add func(fields []Field)
	add = func(fields []Field) {
		for _, field := range fields {
			add(field.Fields)
			if value := one.Answers[field.Ref]; value != nil {
				kind := kindOf(field.Type)
				answers = append(answers, Body{"field": Body{"id": field.ID, "ref": field.Ref, "type": field.Type}, "type": kind, kind: value})
			}
		}
	}
	add(f.fields)
	body := Body{
		"landing_id": one.token, "token": one.token, "response_id": one.token, "response_type": one.Type, "landed_at": one.landed.UTC().Format(layout),
		"submitted_at": time.Unix(one.at, 0).UTC().Format(layout), "metadata": Body{"platform": "other", "browser": "default"},
		"hidden": merged(one.Hidden, nil), "calculated": Body{"score": 0}, "answers": answers,
	}
	if one.Type != "completed" {
		body["submitted_at"] = "0001-01-01T00:00:00Z"
	}
	if one.Type == "started" {
		body["answers"] = nil
	}
	return body
}

// kindOf is the type of the answers to a type of question.
func kindOf(question string) string {
	switch question {
	case "nps", "opinion_scale", "rating", "number":
		return "number"
	case "email":
		return "email"
	case "yes_no", "legal":
		return "boolean"
	case "multiple_choice", "dropdown":
		return "choice"
	default:
		return "text"
	}
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	write(w, status, Body{"code": code, "description": description})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
