package credential

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/redact"
)

// TestRenewal: a program is asked once more when Planhat refuses its token, whatever the
// number of requests, and their bodies are sent again.
func TestRenewal(t *testing.T) {
	d := newDesk(t)
	var mu sync.Mutex
	valid, bodies := "second", []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+valid {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
	}))
	t.Cleanup(server.Close)
	d.file("tokens", "first\n", 0o600)
	program := `token_command = ["sh", "-c", "echo x >> asked; head -n 1 tokens"]`
	s, err := d.finder.Find(d.config(program, ""), API)
	require.NoError(t, err)
	first, err := s.Read(t.Context())
	require.NoError(t, err)
	secrets := &redact.Secrets{}
	r := s.Renew(first, secrets)
	send := func(token, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := r.Send(req, http.DefaultTransport)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	asked := func() int {
		text, _ := os.ReadFile(filepath.Join(d.dir, "asked"))
		return strings.Count(string(text), "x")
	}
	assert.Equal(t, 401, send("first", "a"), "the program prints the same token")
	assert.Equal(t, 2, asked())
	assert.Equal(t, 401, send("first", "a"))
	assert.Equal(t, 2, asked(), "once for a token")

	r = s.Renew(first, secrets)
	d.file("tokens", "second\n", 0o600)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { assert.Equal(t, 200, send("first", "a body")) })
	}
	all.Wait()
	assert.Equal(t, 3, asked())
	assert.Len(t, bodies, 8)
	assert.Equal(t, "a body", bodies[7])
	assert.Equal(t, 401, send("of the script", "b"), "tokens of scripts are theirs")
	assert.Equal(t, 3, asked())
	assert.Equal(t, "[redacted]", secrets.String("second"))
	assert.Nil(t, Source{}.Renew("x", secrets))
}
