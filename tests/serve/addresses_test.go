package serve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/patience"
)

// issue writes a certificate for a name, which it signs itself.
func (w *fixture) issue(name string) {
	w.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(w.t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	require.NoError(w.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(w.t, err)
	w.file("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	w.file("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

// anyName trusts every certificate.
var anyName = &http.Client{
	Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answers returns the status of an answer and the beginning of its text.
func answers(t *testing.T, method, url string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	require.NoError(t, err)
	r.Header.Set("X-Secret", hookSecret)
	res, err := anyName.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1000))
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

const oneHook = `
[[webhook]]
name       = "changes"
script     = "a.lua"
scheme     = "header"
header     = "X-Secret"
secret_env = "HOOK_SECRET"
`

// TestAddresses: what faces the internet takes events and shows nothing, and where pages and
// metrics are, no event is taken. Webhooks have TLS, whose certificate may change.
func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	events, pages, health := port(t), port(t), port(t)
	w.env = append(w.env, "HOOK_SECRET="+hookSecret)
	w.file("a.lua", "")
	w.issue("first.example")
	w.file("phscript.toml", fmt.Sprintf("[webhooks]\nlisten = \"127.0.0.1:%d\"\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n[dashboard]\nlisten = \"127.0.0.1:%d\"\n", events, pages)+oneHook)
	s := w.serve("--listen", fmt.Sprintf("127.0.0.1:%d", health))
	s.says("serving")
	internet, inside, metrics := fmt.Sprintf("https://127.0.0.1:%d", events), fmt.Sprintf("http://127.0.0.1:%d", pages), fmt.Sprintf("http://127.0.0.1:%d", health)
	for _, path := range []string{"/", "/sign-in", "/runs", "/assets/app.css", "/metrics", "/readyz", "/healthz", "/live", "/hooks/", "/hooks/other"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, text := answers(t, method, internet+path)
			assert.Equal(t, []any{http.StatusNotFound, "404\n"}, []any{status, text}, "%s %s where events arrive", method, path)
		}
	}
	for _, other := range []string{inside, metrics} {
		status, _ := answers(t, http.MethodPost, other+"/hooks/changes")
		assert.NotEqual(t, http.StatusOK, status, other)
	}
	for _, path := range []string{"/metrics", "/readyz"} {
		status, text := answers(t, http.MethodGet, inside+path)
		assert.NotEqual(t, http.StatusOK, status, text)
	}
	status, _ := answers(t, http.MethodGet, metrics+"/sign-in")
	assert.Equal(t, http.StatusNotFound, status)
	assert.Regexp(t, `changes +/hooks/changes +a\.lua +0 `, w.do("hooks", "list"), "no address but that of events takes one")
	status, _ = answers(t, http.MethodPost, internet+"/hooks/changes")
	assert.Equal(t, http.StatusOK, status)
	w.file("body.json", `{"n":1}`)
	assert.Contains(t, w.do("hooks", "send", "changes", "--file", "body.json"), "accepted", "the command knows the certificate")

	name := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(internet, "https://"), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	assert.Equal(t, "first.example", name())
	w.issue("second.example")
	patience.Await(t, 100*time.Millisecond, func() bool { return name() == "second.example" }, "the new certificate is not used")
	s.stop()
}

// TestSharedAddress: for a trial, events, pages and metrics share an address and its
// certificate.
func TestSharedAddress(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.env = append(w.env, "HOOK_SECRET="+hookSecret)
	w.file("a.lua", "")
	w.issue("first.example")
	at := fmt.Sprintf("127.0.0.1:%d", port(t))
	w.file("phscript.toml", fmt.Sprintf("[webhooks]\nlisten = %q\n[dashboard]\nlisten = %q\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n", at, at)+oneHook+strings.Replace(oneHook, "changes\"", "elsewhere\"\npath = \"/in/elsewhere\"", 1))
	s := w.serve("--listen", at)
	s.says("serving")
	s.says("webhook 'elsewhere' gets no events: it has the path /in/elsewhere")
	for path, want := range map[string]string{"/sign-in": "<!doctype html>", "/metrics": "phscript_", "/readyz": "ok"} {
		status, text := answers(t, http.MethodGet, "https://"+at+path)
		assert.Equal(t, http.StatusOK, status, path)
		assert.Contains(t, text, want)
	}
	status, _ := answers(t, http.MethodPost, "https://"+at+"/hooks/changes")
	assert.Equal(t, http.StatusOK, status)
	w.file("body.json", `{"n":1}`)
	assert.Contains(t, w.do("hooks", "send", "changes", "--file", "body.json"), "accepted")
	status, _ = answers(t, http.MethodPost, "https://"+at+"/in/elsewhere")
	assert.NotEqual(t, http.StatusOK, status)
	s.stop()
}
