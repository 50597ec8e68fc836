package fault

import (
	"slices"
	"strings"
)

// remembered is how many errors a log holds.
const remembered = 16

// Log remembers the errors that a state raised last, with the texts that stand
// for them. Lua raises text, which a script may keep and raise again; the log
// finds the error that it came from. It serves one goroutine at a time.
type Log struct{ entries []entry }

type entry struct {
	text  string
	cause error
}

// Note remembers the error that a text stands for.
func (l *Log) Note(text string, cause error) {
	if len(l.entries) == remembered {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	l.entries = append(l.entries, entry{text, cause})
}

// Find returns the latest error that a text stands for, or nil. Positions may
// have been put in front of the text.
func (l *Log) Find(text string) error {
	for _, e := range slices.Backward(l.entries) {
		if before, ok := strings.CutSuffix(text, e.text); ok && e.text != "" && (before == "" || strings.HasSuffix(before, ": ")) {
			return e.cause
		}
	}
	return nil
}
