// Package web uses the pages of phscript serve as people do: in a browser, with the real
// program behind them, on a SQLite file and on PostgreSQL.
package web

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/browser"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// pictures is where pictures of the pages go. Git ignores it.
const pictures = "../../out/pages"

// fixture is a folder with scripts, and a service that serves its pages.
type fixture struct {
	*testing.T
	dir  string
	env  []string
	port int
	// hooks is the port for events, if there are webhooks.
	hooks int

	cmd  *exec.Cmd
	said *said
}

// said is what the service says.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func onBoth(t *testing.T, test func(w *fixture)) {
	t.Run("sqlite", func(t *testing.T) { test(start(t, "")) })
	t.Run("postgres", func(t *testing.T) { test(start(t, postgres.Start(t).URL())) })
}

const crm = `-- @param region:choice(eu, us) "Where the CRM is" default=eu
-- @param lines:integer "How many lines to write" default=3
-- @param full:boolean "All records" optional
print("\27[31mregion\27[0m " .. params.region .. " <img src=x onerror=alert(1)>")
log.warn("12 rows were rejected", { first = "crm-1" })
for i = 1, params.lines do
  log.info("batch " .. i .. " of " .. params.lines)
  time.sleep("200ms")
end
`

// start starts a service on a store, a new file if it is "". more is added to its
// configuration.
func start(t *testing.T, state string, more ...string) *fixture {
	t.Helper()
	planhat, err := simulator.Start(simulator.Options{Companies: 3, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	w := &fixture{T: t, dir: t.TempDir(), said: &said{}}
	if state == "" {
		state = filepath.Join(w.dir, ".state", "state.db")
	}
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, ".tmp"), 0o700))
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TZ=UTC", "TMPDIR=" + filepath.Join(w.dir, ".tmp"), "PHSCRIPT_STATE=" + state,
		"PLANHAT_API_TOKEN=" + planhat.APIToken(), "PLANHAT_API_URL=" + planhat.URL(), "HOOK_SECRET=" + hookSecret, "OLD_HOOK_SECRET=old-" + hookSecret,
	}
	w.port = freePort(t)
	w.file("phscript.toml", fmt.Sprintf("[dashboard]\nlisten = \"127.0.0.1:%d\"\n", w.port)+`
[[schedule]]
name = "crm"
script = "crm.lua"
cron = "0 3 1 1 *"
time_zone = "Europe/Stockholm"
[[schedule]]
name = "nps"
script = "nps.lua"
cron = "0 4 1 1 *"
[[schedule]]
name = "health"
script = "health.lua"
every = "3s"
`)
	for _, text := range more {
		w.configure(text)
	}
	w.file("crm.lua", crm)
	w.file("nps.lua", "error(\"no end user has the e-mail <kim@northwind.example>\")\n")
	w.file("jira.lua", jira)
	w.file("health.lua", "print(#planhat.company.get_list())\n")
	w.serve()
	return w
}

// freePort returns a port that is free.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func (w *fixture) file(name, text string) {
	w.Helper()
	require.NoError(w, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
}

// configure adds to the configuration, at its end or in [dashboard].
func (w *fixture) configure(text string) {
	w.Helper()
	const dashboard = "[dashboard]\n"
	name := filepath.Join(w.dir, "phscript.toml")
	old, err := os.ReadFile(name)
	require.NoError(w, err)
	if strings.HasPrefix(text, dashboard) {
		w.file("phscript.toml", strings.Replace(string(old), dashboard, text, 1))
		return
	}
	w.file("phscript.toml", string(old)+text)
}

func (w *fixture) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program.Path(w.T), args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// do runs a command that has to succeed, and returns what it printed.
func (w *fixture) do(args ...string) string {
	w.Helper()
	cmd := w.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(w, err, errs.String())
	return strings.TrimSpace(string(out))
}

// serve starts the service.
func (w *fixture) serve() {
	w.Helper()
	before := strings.Count(w.said.String(), "serving schedules")
	w.cmd = w.command("serve", "--grace", "1s")
	w.cmd.Stderr = w.said
	require.NoError(w, w.cmd.Start())
	cmd := w.cmd
	w.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	patience.Await(w.T, 50*time.Millisecond, func() bool { return strings.Count(w.said.String(), "serving schedules") > before }, "the service does not start: %s", w.said)
}

// stop ends the service gently.
func (w *fixture) stop() {
	w.Helper()
	require.NoError(w, w.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(w, w.cmd.Wait())
}

func (w *fixture) base() string { return "http://127.0.0.1:" + strconv.Itoa(w.port) }

// operator opens a browser that is signed in as the owner, and stays signed in.
func (w *fixture) operator() (*browser.Browser, *browser.Tab) {
	w.Helper()
	b := browser.Start(w, w.base())
	tab := b.Tab()
	tab.Go(w.do("access", "link"))
	tab.Says("owner, operator")
	return b, tab
}

// TestEveryPage looks right, on both stores.
func TestEveryPage(t *testing.T) {
	onBoth(t, func(w *fixture) {
		_, tab := w.operator()
		w.do("schedule", "run", "nps")
		w.do("schedule", "run", "crm", "--param", "lines=400")
		tab.Go(w.base() + "/")
		tab.Says("no end user has the e-mail")
		tab.Says("Running")
		folder := ""
		if strings.HasSuffix(w.Name(), "/sqlite") {
			folder = pictures
		}
		tab.Looks(folder, "overview")
		failed := browser.Eval[string](tab, `[...document.querySelectorAll("#attention a.btn")].find(a => a.href.includes("/runs/")).href`)
		running := browser.Eval[string](tab, `document.querySelector("#running a.name").href`)
		for name, address := range map[string]string{
			"runs": w.base() + "/runs", "schedules": w.base() + "/schedules", "schedule": w.base() + "/schedules/crm", "quota": w.base() + "/quota",
			"configuration": w.base() + "/configuration", "access": w.base() + "/access", "run-failed": failed, "run": running, "search": running + "?q=batch",
		} {
			tab.Go(address)
			tab.Looks(folder, name)
		}
		tab.Go(w.base() + "/runs?status=succeeded&schedule=health")
		tab.Click("tbody a")
		tab.Says("Read\n3")
		tab.Expect("404")
		tab.Go(w.base() + "/nothing")
		tab.Says("There is no such page")
		tab.Looks(folder, "not-found")
		tab.Click(`form[action="/sign-out"] button`)
		tab.Says("Sign-in link or token")
		tab.Looks(folder, "sign-in")
	})
}

// TestAtWork: a schedule is run with parameters, its log grows while one looks, and it is
// cancelled.
func TestAtWork(t *testing.T) {
	onBoth(t, func(w *fixture) {
		_, tab := w.operator()
		tab.Go(w.base() + "/schedules/crm")
		tab.Fill(`[name="param.lines"]`, "100000")
		tab.Fill(`[name="param.region"]`, "us")
		tab.Fill(`#why`, "a <b>look</b>")
		tab.Click(`form.fields button`)
		tab.Await(`location.pathname.startsWith("/runs/")`)
		tab.Says("region us <img src=x onerror=alert(1)>")
		tab.Says("a <b>look</b>")
		tab.Says("12 rows were rejected")
		tab.Await(`document.getElementById("live-text").textContent.startsWith("Live")`)
		lines := browser.Eval[int](tab, `document.querySelectorAll("#lines li").length`)
		tab.Await(fmt.Sprintf(`document.querySelectorAll("#lines li").length > %d + 10`, lines))
		assert.True(w, browser.Eval[bool](tab, `(() => { const seqs = [...document.querySelectorAll("#lines li")].map(l => Number(l.id.slice(1))); return seqs.every((s, i) => !i || s === seqs[i-1] + 1); })()`), "lines are missing, or there twice")
		assert.Equal(w, "c1", browser.Eval[string](tab, `[...document.querySelectorAll("#lines .msg span")].find(s => s.textContent === "region").className`))
		// It follows the end until one scrolls up.
		tab.Await(`document.getElementById("lines").scrollHeight - document.getElementById("lines").scrollTop - document.getElementById("lines").clientHeight < 12`)
		tab.Await(`document.getElementById("lines").scrollHeight > document.getElementById("lines").clientHeight + 200`)
		browser.Eval[any](tab, `document.getElementById("lines").scrollTop = 0`)
		tab.Await(`!document.getElementById("follow").checked`)
		lines = browser.Eval[int](tab, `document.querySelectorAll("#lines li").length`)
		tab.Await(fmt.Sprintf(`document.querySelectorAll("#lines li").length > %d`, lines))
		assert.Zero(w, browser.Eval[int](tab, `document.getElementById("lines").scrollTop`))

		tab.Click(`.btn.danger`)
		tab.Says("Cancelled by")
		tab.Await(`document.querySelector("#p-title").innerText.includes("Cancelled")`)
		tab.Says("End of the log.")
		assert.Contains(w, w.do("runs", "list", "--status", "cancelled"), "crm")
	})
}

// TestPause: a paused page does not change, and a schedule is paused for everybody.
func TestPause(t *testing.T) {
	w := start(t, "")
	b, tab := w.operator()
	other := b.Tab()
	other.Go(w.base() + "/schedules")
	tab.Go(w.base() + "/schedules/health")
	tab.Click(`form[action="/schedules/health/pause"] button`)
	tab.Says("by owner")
	other.Says("Paused")
	assert.Contains(t, w.do("schedule", "list"), "paused")
	other.Await(`document.getElementById("live-text").textContent.startsWith("Live")`)
	other.Click("#live-pause")
	other.Says("Paused, updated")
	tab.Click(`form[action="/schedules/health/resume"] button`)
	tab.Await(`document.querySelector('form[action="/schedules/health/pause"]')`)
	assert.True(t, browser.Eval[bool](other, `document.querySelector("tbody").innerText.includes("Paused")`), "it is paused, too")
	other.Click("#live-pause")
	other.Await(`!document.querySelector("tbody").innerText.includes("Paused")`)
}

// TestRestart: pages say that they are not live, and are again when the service is back;
// sessions stay. A session that has ended leads to the sign-in page and back.
func TestRestart(t *testing.T) {
	onBoth(t, func(w *fixture) {
		_, tab := w.operator()
		tab.Expect("ERR_CONNECTION_REFUSED")
		tab.Expect("ERR_INCOMPLETE_CHUNKED_ENCODING")
		tab.Expect("Unauthorized")
		tab.Go(w.base() + "/runs")
		tab.Await(`document.getElementById("live-text").textContent.startsWith("Live")`)
		w.stop()
		tab.Says("Not live")
		w.serve()
		tab.Says("Live, ")
		tab.Await(`document.querySelector("tbody")`)
		ran := browser.Eval[string](tab, `document.querySelector("tbody").innerText`)
		tab.Await(fmt.Sprintf("document.querySelector('tbody').innerText !== %q", ran))

		w.do("access", "revoke", "owner")
		tab.Says("Your session has ended")
		tab.Click(`#live a`)
		tab.Says("Sign-in link or token")
		secret := w.do("access", "link")
		tab.Fill("#secret", secret)
		tab.Click("#sign-in button")
		tab.Await(`location.pathname === "/runs"`)

		tab.Go(w.base() + "/schedules/crm")
		w.do("access", "revoke", "owner")
		tab.Fill(`#why`, "kept")
		tab.Click(`form.fields button`)
		tab.Says("what you entered is kept")
		tab.Fill("#secret", w.do("access", "link"))
		tab.Click("#sign-in button")
		tab.Says("Do you still want to send this?")
		tab.Says("kept")
		tab.Click(".btn.primary")
		tab.Await(`location.pathname.startsWith("/runs/")`)
		tab.Says("owner: kept")
	})
}

// TestManyTabs: browsers open six connections to a host, and streams need one each, so tabs
// that nobody sees have none.
func TestManyTabs(t *testing.T) {
	onBoth(t, func(w *fixture) {
		b, tab := w.operator()
		tabs := []*browser.Tab{tab}
		for range 7 {
			tabs = append(tabs, b.Tab())
		}
		for i, one := range tabs {
			one.Go(w.base() + "/runs")
			one.Says("health")
			if i < len(tabs)-1 {
				one.Hide()
			}
		}
		tabs[0].Show()
		tabs[0].Await(`document.getElementById("live-text").textContent.startsWith("Live")`)
		tabs[0].Await(`document.querySelector("tbody")`)
		ran := browser.Eval[string](tabs[0], `document.querySelector("tbody").innerText`)
		tabs[0].Await(fmt.Sprintf("document.querySelector('tbody').innerText !== %q", ran))
	})
}
