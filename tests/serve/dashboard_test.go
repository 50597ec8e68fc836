package serve

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	dashboardAt = regexp.MustCompile(`dashboard address=(\S+)`)
	firstLink   = regexp.MustCompile(`link="?(http\S+?/sign-in#(phl_[A-Za-z0-9_-]+))`)
)

const dashboardConfig = "[dashboard]\nlisten = \"127.0.0.1:0\"\n[[schedule]]\nname = \"nightly\"\nscript = \"a.lua\"\ncron = \"0 2 * * *\"\n"

// signIn signs a browser in with a secret, and returns it with the address of the pages.
func (s *service) signIn(secret string) (browser *http.Client, address string) {
	s.w.t.Helper()
	s.says("dashboard address=")
	address = dashboardAt.FindStringSubmatch(s.String())[1]
	jar, err := cookiejar.New(nil)
	require.NoError(s.w.t, err)
	browser = &http.Client{Jar: jar}
	answer, err := browser.PostForm(address+"/sign-in", url.Values{"secret": {secret}, "to": {"/access"}})
	require.NoError(s.w.t, err)
	require.NoError(s.w.t, answer.Body.Close())
	return browser, address
}

// page returns a page of the dashboard, after redirects.
func pageOf(t *testing.T, browser *http.Client, address string) (where, body string) {
	t.Helper()
	answer, err := browser.Get(address)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.Request.URL.Path, string(text)
}

// TestDashboard: the service invites whoever reads its log, sessions outlive a restart, and
// revoking ends them.
func TestDashboard(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", dashboardConfig)
		w.file("a.lua", "")
		s := w.serve()
		s.says("nobody has signed in yet")
		found := firstLink.FindStringSubmatch(s.String())
		require.NotNil(t, found, s.String())
		browser, address := s.signIn(found[2])
		where, body := pageOf(t, browser, address+"/access")
		assert.Equal(t, "/access", where)
		assert.Contains(t, body, "owner, operator")
		_, body = pageOf(t, browser, address+"/configuration")
		assert.Contains(t, body, "nightly")
		where, _ = pageOf(t, &http.Client{}, address+"/access")
		assert.Equal(t, "/sign-in", where)
		s.stop()

		s = w.serve()
		s.says("dashboard address=")
		assert.NotContains(t, s.String(), "phl_", "somebody has signed in")
		token := strings.TrimSpace(w.do("access", "add", "kim"))
		_, address = s.signIn("wrong")
		viewer, _ := s.signIn(token)
		_, body = pageOf(t, viewer, address+"/access")
		assert.Contains(t, body, "kim, viewer")
		w.do("access", "revoke", "kim")
		where, _ = pageOf(t, viewer, address+"/access")
		assert.Equal(t, "/sign-in", where)
	})
}

// TestHosts: nothing that shows something answers to a stranger's name.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", dashboardConfig)
	w.file("a.lua", "")
	s := w.serve("--listen", "127.0.0.1:0")
	s.says("dashboard address=")
	health := "http://" + pagesAt.FindStringSubmatch(s.String())[1]
	pages := dashboardAt.FindStringSubmatch(s.String())[1]
	for address, want := range map[string]int{
		health + "/metrics": 403, health + "/readyz": 403, health + "/healthz": 200, pages + "/sign-in": 403, pages + "/metrics": 403,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		r.Host = "evil.example:8627"
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, want, answer.StatusCode, address)
	}
}
