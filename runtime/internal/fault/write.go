package fault

import (
	"fmt"
	"strings"
)

// WriteError ends a run whose script writes to a model that its header does not name.
type WriteError struct {
	// Target is what the header would call it, Call is the function.
	Target, Call string
	// Allowed are the models that the header names, on a line of the script.
	Allowed []string
	Line    int
}

func (e *WriteError) Error() string {
	what := "it writes nothing"
	if n := len(e.Allowed); n > 0 {
		what = "it only writes to " + e.Allowed[0]
		if n > 1 {
			what = "it only writes to " + strings.Join(e.Allowed[:n-1], ", ") + " and " + e.Allowed[n-1]
		}
	}
	return fmt.Sprintf("%s: the script writes to %s, but @writes on line %d says that %s", e.Call, e.Target, e.Line, what)
}

// ErrorHint says what to do about it.
func (e *WriteError) ErrorHint() string {
	return fmt.Sprintf("if the script should do so, add %s to @writes on line %d", e.Target, e.Line)
}
