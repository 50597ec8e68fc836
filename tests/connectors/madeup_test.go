package connectors

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// The connector that the guide shows how to write works as it is written there.
func TestConnectorOfTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/connectors.md")
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(guide), "```lua file=harbor.lua\n")
	require.True(t, ok)
	code, _, _ = strings.Cut(code, "```")

	type account map[string]any
	accounts := []account{}
	for _, id := range []string{"a", "b", "c"} {
		accounts = append(accounts, account{"id": id, "name": "Account " + id, "website": id + ".example", "owner": nil, "tier": "Gold", "updated": "2026-11-20T00:00:00Z"})
	}
	var asked []string
	r := newRig(t)
	harbor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		q := req.URL.Query()
		asked = append(asked, q.Get("updated_since"))
		page := []account{}
		next := any(nil)
		for _, a := range accounts {
			if a["updated"].(string) >= q.Get("updated_since") && a["id"].(string) > q.Get("page") {
				page = append(page, a)
			}
		}
		if len(page) > 2 { // two accounts a page
			page, next = page[:2], page[1]["id"]
		}
		assert.Equal(t, "Bearer "+"harbor-token", req.Header.Get("Authorization"))
		w.Header().Set("Date", r.clock.Now().UTC().Format(http.TimeFormat))
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"accounts": page, "next_page": next}))
	}))
	defer harbor.Close()
	require.NoError(t, os.WriteFile(filepath.Join(r.options.WorkDir, "harbor.lua"), []byte(code), 0o600))
	r.options.EnvAllow = []string{"HARBOR_TOKEN"}
	r.options.Env = func(name string) (string, bool) { return "harbor-token", name == "HARBOR_TOKEN" }
	r.start(t)
	sync := func() {
		_, err := r.runtime.Run(t.Context(), runtime.Script{Name: "main.lua", Path: filepath.Join(r.options.WorkDir, "main.lua"),
			Source: []byte(`require("harbor"):sync{ settings = { base = "` + harbor.URL + `" } }`)})
		require.NoError(t, err, r.log.String())
	}
	sync()
	require.Len(t, r.records("company"), 3)
	assert.Equal(t, []string{"", ""}, asked, "two pages")
	upserts := r.upserts("company")

	r.clock.Advance(time.Hour)
	asked = nil
	sync()
	assert.Equal(t, upserts, r.upserts("company"), "nothing changed")
	require.Len(t, asked, 1)
	assert.Greater(t, asked[0], "2026-11-20T07")

	// A token under another name is not taken for the end of the list.
	require.NoError(t, os.WriteFile(filepath.Join(r.options.WorkDir, "harbor.lua"), []byte(strings.ReplaceAll(code, `"next_page"`, `"nextPage"`)), 0o600))
	_, err = r.runtime.Run(t.Context(), runtime.Script{Name: "main.lua", Path: filepath.Join(r.options.WorkDir, "main.lua"),
		Source: []byte(`require("harbor"):sync{ full = true, settings = { base = "` + harbor.URL + `" } }`)})
	require.ErrorContains(t, err, `the response to /accounts has no "nextPage", which reports whether there are more pages. Did you mean "next_page"?`)
	require.NoError(t, os.WriteFile(filepath.Join(r.options.WorkDir, "harbor.lua"), []byte(code), 0o600))

	accounts[1]["name"], accounts[1]["updated"] = "Renamed", r.clock.Now().Format(time.RFC3339)
	r.clock.Advance(time.Minute)
	sync()
	assert.Equal(t, "Renamed", r.records("company")["b"]["name"])
}
