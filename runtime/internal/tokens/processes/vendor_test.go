//go:build unix

// Package processes runs phscript as processes that share a credential of another system,
// whose refresh tokens work once.
package processes

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

const secret = "client-secret-4711-xyz"

// vendor is a system whose refresh tokens work once.
type vendor struct {
	*httptest.Server
	oauth   *standin.OAuth
	refresh string

	mu sync.Mutex
	// issued is called after tokens were issued, before they are sent.
	issued func()
	// secrets are all tokens that were issued.
	secrets []string
	asked   int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{oauth: standin.NewOAuth(standin.RunningClock(time.Now()), time.Hour)}
	v.oauth.Rotate = true
	v.oauth.Register("app", secret, "acme")
	v.refresh = v.oauth.Grant("app", "acme").Refresh
	v.secrets = []string{secret, v.refresh}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", v.token)
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if account, _ := v.oauth.Account(access); account == "" {
			http.Error(w, "", http.StatusUnauthorized)
		}
	})
	v.Server = httptest.NewServer(mux)
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) token(w http.ResponseWriter, r *http.Request) {
	tokens, refused := v.oauth.Token(r, "refresh_token")
	v.mu.Lock()
	v.asked++
	issued := v.issued
	v.secrets = append(v.secrets, tokens.Access, tokens.Refresh)
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if refused != nil {
		w.WriteHeader(refused.Status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": refused.Code, "error_description": refused.Description})
		return
	}
	if issued != nil {
		issued()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": tokens.Access, "refresh_token": tokens.Refresh, "expires_in": 3600})
}

// onIssue sets what happens between the issue of tokens and their arrival.
func (v *vendor) onIssue(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.issued = do
}

// counts are the refreshes, the refused ones among them, and the requests for tokens.
func (v *vendor) counts() []int {
	renewed, reused := v.oauth.Counts()
	v.mu.Lock()
	defer v.mu.Unlock()
	return []int{renewed, reused, v.asked}
}

// command is phscript with a script that sends n requests.
func (v *vendor) command(t *testing.T, location string, n string, flags ...string) *exec.Cmd {
	t.Helper()
	dir := filepath.Join(filepath.Dir(v.home(t)), "work")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	script := filepath.Join(dir, "calls.lua")
	require.NoError(t, os.WriteFile(script, []byte(`
		local http, oauth2, base = require "http", require "oauth2", env.require("VENDOR_URL")
		local token = oauth2.refresh{ token_url = base .. "/token", client_id = "app", client_secret = env.require("VENDOR_SECRET"),
			refresh_token = env.require("VENDOR_REFRESH"), again = "set VENDOR_REFRESH" }
		local api = http.client{ base = base, bearer = token }
		for i = 1, `+n+` do assert(api:get("/api").ok) end
		print("done", token)`), 0o600))
	args := append([]string{"run", "--state", location, "--allow-net", "127.0.0.1", "--allow-env", "VENDOR_URL,VENDOR_SECRET,VENDOR_REFRESH", "--log-level", "debug"}, flags...)
	cmd := exec.Command(program.Path(t), append(args, script)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+v.home(t), "XDG_STATE_HOME="+v.home(t), "VENDOR_URL="+v.URL, "VENDOR_SECRET="+secret, "VENDOR_REFRESH="+v.refresh)
	return cmd
}

var homes sync.Map

// home is the home folder of a vendor's users.
func (v *vendor) home(t *testing.T) string {
	t.Helper()
	dir, _ := homes.LoadOrStore(v, filepath.Join(t.TempDir(), "home"))
	require.NoError(t, os.MkdirAll(dir.(string), 0o700))
	return dir.(string)
}

// onStores runs a test on SQLite and on PostgreSQL.
func onStores(t *testing.T, test func(t *testing.T, location string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "state.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgres.Start(t).URL()) })
}

// release ends the lock of whoever was killed or suspended, as the time does.
func release(t *testing.T, location string) {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	changed, err := store.Changed(t.Context(), db, `UPDATE phscript_token SET held_until = 1 WHERE holder <> ''`)
	require.NoError(t, err)
	assert.True(t, changed, "the process held the lock")
	require.NoError(t, db.Close())
}

// hidden checks that none of the tokens and secrets is in a text.
func (v *vendor) hidden(t *testing.T, what string, text []byte) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	require.Greater(t, len(v.secrets), 3)
	for _, one := range v.secrets {
		if one != "" {
			assert.False(t, bytes.Contains(text, []byte(one)), "%s has %s", what, one)
		}
	}
}
