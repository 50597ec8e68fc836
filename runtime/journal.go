package runtime

import (
	"context"
	"log/slog"
	"sync"

	"github.com/phscript/phscript/runtime/internal/redact"
)

// journal is the script's log, and keeps its warnings. It is safe for
// concurrent use.
type journal struct {
	log     *slog.Logger
	secrets *redact.Secrets

	mu       sync.Mutex
	warned   map[string]bool
	warnings []string
}

// Write writes one line of the log.
func (j *journal) Write(ctx context.Context, level slog.Level, message string, fields []slog.Attr) {
	j.log.LogAttrs(ctx, level, message, fields...)
}

// WarnOnce logs a warning once per key. A name in it may have any length.
func (j *journal) WarnOnce(ctx context.Context, key, message string) {
	message = shortened(message, longestWarning, j.secrets)
	j.mu.Lock()
	seen := j.warned[key]
	if !seen {
		j.warned[key] = true
		j.warnings = append(j.warnings, message)
	}
	j.mu.Unlock()
	if !seen {
		j.log.LogAttrs(ctx, slog.LevelWarn, message)
	}
}
