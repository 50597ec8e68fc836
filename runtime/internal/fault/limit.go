package fault

import (
	"context"
	"fmt"
	"github.com/dustin/go-humanize"
	"time"
)

// LimitError is the error of a run that exceeded a limit.
type LimitError struct {
	// What is "time", "memory", "instructions" or "call depth".
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
	case "instructions":
		return "the script executed more than " + e.Limit
	}
	return "the script nests more than " + e.Limit
}

// ErrorHint says what to do about it.
func (e *LimitError) ErrorHint() string { return e.Hint }

// Is reports whether target is context.DeadlineExceeded and the limit is one of time,
// so that the client recognizes it as a deadline.
func (e *LimitError) Is(target error) bool {
	return e.What == "time" && target == context.DeadlineExceeded
}

// ExitCode returns ExitLimit.
func (e *LimitError) ExitCode() int { return ExitLimit }

// TimeLimit returns the error for a run that took longer than d.
func TimeLimit(d time.Duration) *LimitError {
	return &LimitError{
		What: "time", Limit: d.String(),
		Hint: "allow more (--timeout on the command line), or let the script do less in one run",
	}
}

// MemoryLimit returns the error for a run that used more memory.
func MemoryLimit(bytes int64) *LimitError {
	return &LimitError{
		What: "memory", Limit: formatBytes(bytes),
		Hint: "read records one by one (each, csv.rows) and write them in chunks, or allow more (--max-memory on the command line)",
	}
}

// InstructionLimit returns the error for a run that executed more instructions.
func InstructionLimit(n int64) *LimitError {
	return &LimitError{
		What: "instructions", Limit: humanize.Comma(n) + " instructions",
		Hint: "let the script do less in one run",
	}
}

// DepthLimit returns the error for calls that nest too deeply.
func DepthLimit(limit string) *LimitError {
	return &LimitError{
		What: "call depth", Limit: limit,
		Hint: "a function probably calls itself forever",
	}
}

// formatBytes writes a size in the largest unit that keeps it whole, which is
// probably how it was given, or in a larger one with a fraction.
func formatBytes(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1e9, "GB"}, {1 << 20, "MiB"}, {1e6, "MB"}, {1 << 10, "KiB"}, {1e3, "kB"}} {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
