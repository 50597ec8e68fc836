package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
)

// keptPrefix marks the fields of a form that was sent after its session had ended.
const keptPrefix = "kept."

// field is a value of a form.
type field struct{ Name, Value string }

// signInData is what the sign-in page shows.
type signInData struct {
	// Problem is why the last try failed, Note why one has to sign in.
	Problem, Note string
	// As is who is signed in already, whom a link must not replace unasked.
	As string
	// To is where to go afterwards. Action and Kept are a form that was not accepted.
	To, Action string
	Kept       []field
}

// askToSignIn answers a request without a session. What was sent with a form is kept in the
// page, so nobody has to type it again.
func (q *Request) askToSignIn() {
	switch {
	case q.streams():
		q.expired()
		return
	case q.byScript():
		http.Error(q.W, access.ErrNoSession.Error(), http.StatusUnauthorized)
		return
	case q.Method == http.MethodGet || q.Method == http.MethodHead:
		to := ""
		if here := local(q.URL.RequestURI()); here != "/" {
			to = "?to=" + url.QueryEscape(here)
		}
		http.Redirect(q.W, q.Request, q.site.path("/sign-in"+to), http.StatusSeeOther)
		return
	}
	form, err := q.form()
	if err != nil {
		q.fail(err)
		return
	}
	data := signInData{Note: "Your session has ended. Sign in again; what you entered is kept.", To: q.from(), Action: local(q.URL.RequestURI())}
	for _, name := range sorted(form) {
		for _, value := range form[name] {
			data.Kept = append(data.Kept, field{name, value})
		}
	}
	if err := q.show(http.StatusUnauthorized, q.site.pages.signIn, &view{Title: "Sign in", Data: data}); err != nil {
		q.fail(err)
	}
}

func sorted(form url.Values) (names []string) {
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Site) showSignIn(q *Request) error {
	data := signInData{To: local(q.URL.Query().Get("to"))}
	if q.identify() == nil {
		if q.User.Proxy {
			return q.Back(data.To)
		}
		data.As = q.User.Name
	}
	return q.Show(s.pages.signIn, "Sign in", data)
}

// signIn is the only way in. It is a form, because programs that check links follow them and
// would use them up.
func (s *Site) signIn(q *Request) error {
	form, err := q.form()
	if err != nil {
		return err
	}
	session, user, err := s.o.Accounts.SignIn(q.Context(), access.Shown(form.Get("secret")), q.Address.String())
	data := signInData{To: local(form.Get("to"))}
	if action := form.Get("action"); action != "" {
		data.Action = local(action)
	}
	for _, name := range sorted(form) {
		if own, ok := strings.CutPrefix(name, keptPrefix); ok {
			for _, value := range form[name] {
				data.Kept = append(data.Kept, field{own, value})
			}
		}
	}
	switch {
	case errors.Is(err, access.ErrUnknown), errors.Is(err, access.ErrExpired), errors.Is(err, access.ErrUsed):
		return s.refuse(q, data, err)
	case err != nil:
		return err
	}
	s.limiter.Succeeded(q.Address)
	if before := q.session(); before != "" {
		if err := s.o.Accounts.SignOut(q.Context(), before); err != nil {
			return err
		}
	}
	s.o.Log.Info("signed in", "account", user.Name, "role", string(user.Role), "address", q.Address.String())
	q.setSession(session)
	q.setBrowserZone(form.Get("zone"))
	q.User = user
	if data.Action != "" {
		return q.Show(s.pages.again, "Signed in", data)
	}
	return q.Back("/signed-in?to=" + url.QueryEscape(data.To))
}

// refuse answers a wrong token or link, slower each time.
func (s *Site) refuse(q *Request, data signInData, reason error) error {
	pause, allowed := s.limiter.Failed(q.Address)
	if !allowed {
		return &Problem{
			Status: http.StatusTooManyRequests, Title: "Too many failed attempts to sign in", After: pause,
			Text: "A valid token or link still works at any time.", Hint: "'phscript access link', on the machine of the service, prints a new link.",
		}
	}
	s.o.Log.Warn("could not sign in", "reason", reason.Error(), "address", q.Address.String())
	select {
	case <-time.After(pause):
	case <-q.Context().Done():
		return nil
	case <-s.stopping:
	}
	data.Problem = strings.ToUpper(reason.Error()[:1]) + reason.Error()[1:] + "."
	return q.show(http.StatusUnauthorized, s.pages.signIn, &view{Title: "Sign in", Data: data})
}

// signedIn is where a browser goes first that has got a session. If it does not send its
// cookie, the sign-in page would come again without end.
func (s *Site) signedIn(q *Request) error {
	err := q.identify()
	if errors.Is(err, access.ErrNoSession) {
		return &Problem{
			Status: http.StatusBadRequest, Title: "Your browser did not keep the session",
			Text: "You have signed in, but the browser did not send the cookie that phscript gave it.",
			Hint: "Allow cookies for this site. If a proxy is in front of phscript, write the address that you see in the browser, with https:// if it begins so, into public_url in [dashboard] of phscript.toml.",
		}
	}
	if err != nil {
		return err
	}
	return q.Back(q.URL.Query().Get("to"))
}

func (s *Site) signOut(q *Request) error {
	if session := q.session(); session != "" {
		if err := s.o.Accounts.SignOut(q.Context(), session); err != nil {
			return err
		}
		q.setSession("")
	}
	http.Redirect(q.W, q.Request, s.path("/sign-in"), http.StatusSeeOther)
	return nil
}
