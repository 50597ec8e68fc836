package gcal

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
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
	calendars map[string]*calendar
	changes   int
	forgotten int       // syncTokens up to this change have expired
	oldest    time.Time // updatedMin must not be before
	perMinute int
	perDay    int
	tooMany   int // status of refusals
	zone      *time.Location
	subjects  []string
	offline   map[string]bool // codes that bring a refresh token
	denied    bool
}

// calendar has events in the order in which they were added.
type calendar struct {
	role   string // of the client
	events []*event
	byID   map[string]*event
}

type event struct {
	body           Body
	added, changed int
	updated        time.Time
	// series is set for a recurring event, dates are its dates, and exception is set for a
	// date that differs from it.
	series, exception bool
	dates             []*event
}

// New returns a server with the empty calendar of Account.
func New(clock *standin.Clock) *Server {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	s := &Server{
		Server: standin.New("gcal", clock), OAuth: standin.NewOAuth(clock, time.Hour), mux: http.NewServeMux(), key: key,
		calendars: map[string]*calendar{Account: newCalendar("owner")}, forgotten: -1, perMinute: 600, tooMany: http.StatusForbidden, zone: time.UTC, offline: map[string]bool{},
	}
	s.OAuth.Register(ClientID, ClientSecret, Account)
	s.mux.HandleFunc("GET /calendar/v3/calendars/{calendar}/events", s.list)
	s.mux.HandleFunc("GET /o/oauth2/v2/auth", s.authorize)
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "global", "notFound", "Not Found")
	})
	return s
}

// Key is the key of the service account, as the file that Google gives.
func (s *Server) Key() string {
	key, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err)
	}
	text, _ := json.MarshalIndent(Body{
		"type": "service_account", "project_id": "project", "private_key_id": "standin-key", "client_email": ServiceAccount, "client_id": "1234567890",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})), "token_uri": "https://oauth2.googleapis.com/token",
	}, "", "  ")
	return string(text)
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.account, s.mux) }

func (s *Server) account(r *http.Request) string {
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, _ := s.OAuth.Account(value)
	return account
}

func fail(w http.ResponseWriter, status int, domain, reason, message string) {
	write(w, status, Body{"error": Body{"errors": []any{Body{"domain": domain, "reason": reason, "message": message}}, "code": status, "message": message}})
}

func write(w http.ResponseWriter, status int, body Body) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
