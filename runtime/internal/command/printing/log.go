package printing

import (
	"log/slog"
	"time"

	"github.com/lmittmann/tint"

	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// LogHandler returns the handler for a script's log, on standard error. The
// format is json, or text for anything else.
func LogHandler(env *environment.Env, format string, level slog.Level) slog.Handler {
	if format == "json" {
		return slog.NewJSONHandler(env.Stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: readable})
	}
	return tint.NewTextHandler(env.Stderr, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !env.StderrColor()})
}

// readable writes durations as text, such as 2.5s, instead of nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.String(a.Key, a.Value.Duration().String())
	}
	return a
}
