package redact

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// Handler returns a handler that replaces secrets in messages and attributes, and passes
// records to h.
func (s *Secrets) Handler(h slog.Handler) slog.Handler {
	return &handler{next: h, secrets: s}
}

type handler struct {
	next    slog.Handler
	secrets *Secrets
	// bound are attributes and groups of later records. They are redacted with each
	// record, because secrets may have been added since.
	bound []binding
}

// binding is one call of WithAttrs, or of WithGroup if group is set.
type binding struct {
	group string
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.secrets.String(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	next := h.next
	for _, b := range h.bound {
		if b.group != "" {
			next = next.WithGroup(b.group)
			continue
		}
		attrs := make([]slog.Attr, len(b.attrs))
		for i, a := range b.attrs {
			attrs[i] = h.attr(a)
		}
		next = next.WithAttrs(attrs)
	}
	return next.Handle(ctx, out)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(binding{attrs: attrs})
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(binding{group: name})
}

func (h *handler) with(b binding) slog.Handler {
	bound := slices.Concat(h.bound, []binding{b})
	return &handler{next: h.next, secrets: h.secrets, bound: bound}
}

func (h *handler) attr(a slog.Attr) slog.Attr {
	a.Key = h.secrets.String(a.Key)
	a.Value = h.value(a.Value.Resolve())
	return a
}

func (h *handler) value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(h.secrets.String(v.String()))
	case slog.KindGroup:
		attrs := make([]slog.Attr, len(v.Group()))
		for i, a := range v.Group() {
			attrs[i] = h.attr(a)
		}
		return slog.GroupValue(attrs...)
	case slog.KindAny:
		text := fmt.Sprintf("%+v", v.Any())
		if clean := h.secrets.String(text); clean != text {
			return slog.StringValue(clean)
		}
	}
	return v
}
