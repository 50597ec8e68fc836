package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/view"
)

// TestOwnConnectors: the connector that the guide shows how to write is checked like a
// built-in one.
func TestOwnConnectors(t *testing.T) {
	const key = "a-key-of-harbor-4711"
	guide, err := os.ReadFile("../../../../docs/connectors.md")
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(guide), "```lua file=harbor.lua\n")
	require.True(t, ok)
	code, _, _ = strings.Cut(code, "```")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer "+key {
			http.Error(w, `{"message": "unknown key"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"accounts": [{"id": "a-1", "name": "Northwind", "website": "northwind.example", "owner": {"email": ""}, "tier": "Gold"}]}`))
	}))
	t.Cleanup(web.Close)
	code = strings.ReplaceAll(code, "https://api.harbor.example", web.URL)
	for name, tt := range map[string]struct {
		token, script string
		level         view.Level
		check, want   string
	}{
		"accepted":            {key, `require("harbor")`, view.LevelOK, "access", "Harbor accepts the credentials"},
		"refused":             {"another", `require("harbor")`, view.LevelError, "access", "401"},
		"missing":             {"", `require("harbor")`, view.LevelError, "credentials", "missing: set the environment variable HARBOR_TOKEN"},
		"refused, and unused": {"another", `print(1)`, view.LevelWarning, "access", "401"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := ready(t, map[string]string{"harbor.lua": code, "sync.lua": tt.script + "\n"})
			r.Variables["HARBOR_TOKEN"] = tt.token
			found, exit := checkup(t, r, "--allow-net", "127.0.0.1")
			list := of(found, "connectors.harbor", tt.check)
			require.NotEmpty(t, list, "%+v", found)
			assert.Equal(t, tt.level, list[0].Level, "%+v", list)
			assert.Contains(t, list[0].Message, tt.want)
			assert.Equal(t, map[view.Level]int{view.LevelError: 1}[tt.level], exit)
		})
	}
}

// TestRefusedTokenIsOneError: connectors are not blamed for the token of Planhat.
func TestRefusedTokenIsOneError(t *testing.T) {
	r, _ := ready(t, map[string]string{"sync.lua": "require(\"connectors.hubspot\").sync{ settings = { base = \"http://127.0.0.1:1\" } }\n"})
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["HUBSPOT_TOKEN"] = "a-wrong-token-1234", "a-token-of-hubspot"
	found, code := checkup(t, r, "--connectors", "--allow-net", "127.0.0.1")
	assert.Equal(t, 1, code)
	assert.Equal(t, view.LevelError, of(found, "planhat", "token")[0].Level)
	assert.Contains(t, of(found, "planhat", "token")[0].Hint, "put it where the old one is: PLANHAT_API_TOKEN")
	for _, g := range found.Groups {
		if !strings.HasPrefix(g.Name, "connectors.") {
			continue
		}
		for _, line := range g.Checks {
			assert.NotContains(t, line.Message, "Invalid API token", "%+v", line)
		}
	}
	require.NotEmpty(t, of(found, "connectors.hubspot", "streams"))
	assert.Contains(t, of(found, "connectors.hubspot", "streams")[0].Message, "mapping them takes Planhat, which cannot be used")
}
