package printing

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
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
