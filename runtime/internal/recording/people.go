package recording

import (
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/anonymize"
)

// People replaces data about people and companies in recordings.
type People struct {
	*anonymize.Masker
	// labels are the values to choose from that stay: no name or other text equals them.
	labels map[string]bool
}

// look finds the labels of a recording.
func (p *People) look(f *File) {
	texts := map[string]bool{}
	p.labels = map[string]bool{}
	for _, x := range f.Exchanges {
		bodies := []*Body{&x.Request.Body}
		if x.Response != nil {
			bodies = append(bodies, &x.Response.Body)
		}
		for _, b := range bodies {
			_, _ = eachText(b.JSON, "", func(name, text string) string {
				if anonymize.Label(name, text) {
					p.labels[text] = true
				} else {
					texts[text] = true
				}
				return text
			})
		}
	}
	for text := range texts {
		delete(p.labels, text)
	}
}

// value replaces the texts in a JSON value.
func (p *People) value(name string, v jsontext.Value, hosts map[string]bool) (jsontext.Value, error) {
	return eachText(v, name, func(name, text string) string { return p.text(name, text, hosts) })
}

// text replaces a text that has a name. Addresses of the systems that the run talks to stay,
// since it goes on to them, and so do masks of secrets.
func (p *People) text(name, text string, hosts map[string]bool) string {
	if marks().MatchString(text) || p.labels[text] && anonymize.Label(name, text) {
		return text
	}
	if anonymize.IsLink(text) {
		if u, err := url.Parse(text); err == nil && hosts[u.Host] {
			return p.link(u, hosts)
		}
	}
	return p.Any(name, text)
}

// link replaces the parameters of an address, and what of its path is one of e-mails or a key.
func (p *People) link(u *url.URL, hosts map[string]bool) string {
	query := u.Query()
	for name, values := range query {
		for i, v := range values {
			values[i] = p.parameter(name, v, hosts)
		}
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(p.segment(plain))
		}
	}
	out := u.Scheme + "://" + u.Host + strings.Join(segments, "/")
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// segment replaces a part of a path.
func (p *People) segment(text string) string {
	if anonymize.Address(text) || strings.HasPrefix(text, "extid-") || strings.HasPrefix(text, "srcid-") {
		return p.Any("id", text)
	}
	return text
}

// parameter replaces the value of a parameter. Lists of ids and of names of properties stay.
func (p *People) parameter(name, text string, hosts map[string]bool) string {
	if strings.Contains(text, ",") && !strings.ContainsAny(text, " @") {
		return text
	}
	return p.text(name, text, hosts)
}
