package salesforce

import (
	"crypto/rsa"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Version is the newest version of the API, as paths have it.
const Version = "68.0"

// ClientID and ClientSecret are the External Client App that [New] registers.
const (
	ClientID     = "standin-consumer-key"
	ClientSecret = "standin-consumer-secret"
)

// Username is the user that assertions can name.
const Username = "integration@ours.example"

const (
	newest, oldest = 68, 31 // versions that are served
	firstRetired   = 7
)

// Server answers as an org's My Domain does.
type Server struct {
	*standin.Server
	*Org
	OAuth *standin.OAuth

	mux         *http.ServeMux
	mu          sync.Mutex
	certificate *rsa.PublicKey
}

// New returns a server with an empty org.
func New(clock *standin.Clock) *Server {
	s := &Server{
		Server: standin.New("salesforce", clock), OAuth: standin.NewOAuth(clock, 2*time.Hour), mux: http.NewServeMux(),
		Org: newOrg("00DAA0000000001AAA", clock),
	}
	s.OAuth.Register(ClientID, ClientSecret, s.ID)
	s.routes()
	return s
}

// Install returns tokens of the registered app, as a user gets them who installs it.
func (s *Server) Install() standin.Tokens { return s.OAuth.Grant(ClientID, s.ID) }

// Token returns an access token.
func (s *Server) Token() string { return s.Install().Access }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, s.account, s.mux)
}

func (s *Server) account(r *http.Request) string {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return ""
	}
	account, _ := s.OAuth.Account(value)
	return account
}

func (s *Server) routes() {
	data := "/services/data/v{version}"
	s.mux.HandleFunc("GET /services/oauth2/authorize", s.authorize)
	s.mux.HandleFunc("POST /services/oauth2/token", s.token)
	s.mux.HandleFunc("GET /services/data", s.versions)
	s.mux.HandleFunc("GET /services/data/{$}", s.versions)
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET query":                         s.query,
		"GET queryAll":                      s.query,
		"GET query/{locator}":               s.more,
		"GET limits":                        s.limits,
		"GET sobjects/{object}/describe":    s.describe,
		"GET sobjects/{object}/deleted":     s.deleted,
		"GET sobjects/{object}/deleted/{$}": s.deleted,
		"PATCH composite/sobjects":          s.updateCollection,
		"POST jobs/query":                   s.createJob,
		"GET jobs/query/{id}":               s.readJob,
		"PATCH jobs/query/{id}":             s.abortJob,
		"DELETE jobs/query/{id}":            s.deleteJob,
		"GET jobs/query/{id}/results":       s.jobResults,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		s.handle(method+" "+strings.Replace(data, "v{version}", "{v}", 1)+"/"+path, answer)
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if v, ok := strings.CutPrefix(r.URL.Path, "/services/data/v"); ok {
			if err := served(strings.SplitN(v, "/", 2)[0]); err != nil {
				fail(w, err)
				return
			}
		}
		fail(w, notFound())
	})
}

// handle registers a handler for all versions.
func (s *Server) handle(pattern string, answer func(http.ResponseWriter, *http.Request) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		version, ok := strings.CutPrefix(r.PathValue("v"), "v")
		if !ok {
			fail(w, notFound())
			return
		}
		r.SetPathValue("version", version)
		err := served(version)
		switch {
		case err != nil:
		case s.account(r) == "":
			err = &apiError{status: http.StatusUnauthorized, code: "INVALID_SESSION_ID", message: "Session expired or invalid"}
		default:
			err = s.allow(w)
		}
		if err == nil {
			err = answer(w, r)
		}
		if err != nil {
			fail(w, err)
		}
	})
}

// served returns an error for a version that is retired or unknown.
func served(version string) error {
	number, err := strconv.ParseFloat(version, 64)
	switch {
	case err != nil || !strings.HasSuffix(version, ".0") || number > newest || number < firstRetired:
		return notFound()
	case number < oldest:
		return &apiError{status: http.StatusGone, code: "UNSUPPORTED_API_VERSION", message: "The requested API version has been retired and is unavailable."}
	}
	return nil
}

// allow counts a request and says in a header how many there were.
func (s *Server) allow(w http.ResponseWriter) error {
	settings := s.current()
	refusal := s.Throttle.Take(s.ID, settings.daily())
	if settings.Daily > 0 {
		used := settings.Daily - s.Throttle.Left(s.ID, settings.daily())
		w.Header().Set("Sforce-Limit-Info", "api-usage="+strconv.Itoa(used)+"/"+strconv.Itoa(settings.Daily))
	}
	w.Header().Set("Date", s.Clock.Now().Format(http.TimeFormat))
	if refusal != nil {
		return &apiError{status: http.StatusForbidden, code: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded."}
	}
	return nil
}

// versions lists the versions. It needs no token.
func (s *Server) versions(w http.ResponseWriter, _ *http.Request) {
	var list []map[string]string
	for v := oldest; v <= newest; v++ {
		number := strconv.Itoa(v) + ".0"
		list = append(list, map[string]string{"label": "Version " + number, "url": "/services/data/v" + number, "version": number})
	}
	writeJSON(w, http.StatusOK, list)
}

// Unavailable is the answer of a service that is overloaded, for faults.
func Unavailable() standin.Fault {
	return standin.Answer(http.StatusServiceUnavailable, `[{"errorCode":"SERVER_UNAVAILABLE","message":"Server is currently unavailable."}]`, "Content-Type", "application/json;charset=UTF-8")
}
