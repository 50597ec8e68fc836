package zendesk

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Token is an access token of the account that [New] makes that does not expire, as
// those of older OAuth clients.
const Token = "standin-zendesk-0000000000000000000000000000000000000000000001"

// ClientID and ClientSecret are the confidential OAuth client that [New] registers.
const (
	ClientID     = "planhat_sync"
	ClientSecret = "standin-zendesk-secret"
)

// TokenUser and APIToken are the old way: Basic authentication with an API token.
const (
	TokenUser = "admin@northwind.example/token"
	APIToken  = "standin-zendesk-api-token"
)

// Subdomain is the account that [New] makes.
const Subdomain = "northwind"

// Server answers as all accounts at zendesk.com do, and finds the account by the
// credentials. Its embedded Account is that of [Token].
type Server struct {
	*standin.Server
	*Account
	OAuth *standin.OAuth

	mux      *http.ServeMux
	mu       sync.Mutex
	accounts map[string]*Account
	tokens   map[string]*Account // that do not expire, API tokens too
	scopes   map[string]string   // of access tokens that were issued
}

// New returns a server with one empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("zendesk", clock), OAuth: standin.NewOAuth(clock, 30*time.Minute), mux: http.NewServeMux(),
		accounts: map[string]*Account{}, tokens: map[string]*Account{}, scopes: map[string]string{},
	}
	s.OAuth.Register(ClientID, ClientSecret, Subdomain)
	s.Account = s.AddAccount(Subdomain, Token)
	s.tokens[APIToken] = s.Account
	s.routes()
	return s
}

// AddAccount adds an account with its own data and limits. token is an access token
// of it that does not expire.
func (s *Server) AddAccount(name, token string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := newAccount(name, s.Clock)
	s.accounts[name], s.tokens[token] = a, a
	return a
}

// ServeHTTP answers a request. Paths may end with .json.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if a, _, _ := s.authenticate(r); a != nil {
			return a.Name
		}
		return ""
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain := r.Clone(r.Context())
		plain.URL.Path = strings.TrimSuffix(r.URL.Path, ".json")
		s.mux.ServeHTTP(w, plain)
	}))
}

func (s *Server) routes() {
	const api = "/api/v2/"
	s.handle("GET "+api+"incremental/tickets/cursor", s.exportByCursor(Tickets))
	s.handle("GET "+api+"incremental/users/cursor", s.exportByCursor(Users))
	s.handle("GET "+api+"incremental/organizations", s.exportByTime)
	for _, kind := range []string{Organizations, Users, Tickets} {
		s.handle("GET "+api+kind+"/show_many", s.showMany(kind))
		s.handle("GET "+api+kind+"/{id}", s.show(kind))
	}
	s.handle("GET "+api+"organizations", s.list(Organizations))
	s.handle("PUT "+api+"organizations/{id}", s.update(Organizations))
	s.handle("PUT "+api+"tickets/{id}", s.update(Tickets))
	s.handle("PUT "+api+"tickets/update_many", s.updateMany(Tickets))
	s.handle("PUT "+api+"organizations/update_many", s.updateMany(Organizations))
	s.handle("GET "+api+"job_statuses/{id}", s.jobStatus)
	s.handle("GET "+api+"satisfaction_ratings", s.list(Ratings))
	s.handle("GET "+api+"ticket_fields", s.ticketFields)
	s.handle("GET "+api+"organization_fields", s.organizationFields)
	s.mux.HandleFunc("POST /oauth/tokens", s.token)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, &apiError{status: http.StatusNotFound, name: "InvalidEndpoint", description: "Not found"})
	})
}

// call is a request of an account that is known and within its limits.
type call struct {
	*http.Request
	*Account
	settings Settings
}

func (s *Server) handle(pattern string, answer func(http.ResponseWriter, *call) error) {
	export := strings.Contains(pattern, "/incremental/")
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		a, scope, refusal := s.authenticate(r)
		if refusal != nil {
			refusal(w)
			return
		}
		c := &call{Request: r, Account: a, settings: a.current()}
		need := "read"
		if r.Method != http.MethodGet {
			need = "write"
		}
		switch {
		case !s.allow(w, c, export):
		case !strings.Contains(" "+scope+" ", " "+need+" "), export && !c.settings.Admin:
			fail(w, forbidden())
		default:
			if err := answer(w, c); err != nil {
				fail(w, err)
			}
		}
	})
}

// authenticate finds the account and the scopes of a request's credentials.
func (s *Server) authenticate(r *http.Request) (a *Account, scope string, refusal func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user, password, ok := r.BasicAuth(); ok {
		a := s.tokens[password]
		if user != TokenUser || password != APIToken || a.ended() {
			return nil, "", func(w http.ResponseWriter) {
				writeJSON(w, http.StatusUnauthorized, Body{"error": "Couldn't authenticate you"})
			}
		}
		return a, "read write", nil
	}
	value, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if a := s.tokens[value]; a != nil && value != APIToken {
		return a, "read write", nil
	}
	if account, _ := s.OAuth.Account(value); account != "" {
		return s.accounts[account], s.scopes[value], nil
	}
	return nil, "", func(w http.ResponseWriter) {
		writeJSON(w, http.StatusUnauthorized, Body{
			"error": "invalid_token", "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
		})
	}
}

func (a *Account) ended() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokensEnd
}

// token answers the token endpoint, which reads forms and JSON.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var sent map[string]any
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			writeJSON(w, http.StatusBadRequest, Body{"error": "invalid_request", "error_description": err.Error()})
			return
		}
		r.PostForm = url.Values{}
		for name, value := range sent {
			switch value := value.(type) {
			case string:
				r.PostForm.Set(name, value)
			case float64:
				r.PostForm.Set(name, time.Duration(value*float64(time.Second)).String())
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	usual := s.OAuth.Life
	defer func() { s.OAuth.Life = usual }()
	if err := r.ParseForm(); err == nil && r.PostForm.Has("expires_in") {
		life, err := time.ParseDuration(strings.TrimSuffix(r.PostForm.Get("expires_in"), "s") + "s")
		if err != nil || life < 5*time.Minute || life > 48*time.Hour {
			writeJSON(w, http.StatusBadRequest, Body{"error": "invalid_request", "error_description": "expires_in must be between 300 and 172800"})
			return
		}
		s.OAuth.Life = life
	}
	tokens, refusal := s.OAuth.Token(r, "client_credentials", "authorization_code", "refresh_token")
	if refusal != nil {
		writeJSON(w, refusal.Status, Body{"error": refusal.Code, "error_description": refusal.Description})
		return
	}
	scope := r.PostForm.Get("scope")
	if scope == "" {
		scope = "read write"
	}
	s.scopes[tokens.Access] = scope
	body := Body{"access_token": tokens.Access, "token_type": "bearer", "scope": scope, "expires_in": int(tokens.ExpiresIn.Seconds())}
	if tokens.Refresh != "" {
		body["refresh_token"] = tokens.Refresh
	}
	writeJSON(w, http.StatusOK, body)
}
