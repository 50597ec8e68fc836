package fault

import "context"

// LimitError says that a run was ended because it passed a limit.
type LimitError struct {
	// What is "time", "memory" or "call depth".
	What string
	// Limit is the limit, with its unit.
	Limit string
	// Hint says what to do about it.
	Hint string
}

func (e *LimitError) Error() string {
	switch e.What {
	case "time":
		return "the script ran longer than " + e.Limit
	case "memory":
		return "the script used more than " + e.Limit + " of memory"
	}
	return "the script passed the limit of " + e.Limit + " for its " + e.What
}

// ErrorHint says what to do about it.
func (e *LimitError) ErrorHint() string { return e.Hint }

// Is reports that the limit of time is a deadline, so that the client and its
// callers recognize it as one.
func (e *LimitError) Is(target error) bool {
	return e.What == "time" && target == context.DeadlineExceeded
}

// ExitCode returns ExitLimit.
func (e *LimitError) ExitCode() int { return ExitLimit }
