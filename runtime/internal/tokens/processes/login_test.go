//go:build unix

package processes

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/terminal"
)

// A person authorizes an app without a secret in a terminal; runs without a terminal use
// it, and renew its token. The key that encrypts it is beside the store.
func TestLoginInATerminal(t *testing.T) {
	v := newVendor(t)
	v.oauth.Register("public", "", "acme")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		tokens, refused := v.oauth.Token(r, "authorization_code", "refresh_token")
		if refused != nil {
			http.Error(w, refused.Code, refused.Status)
			return
		}
		v.mu.Lock()
		v.secrets = append(v.secrets, tokens.Access, tokens.Refresh)
		v.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": tokens.Access, "refresh_token": tokens.Refresh, "expires_in": 3600})
	})
	mux.Handle("/", v.Config.Handler)
	v.Config.Handler = mux

	command := v.command(t, filepath.Join(t.TempDir(), "state.db"), "1")
	script := filepath.Join(command.Dir, "calls.lua")
	require.NoError(t, os.WriteFile(script, []byte(`
		local http, oauth2, base = require "http", require "oauth2", env.require("VENDOR_URL")
		local token = oauth2.authorize{ authorize_url = base .. "/login", token_url = base .. "/token", client_id = "public" }
		assert(http.get(base .. "/api", { bearer = token }).ok)
		print("done", token)`), 0o600))
	again := *command // a command runs once
	output, err := command.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), "run the script once in a terminal")

	term := terminal.Start(t, terminal.Setting{Program: program.Path(t), Dir: command.Dir, Env: command.Env}, command.Args[1:]...)
	term.See("Open this address in a browser")
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/login\S+`)
	term.Wait("the address", func() bool { return address.MatchString(term.Output()) })
	shown, err := url.Parse(address.FindString(term.Output()))
	require.NoError(t, err)
	query := shown.Query()
	code := v.oauth.Authorize("public", "acme", query.Get("redirect_uri"), query.Get("code_challenge"))
	v.secrets = append(v.secrets, code)
	res, err := http.Get(query.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {query.Get("state")}}.Encode())
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Zero(t, term.Ends(), term.Output())
	v.hidden(t, "the terminal", []byte(term.Output()))

	v.oauth.ExpireAccess()
	output, err = again.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Contains(t, string(output), "done\toauth2 token")
	v.hidden(t, "the output", output)
	v.hidden(t, "the state directory", readAll(t, v.home(t)))
	info, err := os.Stat(filepath.Join(v.home(t), "phscript", "tokens.key"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
