package fault

import (
	"slices"
	"strings"
)

// remembered is how many errors a log holds.
const remembered = 16

// Log remembers the last errors of a state and their texts. Lua raises text, which a
// script may keep and raise again; the log finds the error behind it. It is not safe
// for concurrent use.
type Log struct{ entries []entry }

type entry struct {
	text  string
	cause error
}

// Note remembers the error behind a text.
func (l *Log) Note(text string, cause error) {
	if len(l.entries) == remembered {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	l.entries = append(l.entries, entry{text, cause})
}

// Find returns the latest error behind a text, or nil. The text may begin with
// positions.
func (l *Log) Find(text string) error {
	for _, e := range slices.Backward(l.entries) {
		if before, ok := strings.CutSuffix(text, e.text); ok && e.text != "" && (before == "" || strings.HasSuffix(before, ": ")) {
			return e.cause
		}
	}
	return nil
}
