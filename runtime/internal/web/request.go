package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
)

// mostForm is the longest form, in bytes.
const mostForm = 256 << 10

// Request is a request for a page.
type Request struct {
	*http.Request
	W    http.ResponseWriter
	User access.User
	// Address is where the request comes from, past the proxies.
	Address netip.Addr
	// Zone is how the reader wants to see times.
	Zone Zone
	site *Site
}

// identify finds out who makes the request.
func (q *Request) identify() (err error) {
	if name := q.site.o.Proxies.User(q.Request, q.site.o.UserHeader); name != "" {
		q.User = access.User{Name: name, Role: access.Viewer, Proxy: true}
		if slices.Contains(q.site.o.Operators, name) || slices.Contains(q.site.o.Operators, "*") {
			q.User.Role = access.Operator
		}
		return nil
	}
	q.User, err = q.site.o.Accounts.Session(q.Context(), q.session())
	return err
}

// secure reports whether the browser has an encrypted connection, perhaps to a proxy.
func (q *Request) secure() bool {
	public := q.site.public
	return q.TLS != nil || public.Scheme == "https" && strings.EqualFold(q.Host, public.Host) ||
		q.site.o.Proxies.Trusts(q.Request) && q.Header.Get("X-Forwarded-Proto") == "https"
}

// cookieName is the name of the session's cookie. Browsers send cookies to every port of a
// host, so its port tells services on one machine apart. The prefixes make a browser refuse
// what others set: another page on the host, or one without encryption.
func (q *Request) cookieName() string {
	name := "phscript"
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		name += "-" + port
	}
	switch {
	case q.secure() && q.site.base == "":
		return "__Host-" + name
	case q.secure():
		return "__Secure-" + name
	}
	return name
}

func (q *Request) session() string {
	cookie, err := q.Cookie(q.cookieName())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setSession gives the browser a session, or takes it away if it is "".
func (q *Request) setSession(session string) {
	cookie := &http.Cookie{
		Name: q.cookieName(), Value: session, Path: q.site.base + "/", MaxAge: int(access.SessionTime.Seconds()),
		Secure: q.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if session == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(q.W, cookie)
}

// form reads the form of a request.
func (q *Request) form() (url.Values, error) {
	q.Body = http.MaxBytesReader(q.W, q.Body, mostForm)
	err := q.ParseForm()
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Title: "The form is too long", Text: "phscript accepts forms of at most 256 KiB."}
	}
	if err != nil {
		return nil, &Problem{Status: http.StatusBadRequest, Title: "The form cannot be read", Text: "Go back, reload the page, and try again."}
	}
	return q.PostForm, nil
}

// Form returns a value of the form, "" if it is missing.
func (q *Request) Form(name string) (string, error) {
	form, err := q.form()
	return form.Get(name), err
}

// Back leads to a page of this site after something was done.
func (q *Request) Back(to string) error {
	http.Redirect(q.W, q.Request, q.site.path(local(to)), http.StatusSeeOther)
	return nil
}

// local returns a path with its query if it leads to a page of this site, or else the first
// page. Browsers read a backslash as a slash, and two slashes as another host.
func local(to string) string {
	u, err := url.Parse(to)
	odd := strings.ContainsFunc(to, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f })
	if err != nil || odd || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.HasPrefix(u.Path, "/sign-in") {
		return "/"
	}
	u.Fragment = ""
	return u.String()
}

// from returns the page that a request comes from, "/" if the browser does not say.
func (q *Request) from() string {
	u, err := url.Parse(q.Referer())
	if err != nil || !strings.EqualFold(u.Host, q.Host) && !strings.EqualFold(u.Host, q.site.public.Host) {
		return "/"
	}
	u.Path = strings.TrimPrefix(u.Path, strings.TrimSuffix(q.site.public.Path, "/"))
	return local(u.RequestURI())
}

// Actor is who makes the request, for the audit.
func (q *Request) Actor() audit.Actor {
	return audit.Actor{Name: q.User.Name, Role: string(q.User.Role), Address: q.Address.String()}
}

// view is what a template gets.
type view struct {
	Title string
	// Data is what the page shows.
	Data any
	User access.User
	Zone Zone
	// Here is the path of the page in the navigation, Nav the navigation.
	Here, To string
	Nav      []entry
	Tag      string
	Version  string
	// Live reports whether the page changes by itself, LivePath is where it hears of that, and At
	// is the version that it shows.
	Live     bool
	LivePath string
	At       string
	// Now is the time of the service, in milliseconds since 1970.
	Now int64
}

// Operator reports whether the reader may act.
func (v *view) Operator() bool { return v.User.Role.May(access.Operator) }

// Show shows a page.
func (q *Request) Show(p *Page, title string, data any) error {
	return q.show(http.StatusOK, p, &view{Title: title, Data: data})
}

// ShowLive shows a page that changes by itself. at is the version that it shows.
func (q *Request) ShowLive(p *Page, title, at string, data any) error {
	return q.show(http.StatusOK, p, &view{Title: title, Data: data, Live: q.site.o.Changes != nil, LivePath: "/live", At: at})
}

// ShowLiveOf is ShowLive for a page that hears of its changes elsewhere: path is where.
func (q *Request) ShowLiveOf(p *Page, title, path, at string, data any) error {
	return q.show(http.StatusOK, p, &view{Title: title, Data: data, Live: true, LivePath: path, At: at})
}

// Link is a path as browsers must ask for it.
func (q *Request) Link(local string) string { return q.site.path(local) }

// Streams reports whether the browser listens to a stream.
func (q *Request) Streams() bool { return q.streams() }

// ByScript reports whether the page's script asks, which needs only the parts that change.
func (q *Request) ByScript() bool { return q.byScript() }

func (q *Request) show(status int, p *Page, v *view) error {
	v.User, v.Zone, v.Tag, v.Version = q.User, q.Zone, q.site.o.Tag, q.site.o.Version
	v.To, v.Now = local(q.URL.RequestURI()), time.Now().UnixMilli()
	if q.User.Name != "" {
		v.Nav = q.site.nav
		for _, e := range v.Nav {
			if q.URL.Path == e.Path || e.Path != "/" && strings.HasPrefix(q.URL.Path, e.Path+"/") {
				v.Here = e.Path
			}
		}
	}
	page, err := p.render(v)
	if err != nil {
		return err
	}
	q.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.W.WriteHeader(status)
	_, _ = q.W.Write(directions(page))
	return nil
}
