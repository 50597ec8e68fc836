package runtime

import (
	"fmt"
	"time"
)

func timeLimit(d time.Duration) *LimitError {
	return &LimitError{
		What: "time", Limit: d.String(),
		Hint: "allow more with --timeout, or let the script do less in one run",
	}
}

func memoryLimit(bytes int64) *LimitError {
	return &LimitError{
		What: "memory", Limit: formatBytes(bytes),
		Hint: "read records one by one (each, csv.rows) and write them in chunks, or allow more with --max-memory",
	}
}

func depthLimit(limit string) *LimitError {
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
