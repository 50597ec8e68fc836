package pages

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/guard"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/web"
	"github.com/phscript/phscript/tests/postgres"
)

// hostile is what strangers write into names, lines and parameters.
const hostile = `<img src=x onerror=alert(1)>"'&</script><script>alert(2)</script>`

// trial are the pages of a store. A proxy names the user of each request.
type trial struct {
	testing.TB
	db        *store.DB
	schedules *serve.Schedules
	history   *history.History
	server    *httptest.Server
	problem   error
	config    config.Config
}

func onBoth(t *testing.T, test func(r *trial)) {
	t.Helper()
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) { test(start(t, location)) })
	}
}

func start(t testing.TB, location string) *trial {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	engine, err := serve.NewEngine(t.Context(), db, log)
	require.NoError(t, err)
	r := &trial{TB: t, db: db, schedules: serve.NewSchedules(db, engine), history: history.New(db)}
	var definitions []schedule.Definition
	for _, s := range []config.Schedule{{Name: "crm", Script: "crm.lua", Every: "1h"}, {Name: "nps", Script: "nps.lua", Cron: "0 2 * * *", TimeZone: "Europe/Stockholm"}} {
		d, err := schedule.New(s, "phscript.toml")
		require.NoError(t, err)
		d.Signature = []header.Param{
			{Name: "days", Type: header.Integer, Default: json.RawMessage("7"), Doc: "How many " + hostile}, {Name: "full", Type: header.Boolean, Optional: true},
			{Name: "region", Type: header.Choice, Choices: []string{"eu", "us"}, Default: json.RawMessage(`"eu"`)}, {Name: "key", Type: header.String, Secret: true, Optional: true},
		}
		definitions = append(definitions, d)
	}
	require.NoError(t, r.schedules.Sync(t.Context(), definitions))
	seen, err := overview.New(db, nil)
	require.NoError(t, err)
	proxies, err := guard.ParseProxies([]string{"127.0.0.1"})
	require.NoError(t, err)
	accounts := access.New(db, db)
	site, err := web.New(web.Options{
		Accounts: accounts, Hosts: guard.NewHosts(nil, ""), Proxies: proxies, UserHeader: "X-User", Operators: []string{"kim"}, Log: log, Changes: Changes(seen),
	})
	require.NoError(t, err)
	r.config = config.Config{State: "postgres://user:secret@db/x", APIToken: "secret-token", Variables: []string{"PHSCRIPT_STATE", "PLANHAT_API_TOKEN"}}
	require.NoError(t, Add(site, Options{
		Accounts: accounts, Overview: seen, Reads: db, Schedules: r.schedules, Events: hooks.NewEvents(db), Size: db.Size, Limit: 200, Config: func() (config.Config, error) { return r.config, r.problem },
	}))
	r.server = httptest.NewServer(site.Handler())
	t.Cleanup(func() { site.Stop(); r.server.Close() })
	return r
}

// run adds a run of a schedule in some state.
func (r *trial) run(name string, status history.Status, end history.End) int64 {
	r.Helper()
	now := time.Now().Add(-time.Duration(r.count()+1) * time.Second)
	d, err := schedule.New(config.Schedule{Name: name, Script: name + ".lua", Every: "1h"}, "phscript.toml")
	require.NoError(r, err)
	one := &history.Run{Schedule: name, Tick: now, Due: now, Attempt: 1, Cause: history.ByTick, Script: name + ".lua", Status: history.Queued, Definition: d.Schedule}
	_, err = r.history.Add(r.Context(), r.db, one)
	require.NoError(r, err)
	if status == history.Queued {
		return one.ID
	}
	_, err = r.history.Claim(r.Context(), r.db, one.ID, "app-1:12")
	require.NoError(r, err)
	if status != history.Running {
		end.Status = status
		_, err = r.history.Finish(r.Context(), r.db, one.ID, end, history.Running)
		require.NoError(r, err)
	}
	return one.ID
}

// other adds a run that failed and is none of a schedule.
func (r *trial) other(cause history.Cause, name string) int64 {
	r.Helper()
	d, err := schedule.Settings(config.Schedule{Name: name, Script: "shared.lua"}, "")
	require.NoError(r, err)
	one := &history.Run{Due: time.Now(), Attempt: 1, Cause: cause, Script: "shared.lua", Status: history.Queued, Definition: d.Schedule}
	_, err = r.history.Add(r.Context(), r.db, one)
	require.NoError(r, err)
	_, err = r.history.Claim(r.Context(), r.db, one.ID, "app-1:12")
	require.NoError(r, err)
	_, err = r.history.Finish(r.Context(), r.db, one.ID, history.End{Status: history.Failed, Reason: "boom"}, history.Running)
	require.NoError(r, err)
	return one.ID
}

func (r *trial) count() (n int) {
	require.NoError(r, r.db.QueryRowContext(r.Context(), "SELECT count(*) FROM phscript_run").Scan(&n))
	return n
}

// lines adds lines to the log of a run.
func (r *trial) lines(run int64, from, to int) {
	r.Helper()
	var list []history.Line
	for i := from; i <= to; i++ {
		level := "info"
		if i%10 == 0 {
			level = "warn"
		}
		list = append(list, history.Line{Run: run, Seq: int64(i), At: time.Now(), Level: level, Message: fmt.Sprintf("line %d %s\x1b[31m", i, hostile), Fields: json.RawMessage(`{"a":"<b>"}`)})
	}
	require.NoError(r, r.history.Append(r.Context(), list))
}

// ask makes a request as a user and returns the answer.
func (r *trial) ask(user, method, path string, form url.Values) (status int, location, body string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.Context(), method, r.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(r, err)
	request.Header.Set("X-User", user)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	require.NoError(r, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(r, err)
	return answer.StatusCode, answer.Header.Get("Location"), string(text)
}

var inline = regexp.MustCompile(`(?i)<img|<script>| style=|\x1b`)

// see returns a page that must be there, and holds to the policy.
func (r *trial) see(path string, texts ...string) string {
	r.Helper()
	status, _, body := r.ask("kim", "GET", path, nil)
	require.Equal(r, 200, status, "%s: %s", path, body)
	assert.NotRegexp(r, inline, body, path)
	for _, one := range texts {
		if !strings.Contains(body, one) {
			_, main, _ := strings.Cut(body, "<main")
			assert.Fail(r, "the page lacks a text", "%s has no %q: %s", path, one, main)
		}
	}
	return body
}

func TestPages(t *testing.T) {
	onBoth(t, func(r *trial) {
		r.see("/", "Nothing is running", "No run has ended yet", "No script has called Planhat yet", "0 of 0 workers", `data-live="/live"`, `data-at="`)
		r.see("/runs", "Nothing has run yet")
		good := r.run("crm", history.Succeeded, history.End{Calls: 12, Summary: json.RawMessage(`{"calls":12,"created":3,"rejected":2,"waited_seconds":1.5,"reasons":[{"message":"` + strings.ReplaceAll(hostile, `"`, `\"`) + `","count":2}],"warnings":["w"],"rejected_rows":[{"model":"company","operation":"create","row":2,"message":"` + strings.ReplaceAll(hostile, `"`, `\"`) + `","state":"rejected","data":{"name":"=1+1"}}]}`)})
		bad := r.run("nps", history.Failed, history.End{Reason: "nps.lua:2: " + hostile, Hint: "mend " + hostile})
		working := r.run("crm", history.Running, history.End{})
		r.lines(good, 1, 30)
		r.lines(working, 1, 5)
		require.NoError(r, store.Exec(r.Context(), r.db, "UPDATE phscript_schedule SET failing = 1 WHERE name = 'nps'"))
		time.Sleep(1100 * time.Millisecond) // the snapshot that all viewers share is a second old at most
		r.see("/", "crm", "1</b> running", "nps.lua:2: &lt;img", fmt.Sprintf(`action="/runs/%d/retry"`, bad), fmt.Sprintf(`href="/runs/%d"`, working))
		r.see("/runs", "Succeeded", "Failed", "Running", "nps.lua:2:")
		r.see("/schedules", "crm", "every 1h", "0 2 * * *", "Failed")
		r.see("/schedules/crm", "Run now", `name="param.days" value="7"`, `type="checkbox" name="param.full"`, "<option selected>eu</option>", "How many &lt;img")
		assert.NotContains(r, r.see("/schedules/crm"), "param.key", "secrets come from the environment")
		r.see(fmt.Sprintf("/runs/%d", good), "Succeeded", "Created", "2 rows: &lt;img", "1.5 s", "30 lines", "End of the log", `a=&lt;b&gt;`, "Earlier runs")
		assert.NotContains(r, r.see(fmt.Sprintf("/runs/%d", good)), "data-live", "it does not change any more")
		r.see(fmt.Sprintf("/runs/%d", good), "Download 1 as CSV", "as XLSX", "spreadsheet")
		_, _, rows := r.ask("lee", "GET", fmt.Sprintf("/runs/%d/rejected", good), nil)
		assert.Contains(r, rows, "=1+1", "the file can be mended and imported again")
		_, _, rows = r.ask("lee", "GET", fmt.Sprintf("/runs/%d/rejected?as=json", good), nil)
		assert.Contains(r, rows, `"rejected_rows"`)
		_, _, rows = r.ask("lee", "GET", fmt.Sprintf("/runs/%d/rejected?as=xlsx", good), nil)
		book, err := zip.NewReader(strings.NewReader(rows), int64(len(rows)))
		require.NoError(r, err)
		sheet, err := fs.ReadFile(book, "xl/worksheets/sheet1.xml")
		require.NoError(r, err)
		assert.Contains(r, string(sheet), `t="inlineStr"><is><t xml:space="preserve">=1+1</t>`, "it is text, and no formula")
		status, _, _ := r.ask("lee", "GET", fmt.Sprintf("/runs/%d/rejected", bad), nil)
		assert.Equal(r, 404, status)
		r.see(fmt.Sprintf("/runs/%d", bad), "mend &lt;img", "The run logged nothing", fmt.Sprintf(`action="/runs/%d/retry"`, bad))
		r.see(fmt.Sprintf("/runs/%d", working), fmt.Sprintf(`data-follow="/runs/%d/log"`, working), `data-after="5"`, "data-live", fmt.Sprintf(`action="/runs/%d/cancel"`, working), "app-1:12")
		body := r.see("/configuration", "Size of the store", "iB</dd>", "Oldest run in it", "PHSCRIPT_STATE", "PLANHAT_API_TOKEN", "(hidden)")
		assert.NotContains(r, body, "secret")
		r.problem = fmt.Errorf("line 3: %s", hostile)
		r.see("/configuration", "not in use", "line 3: &lt;img")
		r.see("/access", "kim", "There are no accounts", "Nobody has asked for anything yet")
		r.see("/quota", "No script has called Planhat yet")

		for _, path := range []string{"/runs/0", "/runs/-1", "/runs/x", "/runs/99999", "/runs/99999/log", "/runs/99999/log/download", "/runs/..%2f..%2fetc", "/schedules/none", "/schedules/" + url.PathEscape(hostile), "/runs/1%00"} {
			status, _, body := r.ask("kim", "GET", path, nil)
			assert.Equal(r, 404, status, path)
			assert.NotRegexp(r, inline, body)
		}
		status, _, _ = r.ask("kim", "GET", "/runs?before=nonsense", nil)
		assert.Equal(r, 400, status)
	})
}

func TestRunsAreFilteredAndPaged(t *testing.T) {
	onBoth(t, func(r *trial) {
		for range 60 {
			r.run("crm", history.Succeeded, history.End{})
		}
		bad := r.run("nps", history.Failed, history.End{Reason: "no end user"})
		name := regexp.MustCompile(`<span class="sub">run (\d+)`)
		numbers := func(body string) (list []string) {
			for _, found := range name.FindAllStringSubmatch(body, -1) {
				list = append(list, found[1])
			}
			return list
		}
		body := r.see("/runs?schedule=crm")
		first := numbers(body)
		assert.Len(r, first, 50)
		older := regexp.MustCompile(`href="(/runs\?[^"]*before=[^"]*)"`).FindStringSubmatch(body)
		require.NotNil(r, older)
		next := strings.ReplaceAll(older[1], "&amp;", "&")
		assert.Contains(r, next, "schedule=crm", "the filter stays")
		rest := numbers(r.see(next, "Newest"))
		assert.Len(r, rest, 10)
		assert.NotContains(r, first, rest[0])
		for query, want := range map[string]int{
			"status=failed": 1, "status=bad": 1, "status=open": 0, "text=end+user": 1, fmt.Sprintf("text=%d", bad): 1, "schedule=gone": 0, "within=1h&status=bad": 1, "schedule=nps": 1, "status=nonsense": 50,
			"text=" + url.QueryEscape(hostile): 0, "text=%27+OR+1%3D1+--": 0, "text=%25": 0,
		} {
			assert.Len(r, numbers(r.see("/runs?"+query)), want, query)
		}
	})
}

// TestActions: operators act, viewers neither see nor send a form, and the history says who.
func TestActions(t *testing.T) {
	onBoth(t, func(r *trial) {
		queued, failed := r.run("crm", history.Queued, history.End{}), r.run("nps", history.Failed, history.End{Reason: "x"})
		actions := []string{fmt.Sprintf("/runs/%d/cancel", queued), fmt.Sprintf("/runs/%d/retry", failed), "/schedules/crm/pause", "/schedules/crm/resume", "/schedules/crm/run", "/access/revoke"}
		for _, path := range actions {
			status, _, _ := r.ask("lee", "POST", path, url.Values{})
			assert.Equal(r, 403, status, path)
			status, _, _ = r.ask("", "POST", path, url.Values{})
			assert.Equal(r, 401, status, path)
		}
		for _, path := range []string{"/", "/runs", "/schedules/crm", fmt.Sprintf("/runs/%d", queued), fmt.Sprintf("/runs/%d", failed), "/access"} {
			_, _, body := r.ask("lee", "GET", path, nil)
			assert.NotRegexp(r, `method="post" action="/(runs|schedules|access)`, body, path)
		}
		acts := func(path string, form url.Values) string {
			r.Helper()
			status, location, body := r.ask("kim", "POST", path, form)
			require.Equal(r, 303, status, body)
			return location
		}
		assert.Equal(r, fmt.Sprintf("/runs/%d", queued), acts(actions[0], url.Values{}))
		again := acts(actions[1], url.Values{"why": {"try " + hostile}})
		one, err := r.history.Run(r.Context(), queued)
		require.NoError(r, err)
		assert.Equal(r, history.Cancelled, one.Status)
		assert.Equal(r, "kim", one.CancelledBy)
		r.see(again, "kim", "try &lt;img", fmt.Sprintf("run %d", failed))

		// Who acts sees the change at once, although others' pages may be a second old.
		r.see("/schedules/crm", "/schedules/crm/pause")
		assert.Equal(r, "/schedules/crm", acts("/schedules/crm/pause", url.Values{"to": {"/schedules/crm"}}))
		r.see("/schedules/crm", "/schedules/crm/resume", "by kim")
		e := r.entry("crm")
		assert.True(r, e.Paused)
		assert.Equal(r, "kim", e.PausedBy)
		assert.Equal(r, "/", acts("/schedules/crm/resume", url.Values{"to": {"//evil.example"}}))
		assert.False(r, r.entry("crm").Paused)

		// Only what differs from the schedule is a parameter of the run.
		run := func(form url.Values) *history.Run {
			r.Helper()
			for _, name := range []string{"days", "full", "region"} {
				form.Set("has."+name, "1")
			}
			var id int64
			_, err := fmt.Sscanf(acts("/schedules/crm/run", form), "/runs/%d", &id)
			require.NoError(r, err)
			one, err := r.history.Run(r.Context(), id)
			require.NoError(r, err)
			return one
		}
		assert.JSONEq(r, `{"days":30,"full":true}`, run(url.Values{"param.days": {"30"}, "param.full": {"true"}, "param.region": {"eu"}, "param.key": {"stolen"}, "why": {"month"}}).Definition.Params.JSON())
		assert.Equal(r, "kim", run(url.Values{"param.days": {"7"}, "param.region": {"eu"}}).AskedBy)
		for _, wrong := range []url.Values{{"has.days": {"1"}, "param.days": {"many"}}, {"has.region": {"1"}, "param.region": {hostile}}} {
			status, _, body := r.ask("kim", "POST", "/schedules/crm/run", wrong)
			assert.Equal(r, 400, status, body)
			assert.Contains(r, body, "Invalid parameter")
			assert.NotRegexp(r, inline, body)
		}
		for _, path := range []string{"/schedules/none/pause", "/schedules/none/run", "/runs/99999/cancel", "/runs/x/retry"} {
			status, _, _ := r.ask("kim", "POST", path, url.Values{})
			assert.Equal(r, 404, status, path)
		}
		// What cannot be repeated has no button, and says why to who asks all the same.
		working := r.run("crm", history.Running, history.End{})
		for id, why := range map[int64]string{
			working:                          "is running; you can repeat it once it has ended",
			r.other(history.ByHook, "jira"):  "handled events of the webhook &#39;jira&#39;; replay those",
			r.other(history.ByUndo, ""):      "is an undo, which can&#39;t be repeated",
			r.other(history.ByApply, ""):     "has applied a plan",
			r.other(history.ByRun, "a name"): "was not made by a service",
		} {
			page := fmt.Sprintf("/runs/%d", id)
			assert.NotContains(r, r.see(page), page+"/retry")
			status, _, body := r.ask("kim", "POST", page+"/retry", url.Values{})
			assert.Equal(r, 409, status, body)
			assert.Contains(r, body, why)
		}
		list, err := audit.List(r.Context(), r.db, audit.Filter{})
		require.NoError(r, err)
		var seen []string
		for _, a := range list {
			assert.Equal(r, audit.Actor{Name: "kim", Role: "operator", Address: "127.0.0.1"}, a.Actor)
			seen = append(seen, a.Action)
		}
		assert.Equal(r, []string{"run", "run", "resume", "pause", "retry", "cancel"}, seen)
	})
}

func (r *trial) entry(name string) serve.Entry {
	r.Helper()
	list, err := r.schedules.List(r.Context())
	require.NoError(r, err)
	for _, e := range list {
		if e.Name == name {
			return e
		}
	}
	require.Fail(r, "no such schedule")
	return serve.Entry{}
}
