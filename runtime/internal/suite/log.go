package suite

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// measured are log fields that differ from run to run.
var measured = []string{"took", "quota_wait", "host"}

// logHandler writes a test's log in short lines without measured fields, so a
// test always prints the same.
type logHandler struct {
	w io.Writer
	// kept, if set, keeps the lines as well.
	kept  *journal[logLine]
	attrs []slog.Attr
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	line := logLine{strings.ToLower(r.Level.String()), r.Message, slices.Clone(h.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		line.fields = append(line.fields, a)
		return true
	})
	if h.kept != nil {
		h.kept.add(line)
	}
	_, err := io.WriteString(h.w, line.String())
	return err
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.w, h.kept, slices.Concat(h.attrs, attrs)}
}

// WithGroup ignores groups: scripts make none.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

type logLine struct {
	level, message string
	fields         []slog.Attr
}

func (l logLine) String() string {
	var b strings.Builder
	b.WriteString(l.level + ": " + l.message)
	for _, f := range l.fields {
		if slices.Contains(measured, f.Key) {
			continue
		}
		text := f.Value.Resolve().String()
		if text == "" || strings.ContainsAny(text, " \"\n") {
			text = strconv.Quote(text)
		}
		b.WriteString(" " + f.Key + "=" + text)
	}
	return b.String() + "\n"
}

func (l logLine) table(L *lua.LState) *lua.LTable {
	t, fields := L.NewTable(), L.NewTable()
	t.RawSetString("level", lua.LString(l.level))
	t.RawSetString("message", lua.LString(l.message))
	for _, f := range l.fields {
		fields.RawSetString(f.Key, attrValue(f.Value.Resolve()))
	}
	t.RawSetString("fields", fields)
	return t
}

func attrValue(v slog.Value) lua.LValue {
	switch v.Kind() {
	case slog.KindBool:
		return lua.LBool(v.Bool())
	case slog.KindInt64:
		return lua.LNumber(v.Int64())
	case slog.KindUint64:
		return lua.LNumber(v.Uint64())
	case slog.KindFloat64:
		return lua.LNumber(v.Float64())
	}
	return lua.LString(v.String())
}
