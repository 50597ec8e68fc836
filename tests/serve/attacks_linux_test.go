package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// hostile is what strangers write where text is shown: to a browser, to a terminal, and into
// headers.
const hostile = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'&\r\nX-Injected: 1\x1b]0;title\x07\x1b[31mred\x1b[2J"

// markup is what must not come out of it.
var markup = regexp.MustCompile(`<img|<script>alert| on[a-z]+=["']`)

// attacked is a service with pages and webhooks, as its attackers see it.
type attacked struct {
	*service
	t             *testing.T
	pages, events string
	operator      *http.Client
	viewer        *http.Client
}

func attack(t *testing.T) *attacked {
	t.Helper()
	w := newFixture(t, "")
	at := port(t)
	w.env = append(w.env, "HOOK_SECRET="+hookSecret)
	w.file("show.lua", "print(params.text)\nlog.warn(params.text, { field = params.text })\n")
	w.file("handle.lua", "print(json.encode(require(\"webhook\").event().body))\n")
	w.file("phscript.toml", fmt.Sprintf(`
[webhooks]
listen = "127.0.0.1:%d"
[dashboard]
listen = "127.0.0.1:0"
[[schedule]]
name = "show"
script = "show.lua"
cron = "0 0 1 1 *"
[schedule.params]
text = "nothing"
[[webhook]]
name       = "changes"
script     = "handle.lua"
scheme     = "github"
secret_env = "HOOK_SECRET"
key        = "id"
`, at))
	a := &attacked{service: w.serve(), t: t, events: fmt.Sprintf("127.0.0.1:%d", at)}
	a.says("serving")
	found := firstLink.FindStringSubmatch(a.String())
	require.NotNil(t, found, a.String())
	a.operator, a.pages = a.signIn(found[2])
	a.viewer, _ = a.signIn(strings.TrimSpace(w.do("access", "add", "lee")))
	a.pages = strings.TrimPrefix(a.pages, "http://")
	return a
}

// raw sends bytes as they are, and returns the answer, "" if there is none.
func (a *attacked) raw(address, text string) string {
	a.t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(a.t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(a.t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, text)
	require.NoError(a.t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	var b strings.Builder
	fmt.Fprintln(&b, answer.Status)
	require.NoError(a.t, answer.Header.Write(&b))
	b.WriteString("\n")
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	b.Write(body)
	return b.String()
}

// cookies are those of a signed-in browser, as a header.
func (a *attacked) cookies(of *http.Client) string {
	a.t.Helper()
	at, err := url.Parse("http://" + a.pages)
	require.NoError(a.t, err)
	var list []string
	for _, c := range of.Jar.Cookies(at) {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

// peak is the most memory that the service has had.
func (a *attacked) peak() int {
	a.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.cmd.Process.Pid))
	require.NoError(a.t, err)
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(a.t, err)
	return kib << 10
}

// healthy holds that the service answers as ever.
func (a *attacked) healthy() {
	a.t.Helper()
	where, _ := pageOf(a.t, a.operator, "http://"+a.pages+"/runs")
	assert.Equal(a.t, "/runs", where)
	assert.Equal(a.t, http.StatusOK, a.event(fmt.Appendf(nil, `{"id":"%d"}`, time.Now().UnixNano()), ""))
}

// event sends an event with a valid signature, and returns the status, 0 for none.
func (a *attacked) event(body []byte, encoding string) int {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, "http://"+a.events+"/hooks/changes", bytes.NewReader(body))
	require.NoError(a.t, err)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	_, _ = mac.Write(body)
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	res, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestAttacksByRequest: odd requests get no file, no header of theirs, and no answer under a
// stranger's name.
func TestAttacksByRequest(t *testing.T) {
	t.Parallel()
	a := attack(t)
	cookies := a.cookies(a.operator)
	w := a.w
	w.do("schedule", "run", "show")
	w.await("show", atLeast(1, history.Succeeded))
	get := func(path string, more ...string) string {
		return a.raw(a.pages, "GET "+path+" HTTP/1.1\r\nHost: "+a.pages+"\r\nCookie: "+cookies+"\r\nConnection: close\r\n"+strings.Join(more, "")+"\r\n")
	}
	assert.Contains(t, get("/runs/1"), "200 OK")
	for _, path := range []string{
		"/runs/1/log/download/../../../../../etc/passwd", "/runs/..%2f..%2f..%2fetc%2fpasswd/log/download", "/runs/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/..%5c..%5cetc%5cpasswd",
		"//etc/passwd", "/assets/%2fetc%2fpasswd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/runs/1/rejected?as=../../../etc/passwd", "/runs/1/log/download?as=/etc/passwd", "/runs/1%00/log/download",
		"/schedules/..%2f..%2fetc%2fpasswd", "/runs/-1/log/download", "/runs/99999999999999999999/log/download", "/runs/0x1/log/download",
	} {
		assert.NotContains(t, get(path), "root:", path)
	}
	download := get("/runs/1/log/download")
	assert.Contains(t, download, "Content-Disposition: attachment; filename=\"run-1.txt\"\r\n")
	for _, at := range []string{a.pages, a.events} {
		for _, odd := range []string{"TRACE / HTTP/1.1\r\nHost: localhost\r\nCookie: secret-cookie\r\n\r\n", "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"} {
			answer := a.raw(at, odd)
			assert.NotContains(t, answer, "200 OK", odd)
			assert.NotContains(t, answer, "secret-cookie")
		}
		// Two readings of one message could hide a second one from a proxy.
		for _, odd := range []string{
			"POST /hooks/changes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
			"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length : 5\r\n\r\nhello", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX\x00: 1\r\n\r\n",
		} {
			assert.Contains(t, a.raw(at, odd)+" 400 501", "40", odd)
			assert.NotContains(t, a.raw(at, odd), "200 OK", odd)
		}
	}
	for _, host := range []string{"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example", "[::1]evil.example", "0x7f.1", "evil.example:" + strings.Split(a.pages, ":")[1]} {
		answer := a.raw(a.pages, "GET /runs HTTP/1.1\r\nHost: "+host+"\r\nCookie: "+cookies+"\r\n\r\n")
		assert.NotContains(t, answer, "200 OK", host)
		assert.NotContains(t, answer, "evil", host)
	}
	injected := url.QueryEscape("/runs" + hostile)
	for _, request := range []string{
		"GET /sign-in?to=" + injected, "GET /runs?text=" + injected, "GET /runs?before=" + injected, "GET /runs?schedule=" + injected, "GET /runs/1?q=" + injected, "GET /runs/1?level=" + injected,
		"GET /schedules/" + url.PathEscape(hostile), "GET /signed-in?to=" + injected, "GET /live?after=" + injected,
	} {
		answer := a.raw(a.pages, request+" HTTP/1.1\r\nHost: "+a.pages+"\r\nCookie: "+cookies+"; phscript-zone="+injected+"; phscript-browser-zone=../../../etc/passwd\r\nX-Requested-With: phscript\r\nLast-Event-ID: "+injected+"\r\nConnection: close\r\n\r\n")
		head, body, _ := strings.Cut(answer, "\n\n")
		if !strings.Contains(head, "Content-Type: text/plain") || !strings.Contains(head, "X-Content-Type-Options: nosniff") {
			assert.False(t, markup.MatchString(body), "%s: %s", request, markup.FindString(body))
		}
		assert.NotRegexp(t, `(?m)^X-Injected`, head, request)
		assert.Contains(t, head, "Content-Security-Policy: default-src 'none'", request)
	}
	for _, path := range []string{"/zone", "/schedules/show/pause"} {
		res, err := a.operator.PostForm("http://"+a.pages+path, url.Values{"zone": {hostile}, "to": {"/\r\nX-Injected: 1"}, "why": {hostile}})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, a.pages, res.Request.URL.Host)
		assert.Empty(t, res.Header.Get("X-Injected"))
	}
	assert.NotContains(t, a.String(), "\x1b", "the log of the service has no control sequences of strangers")
	a.healthy()
	a.stop()
}

// TestAttacksByText: what scripts, people and senders write is shown as text, in pages and on
// terminals.
func TestAttacksByText(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.env = append(w.env, "HOOK_SECRET="+hookSecret)
		at := port(t)
		w.file("show.lua", "print(params.text)\nlog.warn(params.text, { field = params.text })\nio.stderr:write(params.text .. \"\\n\")\nerror(params.text)\n")
		w.file("handle.lua", "error(require(\"webhook\").event().body.text)\n")
		w.file("phscript.toml", fmt.Sprintf("[webhooks]\nlisten = \"127.0.0.1:%d\"\n[dashboard]\nlisten = \"127.0.0.1:0\"\n[[schedule]]\nname = \"show\"\nscript = \"show.lua\"\ncron = \"0 0 1 1 *\"\n[schedule.params]\ntext = \"nothing\"\n", at)+
			strings.Replace(oneHook, "a.lua", "handle.lua", 1)+"key = \"text\"\ndedupe = [\"text\"]\ntries = 1\n")
		a := &attacked{service: w.serve(), t: t}
		a.says("serving")
		a.operator, a.pages = a.signIn(firstLink.FindStringSubmatch(a.String())[2])
		w.do("schedule", "run", "show", "--param", "text="+hostile, "--reason", hostile)
		w.file("body.json", fmt.Sprintf(`{"text":%q}`, strings.NewReplacer("\r", "\\r", "\n", "\\n", "\x1b", "", "\x07", "").Replace(hostile)))
		w.do("hooks", "send", "changes", "--file", "body.json", "--header", "X-Note: <img src=x>")
		runs := w.await("", atLeast(2, history.Failed))
		patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("hooks", "list", "changes"), "parked") }, "the event was not parked")
		paths := []string{"/", "/runs", "/schedules", "/schedules/show", "/access", "/quota", "/configuration"}
		for _, r := range runs {
			paths = append(paths, fmt.Sprintf("/runs/%d", r.ID))
		}
		shown := 0
		for _, path := range paths {
			_, body := pageOf(t, a.operator, a.pages+path)
			assert.False(t, markup.MatchString(body), "%s: %s", path, markup.FindString(body))
			shown += strings.Count(body, "&lt;img src=x onerror=alert(1)&gt;")
		}
		assert.Greater(t, shown, 4, "it is shown all the same")
		for _, command := range [][]string{{"runs", "list"}, {"runs", "show", fmt.Sprint(runs[0].ID)}, {"runs", "logs", fmt.Sprint(runs[0].ID)}, {"hooks", "list", "changes"}, {"hooks", "show", "1"}, {"schedule", "list"}} {
			assert.NotContains(t, w.do(command...), "\x1b", "%v", command)
		}
		assert.NotContains(t, a.String(), "\x1b")
		a.stop()
	})
}

// TestAttacksByLoad: bodies without end, compressed ones, and a thousand clients that are slow
// take little memory, and others are served meanwhile.
func TestAttacksByLoad(t *testing.T) {
	t.Parallel()
	a := attack(t)
	a.healthy()
	before := a.peak()
	const gigabyte = 1 << 30
	zeros := func(address, path string, length int64) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, io.LimitReader(endlessly{}, gigabyte))
		require.NoError(t, err)
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		began := time.Now()
		if res, err := http.DefaultClient.Do(r); err == nil { // or else the connection was closed
			_ = res.Body.Close()
			assert.Contains(t, []int{http.StatusRequestEntityTooLarge, http.StatusUnauthorized, http.StatusSeeOther, http.StatusNotFound}, res.StatusCode, path)
		}
		assert.Less(t, time.Since(began), 30*time.Second, "it was read to its end")
	}
	for _, length := range []int64{gigabyte, -1} {
		zeros(a.pages, "/sign-in", length)
		zeros(a.pages, "/schedules/show/run", length)
		zeros(a.events, "/hooks/changes", length)
		zeros(a.events, "/hooks/nothing", length)
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := io.Copy(z, io.LimitReader(endlessly{}, 200<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for range 10 {
		assert.Contains(t, []int{http.StatusRequestEntityTooLarge, 0}, a.event(bomb.Bytes(), "gzip"))
	}
	assert.Equal(t, http.StatusUnsupportedMediaType, a.event([]byte("{}"), "gzip, gzip"))
	deep := strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000)
	a.event([]byte(deep), "")
	a.healthy()
	for i := range 1000 {
		for _, one := range []struct{ address, text string }{
			{a.pages, "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "},
			{a.events, "POST /hooks/changes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{"},
		} {
			conn, err := net.Dial("tcp", one.address)
			require.NoError(t, err, "client %d", i)
			t.Cleanup(func() { _ = conn.Close() })
			_, err = io.WriteString(conn, one.text)
			require.NoError(t, err)
		}
	}
	a.healthy()
	grown := a.peak() - before
	t.Logf("the attacks took %d MiB", grown>>20)
	assert.Less(t, grown, 200<<20)
	a.stop()
}

// endlessly is a body without an end.
type endlessly struct{}

func (endlessly) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
