package runtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A script can replace what connectors use, but never read a credential or send it
// elsewhere.
func TestScriptsDoNotGetCredentials(t *testing.T) {
	b, s := newSystem(t, nil)
	b.opts.AllowNet = nil
	values := map[string]string{"PLANHAT_API_TOKEN": "planhat-token-1234", "AWS_SECRET": "aws-secret-1234", "HUBSPOT_TOKEN": "hubspot-token-1234"}
	b.opts.Env = func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	for _, source := range []string{
		`local C, got = require "connector", nil
		local real = C.bearer
		C.bearer = function(name, credential) got = credential return real(name, credential) end
		require "connectors.hubspot"
		for _, name in ipairs{ "PLANHAT_API_TOKEN", "AWS_SECRET", "HUBSPOT_TOKEN" } do
			print(pcall(got, name))
			local ok, value = pcall(got, name)
			print(pcall(function() return value:reverse() end), pcall(function() return value .. "" end), pcall(json.encode, value))
			print(inspect(value), pcall(string.rep, value, 2))
		end
		local http = require "http"
		print(pcall(http.get, "` + s.URL + `", { bearer = got("HUBSPOT_TOKEN") }))
		print(pcall(http.get, "` + s.URL + `", { basic = { "me", got("HUBSPOT_TOKEN") } }))
		print(pcall(http.get, "` + s.URL + `", { headers = { ["X-Key"] = got("HUBSPOT_TOKEN") } }))
		print(pcall(http.get, "` + s.URL + `?" .. tostring(got("HUBSPOT_TOKEN"))))
		print(pcall(require("oauth2").client_credentials, { token_url = "` + s.URL + `/token", client_id = "a", client_secret = got("HUBSPOT_TOKEN") }))`,
		`local http = require "http"
		http.client = function(o) print(o.bearer, pcall(string.reverse, o.bearer)) error("stop") end
		pcall(require("connectors.hubspot").sync)`,
		`package.loaded["connector"] = setmetatable({}, { __index = function(_, name)
			return function(...) for _, v in ipairs{ ... } do if type(v) == "function" then print(pcall(v, "PLANHAT_API_TOKEN")) print(pcall(v, "HUBSPOT_TOKEN")) end end return setmetatable({}, { __index = function() return function() end end }) end
		end })
		print(pcall(require, "connectors.hubspot")) -- built-in modules do not get the replaced one`,
	} {
		b.stdout.Reset()
		b.opts.Secrets = nil // nothing is hidden that was printed
		_, err := b.run(t, source)
		require.NoError(t, err)
		out := b.stdout.String()
		require.NotEmpty(t, out)
		for _, value := range values {
			assert.NotContains(t, out, value)
			assert.NotContains(t, out, reversed(value))
			assert.NotContains(t, out, "[redacted]", out)
		}
	}
	assert.Zero(t, s.calls.Load())
}

func reversed(s string) string {
	out := []byte(s)
	for i := range len(out) / 2 {
		out[i], out[len(out)-1-i] = out[len(out)-1-i], out[i]
	}
	return string(out)
}

// What a script used as a credential stays hidden when its run is over, and the script can
// read the variable again.
func TestCredentialsOfScriptsStayHidden(t *testing.T) {
	b, s := newSystem(t, nil)
	b.opts.Secrets = &Secrets{}
	b.opts.Secrets.Keep()
	b.opts.EnvAllow = []string{"KEY"}
	b.opts.Env = func(name string) (string, bool) { return "key-of-the-script", name == "KEY" }
	require.NoError(t, s.run(t, b, `for i = 1, 2 do http.get(BASE, { bearer = env.require("KEY") }) end`))
	assert.Equal(t, "it is [redacted]", b.opts.Secrets.String("it is key-of-the-script"))
	b.opts.Planhat.APIToken = "key-of-the-script"
	assert.ErrorContains(t, s.run(t, b, `env.require("KEY")`), "holds a token")
}
