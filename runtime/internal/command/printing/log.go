package printing

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/lmittmann/tint"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/display"
)

// LogHandler returns the handler for a script's log, on standard error. The
// format is json, or text for anything else. Each record is one line, whatever
// characters are in it.
func LogHandler(env *environment.Env, format string, level slog.Level) slog.Handler {
	if format == "json" {
		out := env.Stderr
		if env.LogMark != "" {
			out = marked{env}
		}
		return slog.NewJSONHandler(display.JSONWriter(out), &slog.HandlerOptions{Level: level, ReplaceAttr: readable})
	}
	return tint.NewTextHandler(env.Stderr, &tint.Options{
		Level: level, TimeFormat: time.TimeOnly, NoColor: !env.StderrColor(), ReplaceAttr: visible,
	})
}

// marked writes records to standard error, each on a line that begins with the mark,
// whatever the script wrote there before.
type marked struct{ env *environment.Env }

func (m marked) Write(p []byte) (int, error) {
	if _, err := io.WriteString(m.env.Stderr, "\n"+m.env.LogMark+string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// readable writes durations as text, such as 2.5s, instead of nanoseconds.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.String(a.Key, a.Value.Duration().String())
	}
	return a
}

// visible keeps control characters out of text. The handler quotes values with line ends.
func visible(_ []string, a slog.Attr) slog.Attr {
	show := display.Text
	if a.Key == slog.MessageKey {
		show = display.OneLine
	}
	a.Key = display.OneLine(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(whole(show(a.Value.String())))
	case slog.KindAny:
		if _, level := a.Value.Any().(slog.Level); !level {
			text := fmt.Sprintf("%+v", a.Value.Any())
			if clean := whole(show(text)); clean != text {
				a.Value = slog.StringValue(clean)
			}
		}
	}
	return a
}

// whole replaces U+FFFD, which other programs write for bytes that they could not read.
// tint cuts a value off at this character.
func whole(text string) string { return strings.ReplaceAll(text, "\uFFFD", "<U+FFFD>") }
