// Package redact removes secrets from everything that a run prints: texts, output
// streams and logs.
package redact

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/phscript/phscript/planhat"
)

// Mark replaces a secret.
const Mark = planhat.Redacted

// shortest is the length of the shortest secret, in bytes. Hiding every "a" would only
// make output unreadable.
const shortest = 6

// Secrets is a set of values that must not be shown. The zero value is ready.
// It is safe for concurrent use.
type Secrets struct {
	mu sync.Mutex
	// holders counts who wants a value to be hidden.
	holders map[string]int
	// scripts counts the holders that are scripts. keep is set if they hold for good.
	scripts map[string]int
	keep    bool
	list    atomic.Pointer[planhat.Redactor]
}

// Add registers a value for good, in every spelling that planhat.Redactor finds. It
// ignores values of fewer than six bytes.
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

// Keep makes HoldOfScript register values for good. It is for programs that run one script
// and print what it did after its end.
func (s *Secrets) Keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = true
}

// HoldOfScript is Hold for a secret that a script has, which does not count for
// Configured.
func (s *Secrets) HoldOfScript(value string) (release func()) {
	value = strings.TrimSpace(value)
	if len(value) < shortest {
		return func() {}
	}
	s.count(value, 1)
	s.hold(value, 1)
	return func() {
		s.mu.Lock()
		keep := s.keep
		s.mu.Unlock()
		if !keep {
			s.count(value, -1)
			s.hold(value, -1)
		}
	}
}

// count counts the scripts that hold a value.
func (s *Secrets) count(value string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scripts == nil {
		s.scripts = map[string]int{}
	}
	if s.scripts[value] += n; s.scripts[value] <= 0 {
		delete(s.scripts, value)
	}
}

// Configured returns text with every secret replaced that did not come from a script.
func (s *Secrets) Configured(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for value, n := range s.holders {
		if n > s.scripts[value] {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return text
	}
	return planhat.NewRedactor(values...).Text(text)
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
	if len(s.holders) == 0 {
		s.list.Store(nil)
		return
	}
	s.list.Store(planhat.NewRedactor(slices.Collect(maps.Keys(s.holders))...))
}

// begins reports whether a secret begins with a text.
func (s *Secrets) begins(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value := range s.holders {
		if strings.HasPrefix(value, text) {
			return true
		}
	}
	return false
}

// String returns text with every secret replaced by Mark.
func (s *Secrets) String(text string) string { return s.list.Load().Text(text) }

// Beginning is String for the beginning of a text that was cut: it also replaces what may be
// the beginning of a secret at its end.
func (s *Secrets) Beginning(text string) string { return s.list.Load().Beginning(text) }
