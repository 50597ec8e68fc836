package hubspot

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Version is the version of the API, as paths have it.
const Version = "2026-09"

// ServiceKey is the token of the account that [New] makes.
const ServiceKey = "pat-standin-00000000-0000-4000-8000-000000000001"

// ClientID and ClientSecret are the app that [New] registers.
const (
	ClientID     = "standin-client"
	ClientSecret = "standin-secret"
)

// DefaultPortal is the id of the account that [New] makes.
const DefaultPortal = "8100001"

// Server answers as api.hubapi.com does. Its embedded Portal is the account of
// [ServiceKey].
type Server struct {
	*standin.Server
	*Portal
	OAuth *standin.OAuth

	mux     *http.ServeMux
	mu      sync.Mutex
	portals map[string]*Portal
	keys    map[string]*Portal
}

// New returns a server with one empty account.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("hubspot", clock), OAuth: standin.NewOAuth(clock, 30*time.Minute),
		mux: http.NewServeMux(), portals: map[string]*Portal{}, keys: map[string]*Portal{},
	}
	s.OAuth.Register(ClientID, ClientSecret, DefaultPortal)
	s.Portal = s.AddPortal(DefaultPortal, ServiceKey)
	s.routes()
	return s
}

// AddPortal adds an account with its own data and limits. key is its service key.
func (s *Server) AddPortal(id, key string) *Portal {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := newPortal(id, s.Clock)
	s.portals[id], s.keys[key] = p, p
	return p
}

// Install returns tokens of the registered app for the default account.
func (s *Server) Install() standin.Tokens { return s.OAuth.Grant(ClientID, DefaultPortal) }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) string {
		if p, _ := s.authenticate(r); p != nil {
			return p.ID
		}
		return ""
	}, s.mux)
}

func (s *Server) routes() {
	object := "/crm/objects/" + Version + "/{type}"
	s.handle("GET "+object, "read", s.list)
	s.handle("POST "+object, "write", s.create)
	s.handle("POST "+object+"/search", "read", s.search)
	s.handle("POST "+object+"/merge", "write", s.merge)
	s.handle("POST "+object+"/batch/read", "read", s.batchRead)
	s.handle("POST "+object+"/batch/create", "write", s.batchCreate)
	s.handle("POST "+object+"/batch/update", "write", s.batchUpdate)
	s.handle("POST "+object+"/batch/archive", "write", s.batchArchive)
	s.handle("GET "+object+"/{id}", "read", s.read)
	s.handle("PATCH "+object+"/{id}", "write", s.update)
	s.handle("DELETE "+object+"/{id}", "write", s.archive)
	s.handle("POST /crm/associations/"+Version+"/{type}/{to}/batch/read", "read", s.associations)
	s.handle("GET /crm/associations/"+Version+"/{type}/{to}/labels", "read", s.labels)
	s.handle("GET /crm/owners/"+Version, "crm.objects.owners.read", s.listOwners)
	s.handle("GET /crm/owners/"+Version+"/{id}", "crm.objects.owners.read", s.readOwner)
	s.handle("GET /crm/properties/"+Version+"/{type}", "schema", s.listProperties)
	s.handle("GET /crm/properties/"+Version+"/{type}/{name}", "schema", s.readProperty)
	s.handle("GET /crm/pipelines/"+Version+"/{type}", "read", s.listPipelines)
	s.handle("GET /crm/pipelines/"+Version+"/{type}/{id}", "read", s.readPipeline)
	s.handle("GET /crm/pipelines/"+Version+"/{type}/{id}/stages", "read", s.listStages)
	s.mux.HandleFunc("GET /oauth/authorize", s.authorize) // the vendor has it on another host
	s.mux.HandleFunc("POST /oauth/"+Version+"/token", s.token)
	s.mux.HandleFunc("POST /oauth/"+Version+"/token/introspect", s.introspect)
	s.mux.HandleFunc("POST /oauth/"+Version+"/token/revoke", s.revoke)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, s.Portal, &apiError{status: http.StatusNotFound, category: "OBJECT_NOT_FOUND", message: "resource not found"})
	})
}

// call is a request of an account that is known and within its limits.
type call struct {
	*http.Request
	*Portal
	settings Settings
	kind     *kind // of {type}; nil for paths without
}

// handle registers a handler. need is the scope: "read" and "write" are those of
// the object type, "schema" that of its properties.
func (s *Server) handle(pattern, need string, answer func(http.ResponseWriter, *call) error) {
	searches := strings.HasSuffix(pattern, "/search")
	typed := strings.Contains(pattern, "{type}")
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		p, refusal := s.authenticate(r)
		if refusal != nil {
			fail(w, s.Portal, refusal)
			return
		}
		c := &call{Request: r, Portal: p, settings: p.current()}
		if !s.allow(w, c, searches) {
			return
		}
		if r.ContentLength != 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			fail(w, p, &apiError{status: http.StatusUnsupportedMediaType, category: "VALIDATION_ERROR", message: "Content-Type must be application/json"})
			return
		}
		if typed {
			if c.kind = kindOf(r.PathValue("type")); c.kind == nil {
				fail(w, p, invalid("Unable to infer object type from: "+r.PathValue("type")))
				return
			}
		}
		if scope := c.scope(need); !c.settings.grants(scope) {
			fail(w, p, missingScope(scope))
			return
		}
		if err := answer(w, c); err != nil {
			fail(w, p, err)
		}
	})
}

func (c *call) scope(need string) string {
	switch {
	case c.kind == nil:
		return need
	case need == "schema" && c.kind.scope != "tickets":
		return strings.Replace(c.kind.scope, "objects", "schemas", 1) + ".read"
	case c.kind.scope == "tickets":
		return c.kind.scope
	}
	return c.kind.scope + "." + need
}

// authenticate finds the account of a request's token.
func (s *Server) authenticate(r *http.Request) (*Portal, error) {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.keys[value]; bearer && p != nil {
		return p, nil
	}
	account, expired := s.OAuth.Account(value)
	if p := s.portals[account]; bearer && p != nil {
		return p, nil
	}
	if bearer && !expired.IsZero() {
		return nil, expiredToken(expired, s.Clock.Now())
	}
	return nil, unknownToken()
}
