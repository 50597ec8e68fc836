package suite

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// logBook keeps the lines of a log. It is safe for concurrent use.
type logBook struct {
	mu   sync.Mutex
	kept []logLine
}

type logLine struct {
	level   slog.Level
	message string
	fields  []slog.Attr
}

func (b *logBook) lines() []logLine {
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

// bookHandler keeps the lines of a log, and hands them on.
type bookHandler struct {
	book  *logBook
	also  slog.Handler
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (h *bookHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h *bookHandler) Handle(ctx context.Context, r slog.Record) error {
	line := logLine{level: r.Level, message: r.Message, fields: append([]slog.Attr(nil), h.attrs...)}
	r.Attrs(func(a slog.Attr) bool {
		line.fields = append(line.fields, a)
		return true
	})
	h.book.mu.Lock()
	h.book.kept = append(h.book.kept, line)
	h.book.mu.Unlock()
	return h.also.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *bookHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &bookHandler{h.book, h.also.WithAttrs(attrs), append(append([]slog.Attr(nil), h.attrs...), attrs...)}
}

// WithGroup implements slog.Handler. Groups are left out: scripts make none.
func (h *bookHandler) WithGroup(string) slog.Handler { return h }
