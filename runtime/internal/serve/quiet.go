package serve

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// quiet returns a logger for the engine, which passes on warnings and errors, each
// message at most once a minute. The engine repeats itself twice a second while the
// store is unreachable.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(seldom{log.Handler(), &sayings{last: map[string]time.Time{}}})
}

// sayAgain is how often a message is repeated.
const sayAgain = time.Minute

// wanted is River's warning about a run that somebody cancelled.
const wanted = "job cancelled remotely"

// sayings are messages, with the time at which each was logged last.
type sayings struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// news reports whether a message was not logged recently.
func (s *sayings) news(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.last[message]) < sayAgain {
		return false
	}
	s.last[message] = now
	return true
}

// seldom is a handler that drops everything below a warning, and repetitions.
type seldom struct {
	slog.Handler
	said *sayings
}

func (h seldom) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h seldom) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasSuffix(r.Message, wanted) || !h.said.news(r.Message, r.Time) {
		return nil
	}
	told := slog.NewRecord(r.Time, r.Level, "the queue: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		told.AddAttrs(a)
		return true
	})
	return h.Handler.Handle(ctx, told)
}

func (h seldom) WithAttrs(attrs []slog.Attr) slog.Handler {
	return seldom{h.Handler.WithAttrs(attrs), h.said}
}

func (h seldom) WithGroup(name string) slog.Handler {
	return seldom{h.Handler.WithGroup(name), h.said}
}
