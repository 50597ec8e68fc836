package command

import (
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
)

// newLogHandler makes the handler that a script's log goes to, on standard
// error.
func newLogHandler(env *environment, format string, level slog.Level) slog.Handler {
	if format == "json" {
		return slog.NewJSONHandler(env.stderr, &slog.HandlerOptions{Level: level})
	}
	return tint.NewTextHandler(env.stderr, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !env.color()})
}
