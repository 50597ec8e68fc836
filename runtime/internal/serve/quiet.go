package serve

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// sayAgain is how often a message is repeated.
const sayAgain = time.Minute

// wanted is River's warning about a run that somebody cancelled.
const wanted = "job cancelled remotely"

// quiet returns a logger for the engine, which passes on warnings and errors, each
// message at most once a minute. The engine repeats itself twice a second while the
// store is unreachable.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(seldom{log.Handler(), &sync.Map{}}) }

type seldom struct {
	slog.Handler
	// said is when each message was logged last.
	said *sync.Map
}

func (h seldom) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h seldom) Handle(ctx context.Context, r slog.Record) error {
	last, _ := h.said.Load(r.Message)
	if at, said := last.(time.Time); strings.HasSuffix(r.Message, wanted) || said && r.Time.Sub(at) < sayAgain {
		return nil
	}
	h.said.Store(r.Message, r.Time)
	r.Message = "the queue: " + r.Message
	return h.Handler.Handle(ctx, r)
}

func (h seldom) WithAttrs(attrs []slog.Attr) slog.Handler {
	return seldom{h.Handler.WithAttrs(attrs), h.said}
}

func (h seldom) WithGroup(name string) slog.Handler {
	return seldom{h.Handler.WithGroup(name), h.said}
}
