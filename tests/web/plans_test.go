package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/browser"
)

const hostileName = `<img src=x onerror=alert(1)>`

// mixed changes, deletes and creates records, reads something it cannot know, and names them as an
// attacker would.
const mixed = `local list = planhat.company.get_list()
planhat.company.delete(list[1]._id)
planhat.company.update(list[2]._id, { phase = "Renewal <script>alert(2)</script>", custom = { ["Tier\27[31m"] = "A" } })
planhat.company.update(list[3]._id, { name = '` + hostileName + `', phase = "Onboarding" })
local north = planhat.company.create({ name = "North" .. string.rep(" and a long name that goes past the edge", 4), externalId = "north", phase = "Onboarding" })
planhat.enduser.create({ email = "kim@northwind.example", firstName = "Kim", companyId = north._id })
planhat.company.update(list[2]._id, { phase = list[2].phase })
print(north.renewalDate)
`

// planning adds a schedule whose runs need approval.
func (w *fixture) planning(script string) {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "phscript.toml"))
	require.NoError(w, err)
	w.file("renew.lua", script)
	w.file("phscript.toml", string(text)+"\n[[schedule]]\nname = \"renewals\"\nscript = \"renew.lua\"\ncron = \"0 5 1 1 *\"\napprove = true\n")
}

// makePlan makes a plan, and opens its page.
func (w *fixture) makePlan(tab *browser.Tab, n int) string {
	w.Helper()
	tab.Go(w.base() + "/schedules")
	tab.Says("renewals")
	w.do("schedule", "run", "renewals")
	address := fmt.Sprintf("%s/plans/%d", w.base(), n)
	tab.Go(w.base() + "/plans")
	tab.Await(fmt.Sprintf(`document.querySelector('a[href="/plans/%d"]')`, n))
	tab.Go(address)
	return address
}

// TestPlans: a plan waits, is looked at, approved, applied by a run, and undone; another one is
// refused.
func TestPlans(t *testing.T) {
	onBoth(t, func(w *fixture) {
		w.planning(mixed)
		_, tab := w.operator()
		folder := ""
		if strings.HasSuffix(w.Name(), "/sqlite") {
			folder = pictures
		}
		tab.Expect("404")
		tab.Go(w.base() + "/plans")
		tab.Says("There are no plans yet")
		address := w.makePlan(tab, 1)
		tab.Says("Waits for approval")
		tab.Says("the plan deletes 1 company and writes")
		tab.Says(hostileName)
		tab.Says("Renewal <script>alert(2)</script>")
		assert.Zero(w, browser.Eval[int](tab, `document.querySelectorAll("main img, main script").length`))
		assert.False(w, browser.Eval[bool](tab, `document.body.innerText.includes("\u001b")`))
		tab.Says("Not known")
		tab.Looks(folder, "plan")
		tab.Go(w.base() + "/plans")
		tab.Looks(folder, "plans")
		tab.Go(w.base() + "/")
		tab.Says("1 plan waits for approval")
		tab.Looks(folder, "overview-plans")
		tab.Go(address + "?show=delete")
		assert.Equal(w, 1, browser.Eval[int](tab, `document.querySelectorAll(".changes > li").length`))

		// The form needs each confirmation.
		tab.Click("#decide .btn.primary")
		assert.True(w, browser.Eval[bool](tab, `location.pathname === "/plans/1" && document.querySelector("#decide [name=confirmed]").matches(":invalid")`))
		for _, name := range browser.Eval[[]string](tab, `[...document.querySelectorAll("#decide [type=checkbox][required]")].map(e => e.name)`) {
			tab.Click("#decide [name=" + name + "]")
		}
		tab.Fill("#why", "looks <b>right</b>")
		tab.Click("#decide .btn.primary")
		tab.Says("looks <b>right</b>")
		tab.Says("Applied\n")
		assert.Contains(w, w.do("plans", "list"), "applied")
		assert.Contains(w, w.do("runs", "list", "--schedule", "renewals"), "succeeded")
		tab.Looks(folder, "plan-applied")
		tab.Click(`#p-facts a[href="/runs/` + browser.Eval[string](tab, `[...document.querySelectorAll("#p-facts dt")].find(d => d.innerText === "Applied by").nextElementSibling.innerText.split(" ")[1]`) + `"]`)
		tab.Says("plan 1")
		tab.Says("owner: looks <b>right</b>")

		w.file("renew.lua", `for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { phase = "Phase " .. i }) end`)
		w.makePlan(tab, 2)
		tab.Says("Phase 1")
		assert.Zero(w, browser.Eval[int](tab, `document.querySelectorAll("#decide [required]").length`), "nothing needs confirmation")
		tab.Fill("#why", "not today")
		tab.Click("#decide .btn.danger")
		tab.Says("Refused")
		tab.Says("not today")

		w.makePlan(tab, 3)
		tab.Says("Phase 1")
		w.file("change.lua", `planhat.company.update(planhat.company.get_list()[1]._id, { phase = "Churned" })`)
		w.do("run", "--quiet", "change.lua")
		tab.Click("#decide .btn.primary")
		tab.Says("Stale")
		tab.Says("1 row has changed since it was made")
		tab.Looks(folder, "plan-stale")
	})
}

// TestWhoDecides: viewers see plans and decide nothing, and forms of other sites do nothing.
func TestWhoDecides(t *testing.T) {
	w := start(t, "")
	w.planning(mixed)
	_, owner := w.operator()
	address := w.makePlan(owner, 1)
	token := strings.TrimSpace(w.do("access", "add", "lee"))
	b := browser.Start(w, w.base())
	tab := b.Tab()
	tab.Expect("403")
	tab.Go(w.base() + "/sign-in")
	tab.Fill("#secret", token)
	tab.Click("#sign-in button")
	tab.Await(`location.pathname === "/"`)
	tab.Says("1 plan waits for approval")
	tab.Go(address)
	tab.Says("Only operators decide about plans")
	assert.Zero(t, browser.Eval[int](tab, `document.querySelectorAll("#decide form").length`))
	for _, what := range []string{"approve", "refuse"} {
		browser.Eval[any](tab, fmt.Sprintf(`(() => { const f = document.createElement("form"); f.method = "post"; f.action = "/plans/1/%s"; f.innerHTML = '<input name="confirmed" value="yes"><input name="inexact" value="yes">'; document.body.append(f); f.submit(); })(); 0`, what))
		tab.Says("Only operators can do that")
		tab.Go(address)
		tab.Says("Waits for approval")
	}

	// A session of the owner, and a form of another site.
	cookie := w.session()
	for _, what := range []string{"approve", "refuse"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/"+what, strings.NewReader(url.Values{"confirmed": {"yes"}, "inexact": {"yes"}}.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(cookie)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, http.StatusForbidden, answer.StatusCode)
		assert.Contains(t, string(body), "This form came from another site")
	}
	assert.Contains(t, w.do("plans", "list"), "waiting")
}

// session signs in without a browser.
func (w *fixture) session() *http.Cookie {
	w.Helper()
	link := w.do("access", "link")
	_, secret, found := strings.Cut(link, "#")
	require.True(w, found, link)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm(w.base()+"/sign-in", url.Values{"secret": {strings.TrimSpace(secret)}})
	require.NoError(w, err)
	require.NoError(w, answer.Body.Close())
	require.NotEmpty(w, answer.Cookies())
	return answer.Cookies()[0]
}
