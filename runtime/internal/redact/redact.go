// Package redact removes secrets from everything that a run prints: texts, output
// streams and logs.
package redact

import (
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

// Secrets is a growing set of values that must not be shown. The zero value is ready.
// It is safe for concurrent use.
type Secrets struct {
	mu   sync.Mutex
	list atomic.Pointer[secretList]
}

type secretList struct {
	values   []string
	replacer *strings.Replacer
}

// Add registers a value and its encoded forms: Basic authentication, base64 and
// percent-encoding. It ignores values of fewer than six bytes.
func (s *Secrets) Add(value string) {
	value = strings.TrimSpace(value)
	if len(value) < shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	if old := s.list.Load(); old != nil {
		values = slices.Clone(old.values)
	}
	for _, form := range []string{
		value,
		base64.StdEncoding.EncodeToString([]byte(value + ":")),
		base64.StdEncoding.EncodeToString([]byte(value)),
		url.QueryEscape(value),
		url.PathEscape(value),
	} {
		if !slices.Contains(values, form) {
			values = append(values, form)
		}
	}
	// A secret that begins with another one must be tried first.
	slices.SortStableFunc(values, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, Mark)
	}
	s.list.Store(&secretList{values: values, replacer: strings.NewReplacer(pairs...)})
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
