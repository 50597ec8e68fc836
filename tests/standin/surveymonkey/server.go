package surveymonkey

import (
	"encoding/json"
	"fmt"
	"maps"
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

// Token is the access token of the account.
const Token = "standin-surveymonkey-000000000000"

// account is whose requests are counted.
const account = "northwind"

// Settings is what differs between accounts.
type Settings struct {
	// Minute and Day are how many requests are accepted in each; 0 is any number.
	Minute, Day int
	// Lenient accepts half as many more in a day, as it does on a few days of a month.
	Lenient bool
	// Refuse is the id of the error with which answers are refused, such as 1014; 0 is
	// none.
	Refuse int
	// NoAnswers leaves the answers out of responses.
	NoAnswers bool
	// Revoked is whether the user has withdrawn the access.
	Revoked bool
}

// Server answers as SurveyMonkey does.
type Server struct {
	*standin.Server
	mux *http.ServeMux

	mu       sync.Mutex
	settings Settings
	surveys  []*survey
	places   map[string]string // the survey of a response
	n        int
}

// New returns a server with an empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("surveymonkey", clock), mux: http.NewServeMux(), places: map[string]string{},
		settings: Settings{Minute: 120, Day: 500},
	}
	s.mux.HandleFunc("GET /v3/surveys", s.allowed(s.listSurveys))
	s.mux.HandleFunc("GET /v3/surveys/{survey}/details", s.allowed(s.details))
	s.mux.HandleFunc("GET /v3/surveys/{survey}/responses/bulk", s.allowed(s.listResponses))
	s.mux.HandleFunc("/", s.allowed(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 1020) }))
	return s
}

// Configure changes the settings.
func (s *Server) Configure(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.settings)
}

// Limited turns the limits on or off.
func (s *Server) Limited(on bool) {
	s.Configure(func(o *Settings) {
		o.Minute, o.Day = 0, 0
		if on {
			o.Minute, o.Day = 120, 500
		}
	})
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if bearer(r) == Token {
			return account
		}
		return ""
	}, s.mux)
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return token
}

// allowed checks the token and the limits, and then answers with the mutex held.
func (s *Server) allowed(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch token := bearer(r); {
		case token == "":
			refuse(w, 1010)
			return
		case token != Token:
			refuse(w, 1011)
			return
		case s.settings.Revoked:
			write(w, http.StatusUnauthorized, object{"status": 1, "errmsg": "Client revoked access grant"})
			return
		}
		w.Header().Set("X-OAuth-Scopes-Granted", "responses_read,responses_read_detail,surveys_read")
		w.Header().Set("X-OAuth-Scopes-Available", "responses_read,responses_read_detail,surveys_read")
		minute := standin.Limit{Name: "Minute", Max: s.settings.Minute, Per: time.Minute}
		day := standin.Limit{Name: "Day", Max: s.settings.Day}
		counted := day
		if s.settings.Lenient {
			counted.Max += day.Max / 2
		}
		refusal := s.Throttle.Take(account, minute, counted)
		now := s.Clock.Now()
		s.say(w, minute, time.Minute)
		s.say(w, day, now.Truncate(24*time.Hour).Add(24*time.Hour).Sub(now))
		if refusal != nil {
			refuse(w, 1040)
			return
		}
		handle(w, r)
	}
}

// say says how much of a limit is left.
func (s *Server) say(w http.ResponseWriter, limit standin.Limit, reset time.Duration) {
	if limit.Max == 0 {
		return
	}
	name := "X-Ratelimit-App-Global-" + limit.Name
	w.Header().Set(name+"-Limit", strconv.Itoa(limit.Max))
	w.Header().Set(name+"-Remaining", strconv.Itoa(s.Throttle.Left(account, limit)))
	w.Header().Set(name+"-Reset", strconv.Itoa(int(math.Ceil(reset.Seconds()))))
}

func (s *Server) listSurveys(w http.ResponseWriter, r *http.Request) {
	page, size, ok := paging(r.URL.Query(), 1000)
	if !ok {
		refuse(w, 1003)
		return
	}
	include := strings.Split(r.URL.Query().Get("include"), ",")
	rows := []any{}
	from := min((page-1)*size, len(s.surveys))
	for _, one := range s.surveys[from:min(from+size, len(s.surveys))] {
		row := object{"id": one.id, "title": one.title, "nickname": "", "href": address + "/surveys/" + one.id}
		if slices.Contains(include, "date_modified") {
			row["date_modified"] = minutes(one.modified)
		}
		if slices.Contains(include, "response_count") {
			row["response_count"] = len(one.responses)
		}
		rows = append(rows, row)
	}
	write(w, http.StatusOK, listed(r.URL, rows, page, size, len(s.surveys)))
}

// have returns the survey of a request, or nil after it said that there is none.
func (s *Server) have(w http.ResponseWriter, r *http.Request) *survey {
	i := slices.IndexFunc(s.surveys, func(one *survey) bool { return one.id == r.PathValue("survey") })
	if i < 0 {
		refuse(w, 1020)
		return nil
	}
	return s.surveys[i]
}

func (s *Server) details(w http.ResponseWriter, r *http.Request) {
	if one := s.have(w, r); one != nil {
		write(w, http.StatusOK, one.details())
	}
}

func (s *Server) listResponses(w http.ResponseWriter, r *http.Request) {
	one := s.have(w, r)
	if one == nil {
		return
	}
	query := r.URL.Query()
	page, size, ok := paging(query, 100)
	since, known := moment(query.Get("start_modified_at"))
	status, order := query.Get("status"), query.Get("sort_order")
	switch {
	case s.settings.Refuse != 0:
		refuse(w, s.settings.Refuse)
		return
	case !ok, !known, order != "" && order != "ASC" && order != "DESC", query.Get("sort_by") != "" && query.Get("sort_by") != "date_modified":
		refuse(w, 1003)
		return
	case len(one.questions) > 1000:
		refuse(w, 1030)
		return
	}
	found := one.responses
	if !since.IsZero() {
		first, _ := slices.BinarySearchFunc(found, since, func(r *response, at time.Time) int {
			if r.modified.After(at) {
				return 1
			}
			return -1
		})
		found = found[first:]
	}
	if status != "" && (one.partial > 0 || status != completed) {
		found = slices.DeleteFunc(slices.Clone(found), func(r *response) bool { return r.status() != status })
	}
	rows := []any{}
	for i := (page - 1) * size; i < min(page*size, len(found)); i++ {
		at := i
		if order == "DESC" {
			at = len(found) - 1 - i
		}
		row := one.response(found[at])
		if s.settings.NoAnswers {
			delete(row, "pages")
		}
		rows = append(rows, row)
	}
	write(w, http.StatusOK, listed(r.URL, rows, page, size, len(found)))
}

// moment reads a time, which is UTC if it has no offset.
func moment(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func paging(query url.Values, most int) (page, size int, ok bool) {
	page, size = 1, 50
	for name, value := range map[string]*int{"page": &page, "per_page": &size} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return 0, 0, false
			}
			*value = n
		}
	}
	return page, size, page > 0 && size > 0 && size <= most
}

// listed is a page of a list with links to the others.
func listed(at *url.URL, rows []any, page, size, total int) object {
	last := max(1, (total+size-1)/size)
	link := func(page int) string {
		query := maps.Clone(at.Query())
		query.Set("page", strconv.Itoa(page))
		query.Set("per_page", strconv.Itoa(size))
		return "https://api.surveymonkey.com" + at.Path + "?" + query.Encode()
	}
	links := object{"self": link(page)}
	if page > 1 {
		links["prev"], links["first"] = link(page-1), link(1)
	}
	if page < last {
		links["next"], links["last"] = link(page+1), link(last)
	}
	return object{"per_page": size, "total": total, "page": page, "data": rows, "links": links}
}

var refusals = map[int]struct {
	status        int
	name, message string
}{
	1003: {400, "Bad Request", "Invalid URL parameters."},
	1010: {401, "Authorization Error", "The authorization token was not provided."},
	1011: {401, "Authorization Error", "The authorization token provided was invalid."},
	1014: {403, "Permission Error", "Permission has not been granted by the user to make this request."},
	1015: {403, "Permission Error", "The user does not have the required plan to make this request."},
	1018: {403, "Permission Error", "The user does not have permission to access the host in this region."},
	1020: {404, "Resource Not Found", "There was an error retrieving the requested resource."},
	1030: {413, "Request Entity Too Large", "The requested entity is too large, it can not be returned."},
	1040: {429, "Rate Limit Reached", "Too many requests were made, try again later."},
}

// refuse answers with an error of the vendor's list.
func refuse(w http.ResponseWriter, id int) {
	known, ok := refusals[id]
	if !ok {
		panic(fmt.Sprintf("surveymonkey stand-in: unknown error %d", id))
	}
	write(w, known.status, object{"error": object{
		"docs": "https://developer.surveymonkey.com/api/v3/#error-codes", "message": known.message, "id": strconv.Itoa(id), "name": known.name, "http_status_code": known.status,
	}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
