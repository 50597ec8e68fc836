package asknicely

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Key is the API key of the account.
const Key = "standin-asknicely-0000000000000000"

// Domain is the first part of the account's address.
const Domain = "northwind"

// redirectRows is from how many rows on a page is a file elsewhere.
const redirectRows = 1000

// Response is an answer to a survey, as the API has it.
type Response = map[string]any

// Server answers as AskNicely does.
type Server struct {
	*standin.Server
	mux *http.ServeMux

	mu        sync.Mutex
	limits    []standin.Limit
	responses []*response // by time and id
	hidden    map[string]string
	files     map[string][]byte
	n         int
}

type response struct {
	id     int
	at     int64 // when it was responded, in seconds
	fields Response
}

// New returns a server with an empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{Server: standin.New("asknicely", clock), mux: http.NewServeMux(), hidden: map[string]string{}, files: map[string][]byte{}}
	s.Limited(true)
	s.mux.HandleFunc("GET /api/v1/responses/{sort}/{size}/{page}/{since}/json/answered/responded", s.list)
	s.mux.HandleFunc("GET /files/{name}", s.file)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Unknown method") })
	return s
}

// Limited turns the limits on or off.
func (s *Server) Limited(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = nil
	if on {
		s.limits = []standin.Limit{{Name: "10s", Max: 200, Per: 10 * time.Second}, {Name: "60s", Max: 1000, Per: time.Minute}}
	}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if r.Header.Get("X-apikey") == Key {
			return Domain
		}
		return ""
	}, s.mux)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-apikey") != Key {
		refuse(w, http.StatusUnauthorized, "Invalid API key")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.limits {
		w.Header().Set("RateLimit-Req"+l.Name+"-Limit", strconv.Itoa(l.Max))
		w.Header().Set("RateLimit-Req"+l.Name+"-Remaining", strconv.Itoa(s.Throttle.Left(Key, l)))
	}
	if refusal := s.Throttle.Take(Key, s.limits...); refusal != nil {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
		write(w, http.StatusTooManyRequests, Response{"success": false, "msg": "Rate limit exceeded", "type": "req-" + refusal.Limit.Name, "count": refusal.Limit.Max + 1, "limit": refusal.Limit.Max})
		return
	}
	size, page, since := number(r, "size"), number(r, "page"), number(r, "since")
	sort := r.PathValue("sort")
	if size < 1 || size > 50000 || page < 1 || since < 0 || sort != "asc" && sort != "desc" {
		refuse(w, http.StatusBadRequest, "Invalid parameters")
		return
	}
	found := slices.DeleteFunc(slices.Clone(s.responses), func(one *response) bool { return one.at <= int64(since) && since > 0 })
	if sort == "desc" {
		slices.Reverse(found)
	}
	from := min((page-1)*size, len(found))
	rows := []any{}
	for _, one := range found[from:min(from+size, len(found))] {
		rows = append(rows, s.shown(one))
	}
	body := Response{
		"success": true, "total": strconv.Itoa(len(found)), "totalpages": strconv.Itoa((len(found) + size - 1) / size), "pagenumber": strconv.Itoa(page),
		"pagesize": strconv.Itoa(size), "since_time": strconv.Itoa(since), "end_time": strconv.FormatInt(s.Clock.Now().Unix(), 10), "data": rows,
	}
	if len(rows) < redirectRows {
		write(w, http.StatusOK, body)
		return
	}
	name := fmt.Sprintf("%d.json", len(s.files)+1)
	s.files[name], _ = json.Marshal(body)
	w.Header().Set("Location", "/files/"+name)
	w.WriteHeader(http.StatusFound)
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.PathValue(name))
	if err != nil {
		return -1
	}
	return n
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.files[r.PathValue("name")]
	if !ok {
		refuse(w, http.StatusNotFound, "The file has expired")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// shown returns a response as answers have it. The mutex is held.
func (s *Server) shown(one *response) Response {
	fields := maps.Clone(one.fields)
	for name, other := range s.hidden {
		if other != "" {
			fields[other] = fields[name]
		}
		delete(fields, name)
	}
	return fields
}

// Hide leaves a field out of all answers, or shows it under another name.
func (s *Server) Hide(name, other string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[name] = other
}

// Add adds a response that was given now, and returns its id.
func (s *Server) Add(fields Response) string { return s.AddAt(s.Clock.Now(), fields) }

// AddAt adds a response that was given at a time.
func (s *Server) AddAt(at time.Time, fields Response) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	one := &response{id: 54000 + s.n, at: at.Unix()}
	id := strconv.Itoa(one.id)
	one.fields = Response{
		"response_id": id, "contact_id": id, "person_id": id, "name": "Person " + id, "email": "person" + id + "@northwind.example", "answer": "8", "answerlabel": "8",
		"comment": nil, "note": nil, "status": "", "sent": text(at.Add(-time.Minute)), "opened": text(at), "responded": text(at), "created": text(at), "segment": nil,
		"question_type": "nps", "published": "",
	}
	maps.Copy(one.fields, fields)
	s.insert(one)
	return id
}

func text(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func (s *Server) insert(one *response) {
	place, _ := slices.BinarySearchFunc(s.responses, one, func(a, b *response) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	s.responses = slices.Insert(s.responses, place, one)
}

// Answer changes a response as the customer does, who answers again.
func (s *Server) Answer(id string, fields Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.must(id)
	s.responses = slices.DeleteFunc(s.responses, func(other *response) bool { return other == one })
	maps.Copy(one.fields, fields)
	one.at = s.Clock.Now().Unix()
	one.fields["responded"] = text(s.Clock.Now())
	s.insert(one)
}

// SetSilently changes a response, and not its time.
func (s *Server) SetSilently(id string, fields Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.must(id).fields, fields)
}

// Delete removes a response.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.must(id)
	s.responses = slices.DeleteFunc(s.responses, func(other *response) bool { return other == one })
}

// Fields returns a copy of a response.
func (s *Server) Fields(id string) Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.must(id).fields)
}

// IDs returns the ids of all responses.
func (s *Server) IDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, one := range s.responses {
		ids = append(ids, strconv.Itoa(one.id))
	}
	return ids
}

func (s *Server) must(id string) *response {
	i := slices.IndexFunc(s.responses, func(one *response) bool { return strconv.Itoa(one.id) == id })
	if i < 0 {
		panic("asknicely stand-in: there is no response " + id)
	}
	return s.responses[i]
}

// Fill adds responses of the last days, the same ones each time.
func (s *Server) Fill(n int) {
	for i := range n {
		s.AddAt(s.Clock.Now().Add(-time.Duration(n-i)*time.Hour), Response{"answer": strconv.Itoa(i % 11), "comment": "Comment " + strconv.Itoa(i)})
	}
}

func refuse(w http.ResponseWriter, status int, msg string) {
	write(w, status, Response{"success": false, "msg": msg})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
