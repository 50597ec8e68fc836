package webhook

import (
	"strconv"
	"strings"
	"time"
)

// Sign adds the headers to a message with which its sender would send it at a time, with the
// first secret. id tells it apart, for schemes with a header for that. It returns the
// address to send it to: of schemes that compare it, the last part is the secret.
func (v *Verifier) Sign(m *Message, id string, at time.Time) (address string) {
	s, first := v.scheme, v.secrets[0]
	if s.id != "" && m.Header.Get(s.id) == "" {
		m.Header.Set(s.id, id)
	}
	switch s.compares {
	case inHeader:
		m.Header.Set(s.header, string(first.text))
		return m.URL
	case inAddress:
		path, query, asked := strings.Cut(m.URL, "?")
		if asked {
			query = "?" + query
		}
		return strings.TrimSuffix(path, "/") + "/" + string(first.text) + query
	case nowhere:
	}
	p := parts{id: m.Header.Get(s.id)}
	if s.time != nil {
		p.timestamp = s.stampOf(at)
	}
	if s.stamp != "" {
		m.Header.Set(s.stamp, p.timestamp)
	}
	value := s.prefix + s.sign(first, s.signed(*m, p))
	if s.time != nil && s.stamp == "" { // both are in one header
		value = "t=" + p.timestamp + "," + value
	}
	m.Header.Set(s.header, value)
	return m.URL
}

// stampOf is a time as the scheme writes it.
func (s *Scheme) stampOf(at time.Time) string {
	for _, text := range []string{at.UTC().Format(time.RFC3339), strconv.FormatInt(at.UnixMilli(), 10), strconv.FormatInt(at.Unix(), 10)} {
		if read, err := s.time(text); err == nil && read.Sub(at).Abs() < time.Minute {
			return text
		}
	}
	return ""
}
