// Package header reads what a script says about itself in the comments at its top.
package header

import (
	"fmt"
	"iter"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Header is what the comments at the top of a script say.
type Header struct {
	// Net are the hosts that the script reaches.
	Net []Value
}

// Value is a value of the header, and its line.
type Value struct {
	Text string
	Line int
}

// Error is a mistake in a header.
type Error struct {
	Line          int
	Message, Hint string
}

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do.
func (e *Error) ErrorHint() string { return e.Hint }

var tag = pattern.Lazy(`^--+\s*@allow\b\s*(.*)$`)

// Comments returns the lines of comments before the first line of code, without white
// space around them, and their numbers.
func Comments(source []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(strings.TrimPrefix(string(source), "\ufeff")) {
			number++
			line = strings.TrimSpace(line)
			starter := number == 1 && strings.HasPrefix(line, "#") // as in #!/usr/bin/env phscript
			if line == "" || starter {
				continue
			}
			if !strings.HasPrefix(line, "--") || !yield(number, line) {
				return
			}
		}
	}
}

// Read reads the comments before the first statement of a script:
//
//	-- @allow net=api.example.com, *.example.org
//
// Other lines are ignored.
func Read(source []byte) (Header, error) {
	var h Header
	for number, line := range Comments(source) {
		found := tag().FindStringSubmatch(line)
		if found == nil {
			continue
		}
		what, hosts, ok := strings.Cut(found[1], "=")
		if strings.TrimSpace(what) != "net" || !ok {
			return h, &Error{number, fmt.Sprintf("unknown permission %q in @allow; only net is supported", strings.TrimSpace(what)),
				"write the hosts that it reaches, such as -- @allow net=api.example.com"}
		}
		for host := range strings.SplitSeq(hosts, ",") {
			if host = strings.TrimSpace(host); host != "" {
				h.Net = append(h.Net, Value{host, number})
			}
		}
	}
	return h, nil
}
