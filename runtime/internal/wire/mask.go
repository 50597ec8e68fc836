package wire

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// address returns the address of a request without what is secret in it.
func (t *Trace) address(req *http.Request) string {
	u := *req.URL
	if u.User != nil {
		if password, ok := u.User.Password(); ok {
			t.found.add(password)
		}
		u.User = url.User("redacted")
	}
	u.RawQuery = maskedForm(u.RawQuery, func(name, value string) { t.found.add(value) })
	u.Fragment = ""
	return u.String()
}

// maskedForm replaces the values of secret fields in an address or a form. It tells found
// their values.
func maskedForm(text string, found func(name, value string)) string {
	if text == "" {
		return ""
	}
	pairs := strings.Split(text, "&")
	grants := strings.Contains(text, "grant_type=")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if ok && (redact.SecretParameter(plain) || grants && strings.HasPrefix(plain, "code")) {
			if v, err := url.QueryUnescape(value); err == nil {
				found(plain, v)
			}
			pairs[i] = name + "=" + redact.Mark
		}
	}
	return strings.Join(pairs, "&")
}

// member matches a member of a JSON object whose value is text, which may be cut, or a
// number.
var member = pattern.Lazy(`"((?:[^"\\]|\\.){1,100})"(\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?$)|-?[0-9][0-9.eE+-]*)`)

// bearer finds tokens in text, and jwt signed tokens.
var (
	bearer = pattern.Lazy(`(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/-]{12,}=*`)
	jwt    = pattern.Lazy(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*`)
)

// masked replaces the values of secret fields in a body.
func masked(text, kind string) string {
	if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		text = maskedForm(text, func(string, string) {})
	}
	text = member().ReplaceAllStringFunc(text, func(m string) string {
		parts := member().FindStringSubmatch(m)
		if !redact.SecretName(parts[1]) {
			return m
		}
		return `"` + parts[1] + `"` + parts[2] + `"` + redact.Mark + `"`
	})
	text = bearer().ReplaceAllString(text, "${1}${2}"+redact.Mark)
	return jwt().ReplaceAllString(text, redact.Mark)
}

// found are secrets that requests and answers name as such. They are hidden wherever else
// they are.
type found struct {
	mu     sync.Mutex
	values map[string]bool
	list   *planhat.Redactor
}

// shortest is how long a secret is that is looked for elsewhere, and most how many are.
const (
	shortest = 8
	most     = 200
)

func (f *found) add(value string) {
	value = strings.TrimSpace(value)
	if len(value) < shortest || strings.Contains(value, redact.Mark) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values == nil {
		f.values = map[string]bool{}
	}
	if f.values[value] || len(f.values) >= most {
		return
	}
	f.values[value] = true
	all := make([]string, 0, len(f.values))
	for v := range f.values {
		all = append(all, v)
	}
	f.list = planhat.NewRedactor(all...)
}

func (f *found) hide(text string) string {
	f.mu.Lock()
	list := f.list
	f.mu.Unlock()
	return list.Text(text)
}

// inHeader notes the secrets of a header.
func (f *found) inHeader(h http.Header) {
	for name, values := range h {
		for _, value := range values {
			switch {
			case name == "Cookie":
				for part := range strings.SplitSeq(value, ";") {
					_, v, _ := strings.Cut(part, "=")
					f.add(v)
				}
			case name == "Set-Cookie":
				part, _, _ := strings.Cut(value, ";")
				_, v, _ := strings.Cut(part, "=")
				f.add(v)
			case redact.SecretName(name):
				if _, rest, ok := strings.Cut(value, " "); ok {
					value = rest
				}
				f.add(value)
			}
		}
	}
}

// inBody notes the secrets of a body.
func (f *found) inBody(b body) {
	if strings.HasPrefix(b.kind, "application/x-www-form-urlencoded") {
		maskedForm(string(b.text), func(_, value string) { f.add(value) })
		return
	}
	for _, m := range member().FindAllStringSubmatch(string(b.text), -1) {
		if redact.SecretName(m[1]) {
			f.add(strings.Trim(m[3], `"`))
		}
	}
}
