package runtime

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	text, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

// verified returns the claims of an assertion whose signature it has checked.
func verified(t *testing.T, assertion string, key *rsa.PublicKey) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(assertion, ".")
	require.Len(t, parts, 3)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	require.NoError(t, rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature))
	for part, into := range map[string]*map[string]any{parts[0]: &header, parts[1]: &claims} {
		text, err := base64.RawURLEncoding.DecodeString(part)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	return header, claims
}

func TestJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	b, a := newAuthority(t)
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		// This service does not say how long a token is valid.
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, a.oauth.Grant("app", "acme").Access)
		return true
	}
	secret := pemOf(t, key)
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "crm.pem"), secret, 0o600))
	b.opts.Env = func(name string) (string, bool) { return string(secret), name == "CRM_KEY" }
	b.opts.EnvAllow = []string{"CRM_KEY"}
	for _, from := range []string{`key_file = "crm.pem"`, `key_variable = "CRM_KEY"`} {
		a.asked = nil
		require.NoError(t, a.run(t, b, `
			local token = oauth2.jwt{ token_url = BASE .. "/token", issuer = "app", subject = "sync@acme.com", audience = "https://login.acme.com", key_id = "k1",
				lifetime = 120, scopes = "read", claims = { account = 7 }, `+from+` }
			http.get(BASE .. "/api", { bearer = token })
			http.get(BASE .. "/api", { bearer = token })`))
		require.Equal(t, 1, a.requests())
		header, claims := verified(t, a.asked[0].PostForm.Get("assertion"), &key.PublicKey)
		assert.Equal(t, "urn:ietf:params:oauth:grant-type:jwt-bearer", a.asked[0].PostForm.Get("grant_type"))
		assert.Equal(t, []any{"RS256", "k1"}, []any{header["alg"], header["kid"]})
		assert.Equal(t, []any{"app", "sync@acme.com", "https://login.acme.com", "read", 7.0},
			[]any{claims["iss"], claims["sub"], claims["aud"], claims["scope"], claims["account"]})
		assert.InDelta(t, time.Now().Add(2*time.Minute).Unix(), claims["exp"], 60)
	}
	// The script itself reads neither.
	for _, source := range []string{`error(select(2, pcall(fs.read, "crm.pem")))`, `env.require("CRM_KEY")`} {
		assert.Error(t, a.run(t, b, source))
		assert.NotContains(t, b.stdout.String()+b.stderr.String(), "PRIVATE KEY")
	}
}

func TestJWTKeys(t *testing.T) {
	b, a := newAuthority(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"curve.pem": pemOf(t, curve), "text.pem": []byte("hunter2-hunter2"), "cut.pem": []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"locked.pem": []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "large.pem": make([]byte, 100_000),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(b.dir, name), text, 0o600))
	}
	b.opts.EnvAllow = []string{"NONE"}
	for from, want := range map[string]string{
		`key_variable = "OTHER"`:                      "is not declared for scripts",
		`key_file = "curve.pem"`:                      "not an RSA key",
		`key_file = "text.pem"`:                       "not a private key in PEM form",
		`key_file = "cut.pem"`:                        "is damaged",
		`key_file = "locked.pem"`:                     "has a passphrase",
		`key_file = "large.pem"`:                      "too long for a key",
		`key_file = "none.pem"`:                       "none.pem",
		`key_file = "/etc/shadow"`:                    "/etc/shadow",
		`key_variable = "NONE"`:                       "NONE, which holds the private key, is not set",
		`claims = { exp = 1 }, key_variable = "NONE"`: "use the option 'lifetime'",
	} {
		err := a.run(t, b, `oauth2.jwt{ token_url = BASE .. "/token", issuer = "app", `+from+` }`)
		assert.ErrorContains(t, err, want, from)
		assert.NotContains(t, fmt.Sprint(err), "hunter2")
	}
	assert.Zero(t, a.requests())
}

// A key can be pasted as it is in JSON, or with the JSON around it.
func TestJWTOfKeyFiles(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	b, a := newAuthority(t)
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, a.oauth.Grant("app", "acme").Access)
		return true
	}
	value := ""
	b.opts.Env = func(name string) (string, bool) { return value, name == "CRM_KEY" }
	b.opts.EnvAllow = []string{"CRM_KEY"}
	text := string(pemOf(t, key))
	file, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "sync@project.example", "private_key": text, "private_key_id": "k7"})
	require.NoError(t, err)
	call := func(options string) error {
		return a.run(t, b, `http.get(BASE .. "/api", { bearer = oauth2.jwt{ token_url = BASE .. "/token", key_variable = "CRM_KEY", `+options+` } })`)
	}
	for _, c := range []struct {
		value, options string
		iss, kid       any
	}{
		{strings.ReplaceAll(text, "\n", `\n`), `issuer = "app"`, "app", nil},
		{" " + string(file) + "\n", ``, "sync@project.example", "k7"},
		{string(file), `issuer = "other", key_id = "k1"`, "other", "k1"},
	} {
		value, a.asked = c.value, nil
		require.NoError(t, call(c.options))
		header, claims := verified(t, a.asked[0].PostForm.Get("assertion"), &key.PublicKey)
		assert.Equal(t, []any{c.iss, c.kid}, []any{claims["iss"], header["kid"]})
	}
	for _, c := range []struct{ value, says string }{
		{text, "option 'issuer' is missing"},
		{`{"installed":{"client_id":"app"}}`, "the JSON has no private_key"},
		{`{"client_email":"a","private_key":"no key"}`, "CRM_KEY: this is not a private key in PEM form"},
		{string(file[:100]), "is not valid JSON"},
	} {
		value = c.value
		err := call(``)
		require.ErrorContains(t, err, c.says)
		assert.NotContains(t, err.Error(), text[60:80])
	}
}
