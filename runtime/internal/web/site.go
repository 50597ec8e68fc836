// Package web serves the pages of phscript serve: their frame, signing in, and what protects
// them. What a page shows comes from elsewhere; a page is a template and a function that
// fills it.
//
// Nothing in a page is inline, and nothing comes from another host, so the policy that every
// answer carries needs no exception.
package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/guard"
)

//go:embed static templates
var files embed.FS

// Options configure the pages.
type Options struct {
	Accounts *access.Accounts
	// PublicURL is the address that people know, with a path if a proxy serves the pages
	// below one; "" if it is the one that the service listens on.
	PublicURL string
	// Hosts are the names under which the pages may be reached.
	Hosts *guard.Hosts
	// Proxies are believed about who makes a request. UserHeader is where they name a
	// user, "" for nowhere; Operators are the users that are no mere viewers, or "*" for all.
	Proxies    guard.Proxies
	UserHeader string
	Operators  []string
	// Tag says which account of Planhat the service works with, "" for none.
	Tag     string
	Version string
	Log     *slog.Logger
	// Version of what pages show: while it is the same, they do. Nil for pages that do not
	// change.
	Changes Source
}

// Site are the pages.
type Site struct {
	o       Options
	public  *url.URL
	base    string
	limiter *access.Limiter
	origins *http.CrossOriginProtection
	layout  *template.Template
	mux     *http.ServeMux
	nav     []entry
	assets  map[string]asset
	pages   struct{ signIn, again, problem *Page }

	stop     sync.Once
	stopping chan struct{}
}

type entry struct{ Title, Path string }

// New returns pages without content; Get, Post and Nav add to them.
func New(o Options) (*Site, error) {
	s := &Site{o: o, limiter: access.NewLimiter(time.Now), origins: http.NewCrossOriginProtection(), mux: http.NewServeMux(), stopping: make(chan struct{})}
	var err error
	if s.public, err = url.Parse(o.PublicURL); err != nil {
		return nil, fmt.Errorf("the public URL: %w", err)
	}
	s.base = strings.TrimSuffix(s.public.EscapedPath(), "/")
	if s.public.Host != "" {
		if err := s.origins.AddTrustedOrigin(origin(s.public)); err != nil {
			return nil, fmt.Errorf("the public URL: %w", err)
		}
	}
	if s.assets, err = readAssets(files); err != nil {
		return nil, err
	}
	s.layout, err = template.New("layout.html").Funcs(template.FuncMap{"path": s.path, "asset": s.assetPath, "icon": icon}).ParseFS(files, "templates/layout.html")
	if err != nil {
		return nil, err
	}
	for name, page := range map[string]**Page{"signin.html": &s.pages.signIn, "again.html": &s.pages.again, "problem.html": &s.pages.problem} {
		if *page, err = s.Page(files, "templates/"+name); err != nil {
			return nil, err
		}
	}
	s.mux.HandleFunc("GET /assets/{name}", s.serveAsset)
	s.open("GET /sign-in", s.showSignIn)
	s.open("POST /sign-in", s.signIn)
	s.open("GET /signed-in", s.signedIn)
	s.open("POST /sign-out", s.signOut)
	s.Post("/zone", access.Viewer, s.chooseZone)
	if o.Changes != nil {
		s.Get("/live", access.Viewer, func(q *Request) error { return q.Stream(changesEvery, o.Changes) })
	}
	s.Handle("/", access.Viewer, func(*Request) error { return NotFound("") })
	return s, nil
}

// origin is the origin of a URL as browsers write it.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Page is the template of a page.
type Page struct{ parsed *template.Template }

// Funcs adds functions for the templates of pages that are parsed later.
func (s *Site) Funcs(functions template.FuncMap) { s.layout.Funcs(functions) }

// Page parses templates, one of which defines "content".
func (s *Site) Page(from fs.FS, names ...string) (*Page, error) {
	layout, err := s.layout.Clone()
	if err != nil {
		return nil, err
	}
	parsed, err := layout.ParseFS(from, names...)
	return &Page{parsed}, err
}

// Nav adds a page to the navigation.
func (s *Site) Nav(title, path string) { s.nav = append(s.nav, entry{title, path}) }

// Get shows a page to those who have a role.
func (s *Site) Get(path string, role access.Role, do func(*Request) error) {
	s.Handle("GET "+path, role, do)
}

// Post carries out what those ask for who have a role.
func (s *Site) Post(path string, role access.Role, do func(*Request) error) {
	s.Handle("POST "+path, role, do)
}

// Handle handles requests that match a pattern of http.ServeMux, of those who have a role.
func (s *Site) Handle(pattern string, role access.Role, do func(*Request) error) {
	s.open(pattern, func(q *Request) error {
		if err := q.identify(); err != nil {
			return err
		}
		if !q.User.Role.May(role) {
			return &Problem{
				Status: http.StatusForbidden, Title: "Only operators can do that",
				Text: "You are signed in as " + q.User.Name + ", who is a " + string(q.User.Role) + ".",
				Hint: "Ask whoever runs phscript for an account with the role operator.",
			}
		}
		return do(q)
	})
}

// open handles requests of anybody.
func (s *Site) open(pattern string, do func(*Request) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		q := &Request{Request: r, W: w, site: s, Address: s.o.Proxies.Client(r), Zone: zoneOf(r)}
		defer q.recover()
		if err := do(q); err != nil {
			q.fail(err)
		}
	})
}

// policy lets a page use only what this service sends as a file.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Handler serves the pages.
func (s *Site) Handler() http.Handler {
	s.origins.SetDenyHandler(http.HandlerFunc(s.refuseOrigin))
	checked := s.o.Hosts.Check(s.origins.Handler(http.HandlerFunc(s.route)), guard.Refuse)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		checked.ServeHTTP(w, r)
	})
}

// route takes the path of the public URL away. A proxy may have done that already.
func (s *Site) route(w http.ResponseWriter, r *http.Request) {
	rest, below := strings.CutPrefix(r.URL.Path, s.public.Path)
	if s.base != "" && below && (rest == "" || rest[0] == '/' || strings.HasSuffix(s.public.Path, "/")) {
		inner := *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		inner.URL.Path, inner.URL.RawPath = path.Join("/", rest), ""
		if strings.HasSuffix(rest, "/") && inner.URL.Path != "/" {
			inner.URL.Path += "/"
		}
		r = &inner
	}
	s.mux.ServeHTTP(w, r)
}

// path is a path as browsers must ask for it.
func (s *Site) path(local string) string { return s.base + local }

// Stop ends the event streams, whose browsers connect again.
func (s *Site) Stop() { s.stop.Do(func() { close(s.stopping) }) }

// refuseOrigin answers a form of another site, or one that a proxy makes look like that.
func (s *Site) refuseOrigin(w http.ResponseWriter, r *http.Request) {
	q := &Request{Request: r, W: w, site: s, Zone: zoneOf(r)}
	seen := r.Header.Get("Origin")
	if seen == "" {
		seen = "another site (Sec-Fetch-Site: " + r.Header.Get("Sec-Fetch-Site") + ")"
	}
	wanted := "http://" + r.Host
	if q.secure() {
		wanted = "https://" + r.Host
	}
	if s.public.Host != "" {
		wanted = origin(s.public)
	}
	q.fail(&Problem{
		Status: http.StatusForbidden, Title: "This form came from another site",
		Text: fmt.Sprintf("The browser says that the form is from %s. phscript accepts forms from %s.", seen, wanted),
		Hint: "If a proxy is in front of phscript, write the address that you see in the browser into public_url in [dashboard] of phscript.toml, and restart the service. If not, somebody else's page tried to act in your name, and nothing has happened.",
	})
}

// render fills a page, whole or not at all.
func (p *Page) render(v *view) ([]byte, error) {
	var b bytes.Buffer
	err := p.parsed.Execute(&b, v)
	return b.Bytes(), err
}
