package wire

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/redact"
)

// session is a server, and a client whose requests are shown.
type session struct {
	*testing.T
	server  *httptest.Server
	client  *http.Client
	secrets redact.Secrets
	out     bytes.Buffer
}

func begin(t *testing.T, handle http.HandlerFunc) *session {
	s := &session{T: t, server: httptest.NewServer(handle)}
	t.Cleanup(s.server.Close)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: New(&s.out, &s.secrets, func() time.Time { return now }).Transport(transport)}
	return s
}

// send sends a request, and returns the answer's body.
func (s *session) send(method, path, kind string, body io.Reader, headers ...string) string {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.server.URL+path, body)
	require.NoError(s, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	require.NoError(s, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(s, err)
	require.NoError(s, res.Body.Close())
	return string(text)
}

func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.Header()["Date"] = nil
	text, _ := io.ReadAll(r.Body)
	_, _ = w.Write(text)
}

func TestALineForTheRequestAndOneForTheAnswer(t *testing.T) {
	s := begin(t, echo)
	assert.Equal(t, `{"name":"Acme"}`, s.send("PUT", "/companies?page=2", "application/json", strings.NewReader(`{"name":"Acme"}`)))
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	require.Len(t, lines, 2)
	assert.Equal(t, "12:00:00.000 #1 > PUT "+s.server.URL+`/companies?page=2  Content-Type: application/json  {"name":"Acme"}`, lines[0])
	assert.Regexp(t, `^12:00:00.000 #1 < 200 OK in \d+m?s  Content-Length: 15  Content-Type: application/json  {"name":"Acme"}$`, lines[1])
}

func TestSecretsAreNotShown(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookieOfAnswer1"})
		w.Header().Set("X-Echo", r.Header.Get("X-Echo"))
		fmt.Fprint(w, `{"access_token":"answerToken12","nested":{"refresh_token":"refresh\"Token34"},"expires_in":3600,"text":"see answerToken12","id_token":1234567890123}`)
	})
	s.secrets.Add("knownSecret99")
	s.send("POST", "/x?api_key=inAddress123&sig=signature123&cursor=page-2", "application/x-www-form-urlencoded",
		strings.NewReader("grant_type=authorization_code&code=codeToBuy12&client_secret=formSecret12&scope=all"),
		"Authorization", "Bearer headerToken12", "Cookie", "a=cookieOfRequest", "X-Api-Key", "keyOfHeader12", "X-Echo", "headerToken12 and knownSecret99")
	s.send("POST", "/y", "application/json", strings.NewReader(`{"password":"jsonPassword12","note":"Bearer abcdefghijklmnop, inAddress123, eyJhbGciOi.eyJzdWIiOi.c2ln"}`))
	cut := `{"client_secret":"` + strings.Repeat("cutSecret12", 300)
	s.send("POST", "/z", "application/json", strings.NewReader(cut))
	text := s.out.String()
	for _, secret := range []string{
		"knownSecret99", "inAddress123", "signature123", "codeToBuy12", "formSecret12", "headerToken12", "cookieOfRequest", "keyOfHeader12",
		"cookieOfAnswer1", "answerToken12", "Token34", "jsonPassword12", "abcdefghijklmnop", "eyJhbGciOi", "cutSecret12", "1234567890123",
	} {
		assert.NotContains(t, text, secret)
	}
	for _, kept := range []string{"cursor=page-2", "scope=all", `"expires_in":3600`, "grant_type=authorization_code", "Authorization: Bearer [redacted]"} {
		assert.Contains(t, text, kept)
	}
}

func TestBodiesAreBoundedAndIntact(t *testing.T) {
	s := begin(t, echo)
	long := strings.Repeat("é", 50_000)
	assert.Equal(t, long, s.send("POST", "/", "text/plain", strings.NewReader(long)))
	assert.Less(t, s.out.Len(), 6*mostBody)
	assert.Contains(t, s.out.String(), "é… (98 KiB)")
	s.out.Reset()
	// Without GetBody: a body that can be read once.
	assert.Equal(t, long, s.send("POST", "/", "text/plain", io.MultiReader(strings.NewReader(long))))
	s.out.Reset()
	binary := "\x00\xff\x01" + strings.Repeat("x", 10)
	assert.Equal(t, binary, s.send("POST", "/", "application/octet-stream", strings.NewReader(binary)))
	assert.Contains(t, s.out.String(), "(binary, 13 B)")
	s.out.Reset()
	s.send("POST", "/", "text/plain", strings.NewReader("a\nb\x1b[2Jc\r\n"))
	assert.Equal(t, 2, strings.Count(s.out.String(), "\n"), "a line is a line")
	assert.NotContains(t, s.out.String(), "\x1b")
}

func TestCompressedAnswers(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(strings.Repeat(`{"name":"Acme"},`, 2000)))
		_ = z.Close()
	})
	got := s.send("GET", "/", "", nil)
	assert.NotContains(t, got, "Acme", "the receiver gets what was sent")
	assert.Contains(t, s.out.String(), `{"name":"Acme"},{"name":"Acme"}`)
}

func TestFailures(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			return
		}
		panic(http.ErrAbortHandler)
	})
	_, err := s.client.Get(s.server.URL + "/cut?token=secret12345")
	require.Error(t, err)
	assert.Regexp(t, `#1 < failed after \d+m?s: .*EOF`, s.out.String())
	assert.NotContains(t, s.out.String(), "secret12345")
	res, err := s.client.Get(s.server.URL + "/half")
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.Error(t, err)
	require.NoError(t, res.Body.Close())
	assert.Contains(t, s.out.String(), "and the answer broke off: unexpected EOF")
}

func TestManyAtOnce(t *testing.T) {
	s := begin(t, echo)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { s.send("POST", "/?password=together12", "text/plain", strings.NewReader("x")) })
	}
	group.Wait()
	assert.Equal(t, 40, strings.Count(s.out.String(), "\n"))
	assert.NotContains(t, s.out.String(), "together12")
}
