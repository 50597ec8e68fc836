package jira

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// The site, and who reads it.
const (
	Site    = "northwind"
	CloudID = "11223344-a1b2-3b33-c444-def123456789"
	Email   = "sync@northwind.example"
	Token   = "standin-jira-0000000000000000000000000000"
)

const api = "/ex/jira/" + CloudID + "/rest/api/3/"

// Server answers as the gateway and the site do.
type Server struct {
	*standin.Server
	*Data
	mux *http.ServeMux
}

// New returns a server of a site without issues.
func New(clock *standin.Clock) *Server {
	s := &Server{Server: standin.New("jira", clock), Data: newData(clock), mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /_edge/tenant_info", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, Fields{"cloudId": CloudID})
	})
	s.handle("GET "+api+"myself", s.myself)
	s.handle("GET "+api+"field", s.listFields)
	for kind, names := range lists {
		s.handle("GET "+api+kind, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, listOf(names)) })
	}
	s.handle("POST "+api+"search/jql", s.search)
	s.handle("POST "+api+"issue/bulkfetch", s.bulkFetch)
	s.handle("PUT "+api+"issue/{id}", s.update)
	s.handle("GET "+api+"issue/{id}/remotelink", s.listLinks)
	s.handle("POST "+api+"issue/{id}/remotelink", s.setLink)
	s.handle("DELETE "+api+"issue/{id}/remotelink", s.deleteLink)
	for _, method := range []string{"GET ", "POST "} {
		s.handle(method+api+"search", func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
		})
	}
	s.mux.HandleFunc("/rest/", func(w http.ResponseWriter, _ *http.Request) { // a token with scopes at the site itself
		refuse(w, http.StatusUnauthorized, "Client must be authenticated to access this resource.")
	})
	return s
}

// lists are what fields of issues can be on a site.
var lists = map[string][]string{
	"priority": {"Highest", "High", "Medium", "Low", "Lowest"}, "status": {"To Do", "In Progress", "Done"}, "issuetype": {"Bug", "Story", "Task"},
}

func listOf(names []string) []Fields {
	var all []Fields
	for i, name := range names {
		all = append(all, Fields{"id": strconv.Itoa(i + 1), "name": name, "description": ""})
	}
	return all
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if known(r) {
			return Site
		}
		return ""
	}, s.mux)
}

func known(r *http.Request) bool {
	email, token, _ := r.BasicAuth()
	return email == Email && token == Token
}

func (s *Server) handle(pattern string, answer http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		settings := s.current()
		ended := !known(r) || settings.TokenEnded
		if ended && settings.Public && strings.HasSuffix(r.URL.Path, "/search/jql") {
			reply(w, http.StatusOK, Fields{"issues": []any{}, "isLast": true})
			return
		}
		if ended && settings.Public && strings.HasSuffix(r.URL.Path, "/field") {
			answer(w, r)
			return
		}
		if ended {
			reply(w, http.StatusUnauthorized, Fields{"code": 401, "message": "Unauthorized"})
			return
		}
		refusal := s.Throttle.Take(Site, standin.Limit{Name: "jira-burst-based", Max: settings.Burst, Per: time.Second},
			standin.Limit{Name: "jira-quota-global-based", Max: settings.Hourly, Per: time.Hour})
		if refusal != nil {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
			w.Header().Set("RateLimit-Reason", refusal.Limit.Name)
			refuse(w, http.StatusTooManyRequests, "Rate limit exceeded.")
			return
		}
		answer(w, r)
	})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, messages ...string) {
	reply(w, status, Fields{"errorMessages": messages, "errors": Fields{}})
}

func (s *Server) myself(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, Fields{"accountId": "5b10a2", "accountType": "atlassian", "emailAddress": Email, "displayName": "Sync", "active": true, "timeZone": s.current().Zone.String()})
}

// page is what the token of the next page holds.
type page struct {
	Query  uint64
	Offset int
	Issued time.Time
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		JQL           string   `json:"jql"`
		Fields        []string `json:"fields"`
		MaxResults    int      `json:"maxResults"`
		NextPageToken string   `json:"nextPageToken"`
	}
	sent.MaxResults = 50
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		refuse(w, http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
		return
	}
	settings := s.current()
	q, err := parse(sent.JQL, settings.Zone)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if settings.LargestPage > 0 && sent.MaxResults > settings.LargestPage {
		w.WriteHeader(http.StatusGatewayTimeout)
		return
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(sent.JQL))
	at := page{Query: hash.Sum64()}
	if sent.NextPageToken != "" {
		text, err := base64.StdEncoding.DecodeString(sent.NextPageToken)
		if err != nil || json.Unmarshal(text, &at) != nil || at.Query != hash.Sum64() || s.Clock.Now().Sub(at.Issued) > 7*24*time.Hour {
			refuse(w, http.StatusBadRequest, "The provided next page token is invalid or has expired.")
			return
		}
	}
	found, more := s.find(q, at.Offset, min(sent.MaxResults, settings.Page), sent.Fields)
	body := Fields{"issues": found}
	if settings.SayLast {
		body["isLast"] = !more
	}
	if more {
		at.Offset, at.Issued = at.Offset+len(found), s.Clock.Now()
		text, _ := json.Marshal(at)
		body["nextPageToken"] = base64.StdEncoding.EncodeToString(text)
	}
	reply(w, http.StatusOK, body)
}

func (s *Server) bulkFetch(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		IDs    []string `json:"issueIdsOrKeys"`
		Fields []string `json:"fields"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || len(sent.IDs) == 0 || len(sent.IDs) > 100 {
		refuse(w, http.StatusBadRequest, "Between 1 and 100 issue IDs or keys are required.")
		return
	}
	reply(w, http.StatusOK, Fields{"issues": s.read(sent.IDs, sent.Fields), "issueErrors": []any{}})
}

func (s *Server) update(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Fields Fields `json:"fields"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	switch wrong, ok := s.change(r.PathValue("id"), sent.Fields); {
	case !ok:
		refuse(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
	case wrong != nil:
		reply(w, http.StatusBadRequest, Fields{"errorMessages": []any{}, "errors": wrong})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
