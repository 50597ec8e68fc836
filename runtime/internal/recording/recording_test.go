package recording

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/anonymize"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// session is a server, what records requests to it, and a folder.
type session struct {
	*testing.T
	recorder *Recorder
	server   *httptest.Server
	client   *http.Client
	path     string
}

func begin(t *testing.T, handle http.HandlerFunc) *session {
	t.Helper()
	s := &session{T: t, recorder: &Recorder{}, server: httptest.NewServer(handle), path: filepath.Join(t.TempDir(), "r.jsonl")}
	t.Cleanup(s.server.Close)
	s.client = &http.Client{Transport: s.recorder.Transport(http.DefaultTransport)}
	return s
}

// send sends a request and returns the status and the body of its response.
func send(t *testing.T, c *http.Client, method, address, kind, body string, headers ...string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	require.NoError(t, err)
	if body == "" {
		req, err = http.NewRequest(method, address, http.NoBody)
		require.NoError(t, err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

func (s *session) send(method, path, kind, body string, headers ...string) (status int, answer string) {
	s.Helper()
	status, answer, err := send(s.T, s.client, method, s.server.URL+path, kind, body, headers...)
	require.NoError(s, err)
	return status, answer
}

// write writes the recording and returns its text.
func (s *session) write(m *Masks) string {
	s.Helper()
	f, err := s.recorder.File(Header{Script: "s.lua"}, m)
	require.NoError(s, err)
	require.NoError(s, f.Write(s.path, m))
	text, err := os.ReadFile(s.path)
	require.NoError(s, err)
	return string(text)
}

// replay reads the recording again.
func (s *session) replay(m *Masks) (*Replay, *http.Client) {
	s.Helper()
	f, err := Read(s.path)
	require.NoError(s, err)
	r := NewReplay(f, "r.jsonl", m, time.Now)
	return r, &http.Client{Transport: r.Transport(nil), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestRoundTrip(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Total", "7")
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"n":9007199254740993,"text":"å","list":[1,2]}`))
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte("unpacked"))
			_ = z.Close()
		case "/binary":
			_, _ = w.Write([]byte{0xff, 0xfe, 0})
		default:
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL, body)
		}
	})
	requests := [][3]string{
		{"GET", "/json?b=2&a=1", ""}, {"GET", "/gzip", ""}, {"GET", "/binary", ""}, {"POST", "/form", "b=2&a=x+y"}, {"PUT", "/rows", `[{"b":1,"a":"x"}]`},
	}
	kinds := map[string]string{"POST": formType, "PUT": "application/json"}
	want := map[string]string{}
	for _, q := range requests {
		var headers []string
		if q[1] == "/gzip" {
			headers = []string{"Accept-Encoding", "gzip"}
		}
		_, answer := s.send(q[0], q[1], kinds[q[0]], q[2], headers...)
		want[q[1]] = answer
	}
	text := s.write(&Masks{})
	assert.NotContains(t, text, "Retry-After")
	assert.NotContains(t, text, "RateLimit")
	info, err := os.Stat(s.path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	r, client := s.replay(&Masks{})
	s.server.Close()
	again := [][3]string{ // in another order, and spelled in other ways
		{"PUT", "/rows", ` [ {"a": "x", "b": 1.0} ] `}, {"POST", "/form", "a=x%20y&b=2"}, {"GET", "/binary", ""}, {"GET", "/gzip", ""}, {"GET", "/json?a=1&b=2", ""},
	}
	for _, q := range again {
		status, answer, err := send(t, client, q[0], s.server.URL+q[1], kinds[q[0]], q[2])
		require.NoError(t, err, q[1])
		switch q[1] {
		case "/gzip":
			assert.Equal(t, "unpacked", answer)
		case "/json?a=1&b=2":
			assert.Equal(t, http.StatusCreated, status)
			assert.Equal(t, want["/json?b=2&a=1"], answer)
		default:
			assert.Equal(t, want[q[1]], answer)
		}
	}
	assert.Empty(t, r.Unused())
	assert.NoError(t, r.Missed())
}

func TestSecretsNeverReachTheDisk(t *testing.T) {
	const token, session, password, cookie, key, refresh, jot = "run-token/1+2=", "S3cr3t Sess%ion", "hunter2hunter2", "cookieCookie99", "sesame-open-12345", "refresh-abcdef-1", "eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0"
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "sid="+cookie+"; Path=/")
		w.Header().Set("Location", "/next?api_key="+key)
		w.Header().Set("X-Auth-Token", refresh)
		switch r.URL.Path {
		case "/login":
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"session_token":%q,"refresh_token":%q,"who":"ada","nested":[{"clientSecret":"inner-secret-77"}],%q:1}`, session, refresh, token)
		default:
			_, _ = fmt.Fprintf(w, "you sent %s twice %s, %s, %s, %s %x", session, url.QueryEscape(url.QueryEscape(session)), base64.StdEncoding.EncodeToString([]byte("x"+session)), cookie, jot, token)
		}
	})
	s.send("POST", "/login?api_key="+key, "application/json", `{"user":"ada","password":"`+password+`"}`, "Authorization", "Bearer "+token)
	s.send("GET", "/data/"+url.PathEscape(session)+"/x?q="+url.QueryEscape(token), "", "", "Cookie", "sid="+cookie)
	s.send("POST", "/token", formType, url.Values{"grant_type": {"authorization_code"}, "code": {"one-time-code-55"}, "client_secret": {"form-secret-44"}}.Encode())
	s.send("POST", "/plain", "text/plain", "Bearer abcdefabcdefabcdef and password "+password)
	s.send("GET", "/basic", "", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("user:basic-password-33")))
	s.send("POST", "/basic", "text/plain", "again basic-password-33")
	m := &Masks{Secrets: &redact.Secrets{}}
	m.Secrets.Add(token)
	text := s.write(m)
	twice, err := url.QueryUnescape(text)
	if err != nil {
		twice = loosely(text)
	}
	for _, secret := range []string{token, session, password, cookie, key, refresh, jot, "inner-secret-77", "one-time-code-55", "form-secret-44", "abcdefabcdefabcdef", "basic-password-33"} {
		for _, form := range []string{secret, url.QueryEscape(secret), url.QueryEscape(url.QueryEscape(secret)), base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret)} {
			assert.NotContains(t, text, form, secret)
			assert.NotContains(t, twice, form, secret)
		}
	}
	assert.Contains(t, text, "ada", "only secrets are replaced")

	// The same requests are answered, with the same secrets or with others.
	for _, pass := range []string{password, "another"} {
		r, client := s.replay(&Masks{Secrets: m.Secrets})
		_, _, err := send(t, client, "POST", s.server.URL+"/login?api_key=whatever", "application/json", `{"user":"ada","password":"`+pass+`"}`)
		require.NoError(t, err)
		_, _, err = send(t, client, "GET", s.server.URL+"/data/"+url.PathEscape(session)+"/x?q="+url.QueryEscape(token), "", "")
		require.NoError(t, err)
		assert.Len(t, r.Unused(), 4)
	}
}

func TestSecretsOfAddressesInTexts(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/files/7?page=2&access_token=only-here-11")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"file":"https://f.test/x?name=a&X-Amz-Signature=only-here-22&page_token=p1","html":"<a href=\"https://h.test/?a=1&amp;sig=only-here-33\">x</a>","git":"https://ada:only-here-44@git.test/x"}`))
	})
	s.send("GET", "/x", "", "")
	text := s.write(&Masks{})
	assert.NotContains(t, text, "only-here")
	for _, kept := range []string{"/files/7?page=2&access_token=[redacted]", "?name=a&X-Amz-Signature=[redacted]&page_token=p1", "https://ada:[redacted]@git.test/x"} {
		assert.Contains(t, text, kept)
	}
	_, client := s.replay(&Masks{})
	_, _, err := send(t, client, "GET", s.server.URL+"/x", "", "")
	require.NoError(t, err)
}

func TestTheScanStopsWhatMasksLeave(t *testing.T) {
	m := &Masks{Secrets: &redact.Secrets{}}
	m.Secrets.Add("top-secret-value+1")
	for _, text := range []string{
		"top-secret-value+1", "top-secret-value%2B1", "top-secret-value%252B1", "top-secret-value%25252B1", base64.StdEncoding.EncodeToString([]byte("xy top-secret-value+1 z")),
		url.QueryEscape(url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("top-secret-value+1")))), "%zz top-secret-value%2B1",
	} {
		assert.ErrorIs(t, m.scan([]byte(`{"x":"`+text+`"}`)), ErrSecret, text)
	}
	assert.NoError(t, m.scan([]byte("100 % of nothing, %2B and top-secret")))
}

func TestPeople(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"_id":"5f0000000000000000000001","status":"active","results":[{"firstname":"Ada","email":"ada@acme.test","notes":"Ada likes tea","amount":12.5,"createdAt":"2026-01-02T03:04:05Z"}],"paging":{"next":"cursor77"},"link":"http://%s/contacts?after=cursor77&email=ada%%40acme.test"}`, r.Host)
	})
	s.send("GET", "/contacts/ada@acme.test?limit=10&email=ada%40acme.test", "", "")
	s.send("PUT", "/companies", "application/json", `[{"externalId":"A-1","name":"Acme Widgets","custom":{"Owner":"Ada Lovelace"},"password":"hunter2hunter2"}]`)
	people := &People{Masker: anonymize.New([]byte("key"))}
	text := s.write(&Masks{People: people})
	for _, original := range []string{"Ada", "ada@", "ada%40", "acme", "Acme", "tea", "Lovelace", "hunter2"} {
		assert.NotContains(t, text, original)
	}
	for _, kept := range []string{"5f0000000000000000000001", `"active"`, "12.5", "2026-01-02T03:04:05Z", "cursor77", "limit=10", "A-1", s.server.URL + "/contacts?after=cursor77"} {
		assert.Contains(t, text, kept)
	}
	// A script that reads the original file sends original data; one that works on
	// responses sends what they have.
	masked, err := people.value("", []byte(`[{"externalId":"A-1","name":"Acme Widgets","custom":{"Owner":"Ada Lovelace"}}]`), nil)
	require.NoError(t, err)
	for _, body := range []string{
		`[{"externalId":"A-1","name":"Acme Widgets","custom":{"Owner":"Ada Lovelace"},"password":"x"}]`,
		strings.Replace(string(masked), `}]`, `,"password":"y"}]`, 1),
	} {
		_, client := s.replay(&Masks{People: people})
		_, _, err := send(t, client, "PUT", s.server.URL+"/companies", "application/json", body)
		require.NoError(t, err)
		_, _, err = send(t, client, "GET", s.server.URL+"/contacts/ada@acme.test?limit=10&email=ada%40acme.test", "", "")
		require.NoError(t, err)
	}
	_, client := s.replay(&Masks{})
	_, _, err = send(t, client, "PUT", s.server.URL+"/companies", "application/json", strings.Replace(string(masked), `}]`, `,"password":"y"}]`, 1))
	require.NoError(t, err, "requests made of responses need no key")
}

func TestMaskingAgain(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello missed-secret-1")) })
	s.send("GET", "/x", "", "")
	first := s.write(&Masks{})
	assert.Contains(t, first, "missed-secret-1")
	f, err := Read(s.path)
	require.NoError(t, err)
	m := &Masks{Secrets: &redact.Secrets{}}
	m.Secrets.Add("missed-secret-1")
	require.NoError(t, f.Write(s.path, m))
	second, err := os.ReadFile(s.path)
	require.NoError(t, err)
	assert.NotContains(t, string(second), "missed-secret-1")
	f, err = Read(s.path)
	require.NoError(t, err)
	require.NoError(t, f.Write(s.path, m))
	third, err := os.ReadFile(s.path)
	require.NoError(t, err)
	assert.Equal(t, string(second), string(third), "masking changes nothing that is masked")
}

func TestFilesThatAreNoRecordings(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "it is empty",
		"{}\n":                      "its first line does not begin with",
		`{"recording":9}` + "\n":    "it has version 9",
		`{"recording":1}` + "\n{}":  "line 2 has no request",
		`{"recording":1}` + "\nnot": "line 2",
	} {
		_, err := decode(bytes.NewReader([]byte(text)))
		assert.ErrorContains(t, err, want, text)
	}
}

func TestTooLarge(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 40<<20)) })
	for range 3 {
		_, answer := s.send("GET", "/x", "", "")
		assert.Len(t, answer, 40<<20, "the script gets it all the same")
	}
	_, err := s.recorder.File(Header{}, &Masks{})
	assert.ErrorIs(t, err, ErrTooLarge)
}
