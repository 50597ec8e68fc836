package suite

import (
	"hash/fnv"
	"io"
	"log/slog"
	"slices"
	"strconv"
)

// measured are fields of the client's log that differ from run to run.
var measured = []string{slog.TimeKey, "took", "quota_wait", "host"}

// newLogHandler makes the handler of a test's log: short lines without what is
// measured, so that the same test always prints the same.
func newLogHandler(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && slices.Contains(measured, a.Key) {
				return slog.Attr{}
			}
			return a
		},
	})
}

// hash makes a seed of a name.
func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return h.Sum64()
}

func exitMessage(code int) string {
	return "the test called os.exit(" + strconv.Itoa(code) + ")"
}
