package recording

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Masks replace what is secret in recordings, and on request data about people.
type Masks struct {
	// Secrets are those of the run.
	Secrets *redact.Secrets
	// People, if set, replaces data about people; see Person.
	People *People

	// found are secrets that requests and responses name as such, and list finds them.
	found map[string]bool
	list  *planhat.Redactor
	// numbers tell values apart that members of JSON hold, which some systems name tokens
	// although they are ids.
	numbers map[string]int
	// hosts are those of all requests, whose addresses stay.
	hosts map[string]bool
}

// shortest is the length of the shortest secret that is looked for elsewhere.
const shortest = 8

// note adds a secret, to find it wherever else it is.
func (m *Masks) note(secret string) {
	secret = strings.TrimSpace(secret)
	if len(secret) < shortest || strings.Contains(secret, redact.Mark) {
		return
	}
	if m.found == nil {
		m.found = map[string]bool{}
	}
	m.found[secret] = true
	m.list = nil
}

// learn notes the secrets of an exchange.
func (m *Masks) learn(x *taken) {
	m.learnAll(&x.Exchange)
	for _, h := range x.header {
		for name, values := range h {
			for _, v := range values {
				m.learnHeader(name, v)
			}
		}
	}
}

// learnHeader notes the secrets of a header.
func (m *Masks) learnHeader(name, value string) {
	switch {
	case name == "Cookie" || name == "Set-Cookie":
		for i, part := range strings.Split(value, ";") {
			if i > 0 && name == "Set-Cookie" {
				break // attributes
			}
			_, v, _ := strings.Cut(part, "=")
			m.note(v)
		}
	case redact.SecretName(name):
		scheme, rest, ok := strings.Cut(value, " ")
		if !ok {
			m.note(value)
			return
		}
		m.note(rest)
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil && strings.EqualFold(scheme, "Basic") {
			user, password, _ := strings.Cut(string(plain), ":")
			m.note(password)
			if password == "" {
				m.note(user)
			}
		}
	}
}

func (m *Masks) learnAll(x *Exchange) {
	if u, err := url.Parse(x.Request.URL); err == nil {
		if m.hosts == nil {
			m.hosts = map[string]bool{}
		}
		m.hosts[u.Host] = true
		if password, ok := u.User.Password(); ok {
			m.note(password)
		}
		for name, values := range u.Query() {
			if redact.SecretParameter(name) {
				m.noteAll(values)
			}
		}
	}
	m.learnBody(&x.Request.Body)
	if x.Response != nil {
		m.learnBody(&x.Response.Body)
	}
}

func (m *Masks) noteAll(values []string) {
	for _, v := range values {
		m.note(v)
	}
}

func (m *Masks) learnBody(b *Body) {
	for name, values := range b.Form {
		if secretIn(b.Form, name) {
			m.noteAll(values)
		}
	}
	if b.JSON != nil {
		_, _ = eachText(b.JSON, "", func(name, text string) string {
			if redact.SecretName(name) {
				m.note(text)
			}
			return text
		})
	}
	for _, found := range bearer().FindAllStringSubmatch(b.Text, -1) {
		m.note(found[1])
	}
}

// clean replaces all secrets in a text.
func (m *Masks) clean(text string) string {
	if m.list == nil {
		var all []string
		for s := range m.found {
			once := url.QueryEscape(s)
			all = append(all, s, once, url.QueryEscape(once)) // a space is then %2B
		}
		m.list = planhat.NewRedactor(all...)
	}
	if m.Secrets != nil {
		text = m.Secrets.String(text)
	}
	return inAddresses(jwt().ReplaceAllString(m.list.Text(text), redact.Mark))
}

// mark returns the mask of the value of a member.
func (m *Masks) mark(text string) string {
	if marks().MatchString(text) {
		return text
	}
	if m.numbers == nil {
		m.numbers = map[string]int{}
	}
	if m.numbers[text] == 0 {
		m.numbers[text] = len(m.numbers) + 1
	}
	return fmt.Sprintf("%s:%d]", strings.TrimSuffix(redact.Mark, "]"), m.numbers[text])
}

// apply masks a recording.
func (m *Masks) apply(f *File) {
	for _, x := range f.Exchanges {
		m.learnAll(x)
	}
	if m.People != nil {
		m.People.look(f)
	}
	for _, x := range f.Exchanges {
		m.request(&x.Request)
		x.Failure = m.clean(x.Failure)
		if r := x.Response; r != nil {
			m.body(&r.Body)
			for name, value := range r.Headers {
				r.Headers[name] = m.header(name, value)
			}
		}
	}
	f.Header.Script = m.clean(f.Header.Script)
	f.Header.APIURL, f.Header.AnalyticsURL = m.clean(f.Header.APIURL), m.clean(f.Header.AnalyticsURL)
	if m.People != nil {
		f.Header.Key = m.People.Fingerprint()
	}
}

// header masks the value of a response's header.
func (m *Masks) header(name, value string) string {
	switch {
	case name == "Set-Cookie":
		cookie, err := http.ParseSetCookie(value)
		if err != nil {
			return redact.Mark
		}
		return cookie.Name + "=" + redact.Mark
	case redact.SecretName(name):
		return redact.Mark
	case m.People != nil && (name == "Location" || name == "Link"):
		return m.People.text(name, m.clean(value), m.hosts)
	}
	return m.clean(value)
}

// request masks a request.
func (m *Masks) request(r *Request) {
	r.URL = m.url(r.URL)
	m.body(&r.Body)
}

// url masks an address and writes it in one way: its parameters are sorted.
func (m *Masks) url(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return m.clean(text)
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			s = m.clean(plain)
			if m.People != nil {
				s = m.People.segment(s)
			}
			segments[i] = readable(url.PathEscape(s))
		}
	}
	out := u.Scheme + "://" + u.Host + strings.Join(segments, "/")
	query := u.Query()
	for name, values := range query {
		for i, v := range values {
			switch {
			case redact.SecretParameter(name):
				v = redact.Mark
			default:
				v = m.clean(v)
				if m.People != nil {
					v = m.People.parameter(name, v, m.hosts)
				}
			}
			values[i] = v
		}
	}
	if len(query) > 0 {
		out += "?" + readable(query.Encode())
	}
	return out
}

// readable keeps masks readable in addresses.
func readable(encoded string) string {
	return strings.ReplaceAll(encoded, url.QueryEscape(redact.Mark), redact.Mark)
}

// body masks a body.
func (m *Masks) body(b *Body) {
	for name, values := range b.Form {
		for i, v := range values {
			switch {
			case secretIn(b.Form, name):
				values[i] = redact.Mark
			case m.People != nil:
				values[i] = m.People.parameter(name, m.clean(v), m.hosts)
			default:
				values[i] = m.clean(v)
			}
		}
	}
	if b.JSON != nil {
		masked, err := eachText(b.JSON, "", func(name, text string) string {
			if redact.SecretName(name) {
				return m.mark(text)
			}
			return m.clean(text)
		})
		if err == nil && m.People != nil {
			masked, err = m.People.value("", masked, m.hosts)
		}
		if err != nil {
			masked, _ = jsontext.AppendQuote(nil, redact.Mark)
		}
		if text := jsontext.Value(m.clean(string(masked))); text.IsValid() {
			masked = text // the names of members, too
		}
		b.JSON = masked
	}
	if b.Text != "" {
		b.Text = m.clean(b.Text)
		if m.People != nil {
			b.Text = m.People.Text(b.Text)
		}
	}
	if b.Base64 != nil && (m.People != nil || m.clean(string(b.Base64)) != string(b.Base64)) {
		b.Base64 = []byte(redact.Mark)
	}
}
