package printing

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/display"
)

func TestLogHandler(t *testing.T) {
	write := func(format string) string {
		var out bytes.Buffer
		log := slog.New(LogHandler(&environment.Env{Stderr: &out, Getenv: func(string) (string, bool) { return "", false }}, format, slog.LevelWarn)).With("wait", time.Minute)
		log.Info("hidden")
		log.Warn("retrying", "after", 2500*time.Millisecond, "status", 503, slog.Group("at", "took", 681*time.Millisecond))
		return out.String()
	}
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(write("json")), &line))
	delete(line, "time")
	assert.Equal(t, map[string]any{
		"level": "WARN", "msg": "retrying", "wait": "1m0s", "after": "2.5s", "status": 503.0, "at": map[string]any{"took": "681ms"},
	}, line)
	assert.Contains(t, write("text"), "retrying wait=1m0s after=2.5s status=503 at.took=681ms\n")
}

// A message or a value cannot begin a line of its own or speak to the terminal, with colors
// or without.
func TestLogsStayLines(t *testing.T) {
	const bad = "x\n16:00:00 ERR forged\x1b[2J\r\u009b\u202e"
	for _, colors := range []bool{true, false} {
		for _, format := range []string{"text", "json"} {
			var out bytes.Buffer
			env := &environment.Env{Stderr: &out, StderrTTY: colors, Getenv: func(string) (string, bool) { return "", false }}
			log := slog.New(LogHandler(env, format, slog.LevelInfo)).With(bad, bad)
			log.Info(bad, bad, bad, "error", errors.New(bad), slog.Group("group", bad, bad), "any", []string{bad})
			got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(out.String(), "")
			assert.Equal(t, 1, strings.Count(got, "\n"), "%q", got)
			assert.False(t, strings.ContainsFunc(got, display.Hidden), "%q", got)
		}
	}
}

// Nothing of a value is left out, also after a character that could not be read.
func TestLogsShowWholeValues(t *testing.T) {
	for _, colors := range []bool{true, false} {
		var out bytes.Buffer
		log := slog.New(LogHandler(&environment.Env{Stderr: &out, StderrTTY: colors, Getenv: func(string) (string, bool) { return "", false }}, "text", slog.LevelInfo))
		log.Info("m\uFFFDn", "a", "one two\uFFFDthree", "b", errors.New("four five\xffsix"), "c", "x=\uFFFDy")
		for _, part := range []string{"m<U+FFFD>n", "one two<U+FFFD>three", "six", "y"} {
			assert.Contains(t, out.String(), part)
		}
	}
}
