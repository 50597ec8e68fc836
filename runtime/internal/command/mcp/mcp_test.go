package mcp

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// The end of the input comes after the answer to the last request.
func TestStreamsHoldTheEndBack(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	requests := `{"id":1,"method":"a"}` + "\n" + `{"method":"note"}` + "\n" + `{"id":2,"method":"` + long + `"}` + "\n"
	var out bytes.Buffer
	s := newStreams(strings.NewReader(requests), &out, time.Minute)
	read := make(chan string)
	go func() {
		text, err := io.ReadAll(s)
		assert.NoError(t, err)
		read <- string(text)
	}()
	for _, part := range []string{`{"id":1,`, `"result":{}}` + "\n" + `{"method":"note"}` + "\n", `{"id":2,"error":{}}` + "\n"} {
		select {
		case <-read:
			t.Fatal("the end came before the answers")
		default:
		}
		_, err := io.WriteString(s, part)
		require.NoError(t, err)
	}
	assert.Equal(t, requests, <-read)
}

func TestEndsAreKept(t *testing.T) {
	e := &ends{}
	for range 10 {
		_, _ = e.Write([]byte(strings.Repeat("a", 1000)))
	}
	assert.Equal(t, strings.Repeat("a", 10_000), e.String())
	for range 100 {
		_, _ = e.Write([]byte(strings.Repeat("b", 1000)))
	}
	_, _ = e.Write([]byte("the end"))
	text := e.String()
	assert.True(t, strings.HasPrefix(text, "aaaa"))
	assert.True(t, strings.HasSuffix(text, "bbthe end"))
	assert.Contains(t, text, "bytes left out")
	assert.Less(t, len(text), 2*kept+100)
	assert.Equal(t, "[not text]", readable([]byte("a\x00b"), 10))
	assert.Equal(t, "ä\n[the first 3 bytes]", readable([]byte("ää"), 3))
}

// Settings that move keep their meaning.
func TestSettingsMove(t *testing.T) {
	settings := map[string]any{
		"state": "postgres://db", "schema": "s.json", "api_url": "x",
		"profile": map[string]any{"a": map[string]any{"token_file": "t", "tenant_token_file": "/abs/t"}, "b": map[string]any{"token_env": "B_TOKEN"}},
	}
	beside(settings, "/p")
	assert.Equal(t, map[string]any{
		"state": "postgres://db", "schema": "/p/s.json", "api_url": "x",
		"profile": map[string]any{"a": map[string]any{"token_file": "/p/t", "tenant_token_file": "/abs/t"}, "b": map[string]any{"token_env": "B_TOKEN"}},
	}, settings)
	assert.Equal(t, []string{"B_TOKEN"}, named(settings))
}

// Processes get no token, unless a plan reads Planhat.
func TestVariables(t *testing.T) {
	s := &server{env: &environment.Env{Environ: func() []string {
		return []string{"PLANHAT_API_TOKEN=t", "SANDBOX_TOKEN=s", "AWS_SECRET=x", "TZ=UTC", "PATH=/bin", "HTTPS_PROXY=p", "HOME=/home/ada"}
	}}}
	w := &workspace{dir: "/w", variables: []string{"SANDBOX_TOKEN"}}
	assert.Equal(t, []string{"TZ=UTC", "HOME=/w", "XDG_STATE_HOME=/w/.state", "XDG_CONFIG_HOME=/w/.state", "XDG_CACHE_HOME=/w/.state", "NO_COLOR=1", "CI=1"},
		s.variables(w, false))
	assert.Equal(t, []string{"PLANHAT_API_TOKEN=t", "SANDBOX_TOKEN=s", "TZ=UTC", "PATH=/bin", "HTTPS_PROXY=p", "HOME=/home/ada", "NO_COLOR=1", "CI=1"},
		s.variables(w, true))
}

func TestPart(t *testing.T) {
	text := strings.Repeat("a line of text with ü\n", 5000)
	var all strings.Builder
	for offset := 0; offset < len(text); {
		one, err := part(text, offset)
		require.NoError(t, err)
		one, _, _ = strings.Cut(one, "\n[")
		one += "\n"
		one = strings.TrimSuffix(one, "\n\n") + "\n"
		all.WriteString(one)
		offset += len(one)
	}
	assert.Equal(t, len(text), all.Len())
}
