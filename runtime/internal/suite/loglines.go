package suite

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// logLines keeps the lines of a log. It is safe for concurrent use.
type logLines struct {
	mu   sync.Mutex
	kept []logLine
}

type logLine struct {
	level   slog.Level
	message string
	fields  []slog.Attr
}

func (b *logLines) lines() []logLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]logLine(nil), b.kept...)
}

func (l logLine) table(L *lua.LState) *lua.LTable {
	t, fields := L.NewTable(), L.NewTable()
	t.RawSetString("level", lua.LString(strings.ToLower(l.level.String())))
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

// lineHandler keeps the lines of a log and passes them on.
type lineHandler struct {
	into  *logLines
	also  slog.Handler
	attrs []slog.Attr
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	line := logLine{level: r.Level, message: r.Message, fields: append([]slog.Attr(nil), h.attrs...)}
	r.Attrs(func(a slog.Attr) bool {
		line.fields = append(line.fields, a)
		return true
	})
	h.into.mu.Lock()
	h.into.kept = append(h.into.kept, line)
	h.into.mu.Unlock()
	return h.also.Handle(ctx, r)
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.into, h.also.WithAttrs(attrs), append(append([]slog.Attr(nil), h.attrs...), attrs...)}
}

// WithGroup ignores groups: scripts make none.
func (h *lineHandler) WithGroup(string) slog.Handler { return h }
