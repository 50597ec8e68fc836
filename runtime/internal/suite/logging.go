package suite

import (
	"context"
	"hash/fnv"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
)

// measured are log fields that differ from run to run.
var measured = []string{"took", "quota_wait", "host"}

// logHandler writes a test's log in short lines without measured fields, so a
// test always prints the same.
type logHandler struct {
	w     io.Writer
	attrs []slog.Attr
}

func newLogHandler(w io.Writer) slog.Handler { return &logHandler{w: w} }

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.Level.String()) + ": " + r.Message)
	field := func(a slog.Attr) bool {
		if slices.Contains(measured, a.Key) {
			return true
		}
		text := a.Value.Resolve().String()
		if text == "" || strings.ContainsAny(text, " \"\n") {
			text = strconv.Quote(text)
		}
		b.WriteString(" " + a.Key + "=" + text)
		return true
	}
	for _, a := range h.attrs {
		field(a)
	}
	r.Attrs(field)
	_, err := io.WriteString(h.w, b.String()+"\n")
	return err
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.w, slices.Concat(h.attrs, attrs)}
}

// WithGroup ignores groups: scripts make none.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return h.Sum64()
}

func exitMessage(code int) string {
	return "the test called os.exit(" + strconv.Itoa(code) + ")"
}
