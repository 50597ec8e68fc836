package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDashboard(t *testing.T) {
	c, err := parse("/p/phscript.toml", []byte("[dashboard]\nlisten = \":8627\"\npublic_url = \"https://ops.example.com/phscript\"\nhosts = [\"worker-1\"]\n"+
		"tls_cert = \"tls/cert.pem\"\ntls_key = \"/etc/key.pem\"\nuser_header = \"X-User\"\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\noperators = [\"kim\"]\n"))
	require.NoError(t, err)
	assert.Equal(t, Dashboard{
		Listen: ":8627", PublicURL: "https://ops.example.com/phscript", Hosts: []string{"worker-1"}, TLSCert: "/p/tls/cert.pem", TLSKey: "/etc/key.pem",
		UserHeader: "X-User", TrustedProxies: []string{"127.0.0.1", "10.0.0.0/8"}, Operators: []string{"kim"},
	}, c.Dashboard)
	c, err = parse("/p/phscript.toml", []byte("[webhooks]\nlisten = \":8628\"\ntls_cert = \"tls/cert.pem\"\ntls_key = \"tls/key.pem\"\n[dashboard]\nlisten = \":8627\"\ntls_cert = \"own.pem\"\ntls_key = \"own.key\"\n"))
	require.NoError(t, err)
	for address, want := range map[string]string{":8628": "/p/tls/cert.pem", ":8627": "/p/own.pem", ":9": ""} {
		cert, _ := c.Certificate(address, ":8627")
		assert.Equal(t, want, cert, address)
	}
	for text, want := range map[string]string{
		`listen = "8627"`:                      "dashboard.listen: \"8627\" is only a port",
		`public_url = "ops.example.com"`:       "dashboard.public_url: must be an address",
		`public_url = "ftp://example.com"`:     "dashboard.public_url: must be an address",
		`public_url = "https://a:b@x"`:         "dashboard.public_url: must be an address",
		`public_url = "https://x/?a=b"`:        "dashboard.public_url: must be an address",
		`hosts = ["https://x"]`:                "dashboard.hosts: \"https://x\" is not the name of a machine",
		`hosts = [""]`:                         "dashboard.hosts",
		`tls_cert = "a"`:                       "tls_cert and tls_key belong together",
		`tls_key = "a"`:                        "tls_cert and tls_key belong together",
		`trusted_proxies = ["localhost"]`:      `dashboard.trusted_proxies: "localhost" is not an address`,
		`user_header = "X-User"`:               "dashboard.user_header: anybody can send a header",
		`operators = ["kim"]`:                  "dashboard.operators: the names are those that a proxy sends",
		`port = 1`:                             "unknown setting 'dashboard.port'",
		`lisen = ":1"`:                         "did you mean 'listen'?",
		"listen = 8627":                        "dashboard.listen: must be text",
		"user_header = \"X\"\noperators = [1]": "dashboard.operators",
	} {
		_, err := parse("phscript.toml", []byte("[dashboard]\n"+text+"\n"))
		assert.ErrorContains(t, err, want, text)
	}
}
