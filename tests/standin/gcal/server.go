package gcal

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// ClientID and ClientSecret are the OAuth client, Account is who authorized it, and
// ServiceAccount the service account with delegation to the whole domain.
const (
	ClientID       = "standin.apps.googleusercontent.example"
	ClientSecret   = "standin-google-secret"
	Account        = "am@ours.example"
	ServiceAccount = "sync@project.iam.gserviceaccount.example"
	scope          = "https://www.googleapis.com/auth/calendar.events.readonly"
)

// Body is an event, or a part of one, as the API has it.
type Body = map[string]any

// Server answers as the API does. Its methods are for tests.
type Server struct {
	*standin.Server
	OAuth *standin.OAuth
	mux   *http.ServeMux
	key   *rsa.PrivateKey

	mu        sync.Mutex
	calendars map[string][]*event
	changes   int
	forgotten int // syncTokens up to this change have expired
	perMinute int
	tooMany   int // status of refusals
	subjects  []string
}

type event struct {
	body    Body
	changed int
}

// New returns a server with the empty calendar of Account.
func New(clock *standin.Clock) *Server {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	s := &Server{
		Server: standin.New("gcal", clock), OAuth: standin.NewOAuth(clock, time.Hour), mux: http.NewServeMux(), key: key,
		calendars: map[string][]*event{Account: nil}, forgotten: -1, perMinute: 600, tooMany: http.StatusForbidden,
	}
	s.OAuth.Register(ClientID, ClientSecret, Account)
	s.mux.HandleFunc("GET /calendar/v3/calendars/{calendar}/events", s.list)
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "global", "notFound", "Not Found")
	})
	return s
}

// Key is the private key of the service account in PEM form.
func (s *Server) Key() string {
	text, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

// Refuse sets how many requests a minute are accepted, and the status of refusals.
func (s *Server) Refuse(perMinute, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perMinute, s.tooMany = perMinute, status
}

// Put adds an event to a calendar, or replaces fields of it.
func (s *Server) Put(calendar, id string, fields Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	now := s.Clock.Now().Format("2006-01-02T15:04:05.000Z")
	e := s.find(calendar, id)
	if e == nil {
		e = &event{body: Body{
			"kind": "calendar#event", "etag": `"0"`, "id": id, "status": "confirmed", "eventType": "default", "created": now,
			"iCalUID": id + "@google.com", "htmlLink": "https://www.google.com/calendar/event?eid=" + id, "reminders": Body{"useDefault": true},
		}}
		s.calendars[calendar] = append(s.calendars[calendar], e)
	}
	maps.Copy(e.body, fields)
	e.body["updated"], e.body["etag"], e.body["status"], e.changed = now, fmt.Sprintf("%q", strconv.Itoa(s.changes)), "confirmed", s.changes
}

// Cancel deletes an event of a calendar.
func (s *Server) Cancel(calendar, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	e := s.find(calendar, id)
	e.body["status"], e.changed = "cancelled", s.changes
}

// Forget lets all syncTokens so far expire.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = s.changes
	s.changes++
}

// Subjects are the users for whom the service account asked.
func (s *Server) Subjects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.subjects)
}

func (s *Server) find(calendar, id string) *event {
	for _, e := range s.calendars[calendar] {
		if e.body["id"] == id {
			return e
		}
	}
	return nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.account, s.mux) }

func (s *Server) account(r *http.Request) string {
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, _ := s.OAuth.Account(value)
	return account
}

// position is what tokens of pages and of synchronizations hold.
type position struct {
	Calendar, Query string
	Sync            bool
	Since, Until, N int // changes, and how many events earlier pages had
}

func (p position) String() string {
	text, _ := json.Marshal(p)
	return base64.URLEncoding.EncodeToString(text)
}

func positionOf(text string) (p position, ok bool) {
	raw, err := base64.URLEncoding.DecodeString(text)
	return p, err == nil && json.Unmarshal(raw, &p) == nil
}

// withSync are the parameters that a syncToken excludes.
var withSync = []string{"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	account, calendar, query := s.account(r), r.PathValue("calendar"), r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if account == "" {
		fail(w, http.StatusUnauthorized, "global", "authError", "Invalid Credentials")
		return
	}
	limit := standin.Limit{Name: "queries", Max: s.perMinute, Per: time.Minute}
	if s.Throttle.Take(account, limit) != nil {
		fail(w, s.tooMany, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded")
		return
	}
	if calendar == "primary" {
		calendar = account
	}
	events, known := s.calendars[calendar]
	if !known {
		fail(w, http.StatusNotFound, "global", "notFound", "Not Found")
		return
	}
	at, why := s.position(calendar, query)
	if why != nil {
		why(w)
		return
	}
	var found []*event
	for _, e := range events {
		changed := e.changed > at.Since && e.changed <= at.Until
		if changed && (at.Sync || e.body["status"] != "cancelled" && after(e.body, query.Get("timeMin"))) {
			found = append(found, e)
		}
	}
	size := 250
	if n, err := strconv.Atoi(query.Get("maxResults")); err == nil {
		size = min(n, 2500)
	}
	items := []any{}
	for _, e := range found[min(at.N, len(found)):min(at.N+size, len(found))] {
		items = append(items, shown(e.body))
	}
	answer := Body{
		"kind": "calendar#events", "etag": `"p1"`, "summary": calendar, "description": "", "updated": s.Clock.Now().Format("2006-01-02T15:04:05.000Z"),
		"timeZone": "Europe/Stockholm", "accessRole": "reader", "defaultReminders": []any{}, "items": items,
	}
	if at.N+size < len(found) {
		at.N += size
		answer["nextPageToken"] = at.String()
	} else {
		answer["nextSyncToken"] = position{Calendar: calendar, Query: rest(query), Sync: true, Since: at.Until}.String()
	}
	write(w, http.StatusOK, answer)
}

// position reads the tokens of a request.
func (s *Server) position(calendar string, query url.Values) (position, func(http.ResponseWriter)) {
	invalid := func(what string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fail(w, http.StatusBadRequest, "global", "invalid", what) }
	}
	sync := query.Get("syncToken")
	if sync != "" {
		for _, name := range withSync {
			if query.Has(name) {
				return position{}, invalid("Sync token cannot be combined with " + name)
			}
		}
	}
	at := position{Calendar: calendar, Query: rest(query), Until: s.changes}
	if sync != "" {
		p, ok := positionOf(sync)
		if !ok || !p.Sync || p.Calendar != calendar || p.Query != at.Query {
			return p, invalid("Invalid sync token value.")
		}
		if p.Since <= s.forgotten {
			return p, func(w http.ResponseWriter) {
				fail(w, http.StatusGone, "calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
			}
		}
		at.Sync, at.Since = true, p.Since
	}
	if page := query.Get("pageToken"); page != "" {
		p, ok := positionOf(page)
		if !ok || p.Calendar != calendar || p.Query != at.Query || p.Sync != at.Sync {
			return p, invalid("Invalid page token value.")
		}
		return p, nil
	}
	return at, nil
}

// rest are the parameters that stay the same between synchronizations.
func rest(query url.Values) string {
	kept := maps.Clone(query)
	for _, name := range append([]string{"syncToken", "pageToken", "maxResults"}, withSync...) {
		kept.Del(name)
	}
	return kept.Encode()
}

// after reports whether an event ends after a time.
func after(body Body, from string) bool {
	limit, err := time.Parse(time.RFC3339, from)
	end, _ := body["end"].(Body)
	text, _ := end["dateTime"].(string)
	if day, ok := end["date"].(string); ok {
		text = day + "T00:00:00Z"
	}
	at, bad := time.Parse(time.RFC3339, text)
	return err != nil || bad != nil || at.After(limit)
}

func shown(body Body) Body {
	if body["status"] != "cancelled" {
		return body
	}
	return Body{"kind": body["kind"], "etag": body["etag"], "id": body["id"], "status": "cancelled"}
}

// token answers the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err == nil && r.PostForm.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		subject, why := s.claim(r.PostForm.Get("assertion"))
		if why != "" {
			write(w, http.StatusBadRequest, Body{"error": "invalid_grant", "error_description": why})
			return
		}
		tokens := s.OAuth.Grant(ServiceAccount, subject)
		write(w, http.StatusOK, Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599})
		return
	}
	tokens, refusal := s.OAuth.Token(r, "authorization_code", "refresh_token")
	if refusal != nil {
		write(w, refusal.Status, Body{"error": refusal.Code, "error_description": refusal.Description})
		return
	}
	body := Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599, "scope": scope}
	if r.PostForm.Get("grant_type") == "authorization_code" {
		body["refresh_token"] = tokens.Refresh
	}
	write(w, http.StatusOK, body)
}

// claim checks a signed claim, and returns for whom it asks.
func (s *Server) claim(assertion string) (subject, why string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", "Invalid JWT"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return "", "Invalid JWT Signature."
	}
	var claims struct {
		Iss, Sub, Scope string
		Iat, Exp        int64
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.Iss != ServiceAccount || claims.Exp-claims.Iat > 3600 {
		return "", "Invalid JWT: iss, iat and exp must name the service account and at most an hour"
	}
	if claims.Scope != scope {
		return "", "Not a valid scope for this delegation"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subjects = append(s.subjects, claims.Sub)
	return claims.Sub, ""
}

func fail(w http.ResponseWriter, status int, domain, reason, message string) {
	write(w, status, Body{"error": Body{"errors": []any{Body{"domain": domain, "reason": reason, "message": message}}, "code": status, "message": message}})
}

func write(w http.ResponseWriter, status int, body Body) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
