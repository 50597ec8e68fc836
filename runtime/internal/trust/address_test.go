package trust

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	var named Hosts
	for _, text := range []string{"gateway.example.com", "port.example.com:8443", "http://plain.example.com:80", "https://long.example.com/path"} {
		require.NoError(t, named.Name(text))
	}
	for address, want := range map[string]struct{ known, private bool }{
		"https://api.planhat.com":                   {true, true},
		"https://API-us2.planhat.com/base":          {true, true},
		"  https://analytics.planhat.com":           {true, true},
		"https://analytics-eu3.planhat.com":         {true, true},
		"http://api.planhat.com":                    {true, false},
		"http://127.0.0.1:8626":                     {true, true},
		"http://127.8.9.1":                          {true, true},
		"http://[::1]:8626":                         {true, true},
		"http://[::ffff:127.0.0.1]:8626":            {true, true},
		"http://localhost:8626":                     {true, true},
		"https://planhat.com.evil.example":          {false, true},
		"https://api.planhat.com.evil.example":      {false, true},
		"https://api.planhat.com@evil.example":      {false, true},
		"https://evilapi.planhat.com":               {false, true},
		"https://api-x.y.planhat.com":               {false, true},
		"https://app.planhat.com":                   {false, true},
		"https://xplanhat.com":                      {false, true},
		"http://0.0.0.0:8626":                       {false, false},
		"http://169.254.169.254":                    {false, false},
		"http://localhost.evil.example":             {false, false},
		"http://127.0.0.1.evil.example":             {false, false},
		"https://gateway.example.com:8443":          {true, true},
		"https://GATEWAY.example.com":               {true, true},
		"http://gateway.example.com":                {true, false},
		"https://port.example.com:8443":             {true, true},
		"https://port.example.com":                  {false, true},
		"http://plain.example.com:80":               {true, true},
		"http://plain.example.com":                  {false, false},
		"https://long.example.com/other":            {true, true},
		"https://sub.gateway.example.com":           {false, true},
		"https://gateway.example.com.evil.example/": {false, true},
		"https://evil.example/gateway.example.com":  {false, true},
		"gateway.example.com":                       {false, false},
		"":                                          {false, false},
		"https://a b":                               {false, false},
	} {
		assert.Equal(t, want.known, named.Known(address), "known: %s", address)
		assert.Equal(t, want.private, named.Private(address), "private: %s", address)
	}
	assert.False(t, named.Named("https://api.planhat.com"))
	assert.True(t, named.Named("https://gateway.example.com"))
	for _, wrong := range []string{"", "https://", "ftp://x", "user@host", "a b", "http://:80", "evil/x", "evil/", "evil?x", "evil#x", "/evil", "*", "*.example.com", "-x.example", "a..b", "example.com,", "example.com:x"} {
		assert.Error(t, new(Hosts).Name(wrong), wrong)
	}
	for _, right := range []string{"localhost", "a", "a-b.example", "a_b:80", "bücher.example", "example.com.", "10.0.0.1:80", "[::1]", "HTTP://EXAMPLE.com"} {
		assert.NoError(t, new(Hosts).Name(right), right)
	}
	assert.Equal(t, "h.example:1", HostOf(" https://h.example:1/x "))
	assert.Empty(t, HostOf("h.example"))
}

func TestSecret(t *testing.T) {
	for _, path := range []string{
		"/w/phscript.toml", "/w/PHSCRIPT.TOML", "/w/phscript.toml~", "/w/phscript.toml.bak", "/w/.phscript.toml.swp", "/w/phscript.toml.", "/w/phscript.toml::$DATA",
		"/w/.env", "/w/.ENV", "/w/.env.production", "/w/production.env", "/w/.env~", "/etc/phscript/environment",
		"/w/key.pem", "/w/server.key", "/w/id_rsa", "/home/a/.ssh/known_hosts", "/home/a/.aws/credentials", "/home/a/.netrc", "/run/secrets/token", "/etc/shadow",
		"/w/.envrc", "/w/.env-prod", "/w/.env_backup", "/w/.env2", "/w/prod.env.bak", "/w/environment.bak", "/w/server.key.bak", "/w/server.key.old.1", "/w/.server.key.swp",
		"/w/.environment.swp", "/w/id_rsa.bak", "/w/#.env#", "/w/.#.env", "/etc/shadow-",
		"/proc/self/environ", "/proc/1/environ", "/proc/12/task/13/mem", "/proc/thread-self/maps",
	} {
		assert.True(t, Secret(path), path)
	}
	for _, path := range []string{
		"/w/accounts.csv", "/w/environment.csv", "/w/keys.csv", "/w/env.lua", "/w/settings.toml", "/w/id_rsa.pub", "/w/ssh/x", "/w/secrets/x.csv", "/w/monkey", "/w/accounts.csv.bak", "/w/#keys.csv#", "/w/environments.csv.1", "/w/.environments", "/proc/cpuinfo", "/w/proc/self/x",
	} {
		assert.False(t, Secret(path), path)
	}
}
