package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/browser"
	"github.com/phscript/phscript/tests/postgres"
)

const hookSecret = "0123456789abcdef0123456789abcdef"

// hook is a webhook whose events fail while out/mended.txt is missing.
const hook = `
[webhooks]
listen = "127.0.0.1:%d"
[[webhook]]
name       = "jira"
script     = "jira.lua"
scheme     = "header"
header     = "X-Secret"
secrets    = [ { env = "HOOK_SECRET" }, { env = "OLD_HOOK_SECRET" } ]
key        = "issue.id"
dedupe     = "id"
tries      = 1
allow_read = ["out"]
`

const jira = `local webhook = require "webhook"
local event = webhook.event()
if not fs.exists("out/mended.txt") then error("no company has the issue " .. event.body.issue.id .. " <b>yet</b>") end
`

// post sends an event.
func (w *fixture) post(secret, body string) int {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/hooks/jira", w.hooks), strings.NewReader(body))
	require.NoError(w, err)
	request.Header.Set("X-Secret", secret)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(w, err)
	require.NoError(w, answer.Body.Close())
	return answer.StatusCode
}

func onBothWithHooks(t *testing.T, test func(w *fixture)) {
	for name, state := range map[string]string{"sqlite": "", "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			port := freePort(t)
			w := start(t, state, fmt.Sprintf(hook, port))
			w.hooks = port
			test(w)
		})
	}
}

// TestWebhooks: events that fail are parked, shown with their reason, replayed one, ticked
// and together, and discarded with a reason; each page is fit to be seen.
func TestWebhooks(t *testing.T) {
	onBothWithHooks(t, func(w *fixture) {
		b, tab := w.operator()
		tab.Go(w.base() + "/webhooks")
		tab.Says("No event has arrived yet")
		for i := range 8 {
			secret := hookSecret
			if i == 0 {
				secret = "old-" + hookSecret
			}
			require.Equal(w, 200, w.post(secret, fmt.Sprintf(`{"id":"event-%d","issue":{"id":"APP-%d"},"password":"geheim","text":"<img src=x onerror=alert(1)>"}`, i, i)))
		}
		require.Equal(w, 401, w.post("wrong", "{}"))
		// They appear while one looks.
		tab.Await(`document.querySelectorAll("#p-events tbody tr").length === 8`)
		tab.Await(`(document.querySelector("#p-events").innerText.match(/Parked/g) || []).length === 8`)
		tab.Says("no company has the issue APP-7 <b>yet</b>")
		tab.Says("401")
		folder := ""
		if strings.HasSuffix(w.Name(), "/sqlite") {
			folder = pictures
		}
		tab.Looks(folder, "webhooks")
		tab.Go(w.base() + "/webhooks?webhook=jira&status=parked")
		tab.Says("OLD_HOOK_SECRET")
		tab.Looks(folder, "webhook")

		overview := b.Tab()
		overview.Go(w.base() + "/")
		overview.Says("8 parked events")

		// One event, with its try.
		tab.Click(`#p-events tbody tr:last-child a`)
		tab.Says("event 1")
		tab.Says(`"password": "(hidden)"`)
		tab.Says("<img src=x onerror=alert(1)>")
		tab.Says("OLD_HOOK_SECRET")
		assert.NotContains(w, browser.Eval[string](tab, "document.documentElement.outerHTML"), "geheim")
		tab.Looks(folder, "event")
		tab.Click(`#p-tries a`)
		tab.Says("a webhook, its events")
		tab.Click(`dd a[href*="/webhooks?run="]`)
		tab.Says("Events whose last run is run")
		require.NoError(w, os.Mkdir(filepath.Join(w.dir, "out"), 0o700))
		w.file("out/mended.txt", "")
		tab.Click(`#p-events tbody a`)
		tab.Click(`form[action$="/replay"] button`)
		tab.Await(`document.querySelector("#p-title").innerText.includes("Handled")`)
		tab.Says("once, by owner")
		assert.Equal(w, 2, browser.Eval[int](tab, `document.querySelectorAll("#p-tries li").length`))

		// Ticked ones: the buttons count, ticks stay when the list changes.
		tab.Go(w.base() + "/webhooks?status=parked")
		assert.True(w, browser.Eval[bool](tab, `document.querySelector('button[data-count="Discard"]').disabled`))
		tab.Click(`input[value="2"]`)
		tab.Click(`input[value="3"]`)
		browser.Eval[any](tab, `document.querySelector('input[value="3"]').focus(); document.querySelector("#p-events").dataset.old = "1"; document.querySelector("#p-events tbody").dataset.old = "1"; 0`)
		require.NoError(w, os.Remove(filepath.Join(w.dir, "out/mended.txt")))
		require.Equal(w, 200, w.post(hookSecret, `{"id":"event-9","issue":{"id":"APP-9"}}`))
		tab.Await(`!document.querySelector("#p-events tbody").dataset.old && document.querySelectorAll("#p-events tbody tr").length === 8`)
		assert.Equal(w, "Discard 2…", browser.Eval[string](tab, `document.querySelector('button[data-count="Discard"]').textContent`))
		assert.Equal(w, "3", browser.Eval[string](tab, `document.activeElement.value`), "the keyboard is where it was")
		tab.Click(`button[data-count="Discard"]`)
		tab.Says("Discard 2 parked events?")
		tab.Looks(folder, "discard")
		tab.Fill("#why", "test <data>")
		tab.Click(`.confirm button`)
		tab.Await(`location.pathname === "/webhooks"`)
		tab.Says("owner: test <data>")
		assert.Contains(w, w.do("hooks", "show", "2"), "by owner: test <data>")

		// All that are parked.
		w.file("out/mended.txt", "")
		tab.Click(`#p-parked button[value="replay"]`)
		tab.Says("Replay 6 parked events?")
		tab.Click(`.confirm button`)
		tab.Await(`location.pathname === "/webhooks"`)
		tab.Await(`!document.querySelector("#p-events").innerText.includes("Parked") && (document.querySelector("#p-events").innerText.match(/Handled/g) || []).length === 7`)
		overview.Await(`!document.body.innerText.includes("parked event")`)
		tab.Go(w.base() + "/webhooks/outgoing")
		tab.Looks(folder, "outgoing")
		tab.Go(w.base() + "/access")
		tab.Says("discard")
	})
}

// TestManySchedules are paused together, after a page that says how many.
func TestManySchedules(t *testing.T) {
	w := start(t, "")
	_, tab := w.operator()
	tab.Go(w.base() + "/schedules")
	tab.Click("[data-tick-all]")
	assert.Equal(t, "Pause 3…", browser.Eval[string](tab, `document.querySelector('button[value="pause"]').textContent`))
	tab.Click(`input[value="nps"]`)
	tab.Click(`button[value="pause"]`)
	tab.Says("Pause 2 schedules?")
	tab.Looks(pictures, "pause")
	tab.Fill("#why", "the vendor is down")
	tab.Click(".confirm button")
	tab.Await(`location.pathname === "/schedules" && (document.querySelector("#p-schedules").innerText.match(/by owner/g) || []).length === 2`)
	assert.Equal(t, 2, strings.Count(w.do("schedule", "list"), "the vendor is down"))
}
