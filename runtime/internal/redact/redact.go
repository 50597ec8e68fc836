// Package redact removes secrets from everything that a run prints: texts, output
// streams and logs.
package redact

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Mark replaces a secret.
const Mark = "[redacted]"

// shortest is the length of the shortest secret, in bytes. Hiding every "a" would only
// make output unreadable.
const shortest = 6

// Secrets is a set of values that must not be shown. The zero value is ready.
// It is safe for concurrent use.
type Secrets struct {
	mu sync.Mutex
	// holders counts who wants a value to be hidden.
	holders map[string]int
	list    atomic.Pointer[secretList]
}

type secretList struct {
	values   []string
	replacer *strings.Replacer
}

// Add registers a value and its encoded forms for good: Basic authentication,
// base64 and percent-encoding. It ignores values of fewer than six bytes.
func (s *Secrets) Add(value string) { s.Hold(value) }

// Hold registers a value as Add does, until release is called as often as Hold.
func (s *Secrets) Hold(value string) (release func()) {
	value = strings.TrimSpace(value)
	if len(value) < shortest {
		return func() {}
	}
	s.hold(value, 1)
	return func() { s.hold(value, -1) }
}

func (s *Secrets) hold(value string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders == nil {
		s.holders = map[string]int{}
	}
	before := s.holders[value]
	s.holders[value] += n
	switch {
	case s.holders[value] == 0:
		delete(s.holders, value)
	case before > 0:
		return // it is hidden already
	}
	s.list.Store(newList(s.holders))
}

// newList makes the list of all forms of some values, nil if there are none.
func newList(of map[string]int) *secretList {
	if len(of) == 0 {
		return nil
	}
	var values []string
	for value := range of {
		values = append(values,
			value,
			base64.StdEncoding.EncodeToString([]byte(value+":")),
			base64.StdEncoding.EncodeToString([]byte(value)),
			url.QueryEscape(value),
			url.PathEscape(value),
		)
	}
	// A secret that begins with another one must be tried first.
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	values = slices.Compact(values)
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, Mark)
	}
	return &secretList{values: values, replacer: strings.NewReplacer(pairs...)}
}

// String returns text with every secret replaced by Mark.
func (s *Secrets) String(text string) string {
	list := s.list.Load()
	if list == nil {
		return text
	}
	return list.replacer.Replace(text)
}

// held returns how many bytes at the end of text may begin a secret.
func (l *secretList) held(text string) int {
	longest := 0
	for _, v := range l.values {
		for n := min(len(v)-1, len(text)); n > longest; n-- {
			if strings.HasSuffix(text, v[:n]) {
				longest = n
				break
			}
		}
	}
	return longest
}
