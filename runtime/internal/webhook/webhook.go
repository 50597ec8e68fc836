// Package webhook tells whether a message to a webhook comes from the system that it says.
// Each system signs in its own way; [Schemes] lists them.
package webhook

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Message is a request as it was received. Body must not have been decoded: the same JSON
// written differently has another signature.
type Message struct {
	Method string
	// URL is the address as the sender has it, with scheme and host. Behind a proxy, it
	// comes from the configuration: headers of the request can be forged.
	URL    string
	Header http.Header
	Body   []byte
}

// Tolerance is how far the time of a message can be from now.
const Tolerance = 5 * time.Minute

// Verifier verifies messages in one way. Its methods can be called concurrently.
type Verifier struct {
	scheme  Scheme
	secrets []secret
}

type secret struct{ text, key []byte }

// New returns a verifier for the scheme of that name. While secrets are rotated, there are
// several, and each is accepted. header names the header of schemes that leave it to the
// user, and must be empty for others. Which algorithm is used never depends on a message.
func New(name string, secrets []string, header string) (*Verifier, error) {
	s, ok := find(name)
	if !ok {
		return nil, fmt.Errorf("unknown signature scheme %q", name)
	}
	return newVerifier(s, secrets, header)
}

func newVerifier(s Scheme, secrets []string, header string) (*Verifier, error) {
	name := s.name
	switch {
	case s.header == "" && s.compares == inHeader && header == "":
		return nil, fmt.Errorf("%s: the name of the header is missing", name)
	case header != "" && (s.header != "" || s.compares != inHeader):
		return nil, fmt.Errorf("%s: the header is always the same, so leave its name out", name)
	case len(secrets) == 0:
		return nil, fmt.Errorf("%s: there is no secret, so anybody could send messages", name)
	}
	if header != "" {
		s.header = header
	}
	v := &Verifier{scheme: s}
	for i, text := range secrets {
		key := []byte(text)
		if s.key != nil {
			var err error
			if key, err = s.key(text); err != nil {
				return nil, fmt.Errorf("%s: secret %d: %w", name, i+1, err)
			}
		}
		if len(key) == 0 || strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("%s: secret %d is empty, so anybody could send messages", name, i+1)
		}
		v.secrets = append(v.secrets, secret{[]byte(text), key})
	}
	return v, nil
}

var errWrong = errors.New("the signature does not match: another secret, or another message")

// Verify returns nil if a message has a valid signature and, where the scheme signs the
// time, was sent at most Tolerance before or after now. Errors say what is wrong, and not
// what would be right.
func (v *Verifier) Verify(m Message, now time.Time) error {
	_, err := v.Match(m, now)
	return err
}

// Match does what Verify does, and returns the position of the secret that fits.
func (v *Verifier) Match(m Message, now time.Time) (secret int, err error) {
	switch v.scheme.compares {
	case inHeader:
		given, err := single(m.Header, v.scheme.header)
		if err != nil {
			return 0, err
		}
		return v.compare(given)
	case inAddress:
		address, _, _ := strings.Cut(m.URL, "?")
		return v.compare(path.Base(address))
	case nowhere:
	}
	p, err := v.scheme.read(m)
	if err != nil {
		return 0, err
	}
	if v.scheme.time != nil {
		at, err := v.scheme.time(p.timestamp)
		if err != nil {
			return 0, fmt.Errorf("the time of the message, %.40q, is not valid", p.timestamp)
		}
		if off := now.Sub(at); off > Tolerance || off < -Tolerance {
			return 0, fmt.Errorf("the message was sent at %s, more than %d minutes from now", at.UTC().Format(time.RFC3339), int(Tolerance.Minutes()))
		}
	}
	text := v.scheme.signed(m, p)
	secret = -1
	for i, one := range v.secrets {
		want := []byte(v.scheme.prefix + v.scheme.sign(one, text))
		for _, given := range p.signatures {
			if hmac.Equal(want, []byte(given)) {
				secret = i // all are compared, so the time says nothing
			}
		}
	}
	if secret < 0 {
		return 0, errWrong
	}
	return secret, nil
}

// compare compares a value with the secrets. It compares hashes of them, so the time does
// not say how long they are.
func (v *Verifier) compare(given string) (secret int, err error) {
	secret = -1
	for i, one := range v.secrets {
		if hmac.Equal(sum256([]byte(given)), sum256(one.text)) {
			secret = i
		}
	}
	if secret < 0 {
		return 0, errors.New("the secret of the message does not match")
	}
	return secret, nil
}

// ID returns what tells a message from others, in the header of schemes that have one: a
// sender that repeats a message repeats it. It is empty if the body has it.
func (v *Verifier) ID(m Message) string {
	if v.scheme.id == "" {
		return ""
	}
	id, _ := single(m.Header, v.scheme.id)
	return id
}

// single returns the value of a header that must be there once.
func single(header http.Header, name string) (string, error) {
	values := header.Values(name)
	switch {
	case len(values) == 0 || values[0] == "":
		return "", fmt.Errorf("the header %s is missing", name)
	case len(values) > 1:
		return "", fmt.Errorf("the header %s is there %d times", name, len(values))
	}
	return values[0], nil
}

// Schemes returns the names of the schemes, in alphabetical order.
func Schemes() []string {
	var names []string
	for _, s := range schemes {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

func find(name string) (Scheme, bool) {
	i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.name == name })
	if i < 0 {
		return Scheme{}, false
	}
	return schemes[i], true
}
