package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/web"
)

// event stores an event in a state.
func (r *trial) event(hook, delivery string, state hooks.State, body string) (id int64) {
	r.Helper()
	header, err := json.Marshal(http.Header{"Content-Type": {"application/json"}, "X-Custom": {"custom " + hostile}, "X-Hub-Signature-256": {"sha256=abc"}})
	require.NoError(r, err)
	now := time.Now().UnixMicro()
	require.NoError(r, r.db.QueryRowContext(r.Context(), `INSERT INTO phscript_hook_event (hook, delivery, order_key, received_at, address, method, path, headers, body, size, secret, state, due_at, reason)
		VALUES (?, ?, ?, ?, '192.0.2.7', 'POST', ?, ?, ?, ?, 'NEW_SECRET', ?, ?, ?) RETURNING id`,
		hook, delivery, "key "+hostile, now, "/hooks/jira?token=geheim&v=1", string(header), []byte(body), len(body), string(state), now, "boom "+hostile).Scan(&id))
	require.NoError(r, store.Exec(r.Context(), r.db, `INSERT INTO phscript_hook (name, received) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET received = phscript_hook.received + 1`, hook))
	return id
}

func (r *trial) stateOf(id int64) hooks.State {
	r.Helper()
	e, err := hooks.NewEvents(r.db).Get(r.Context(), id)
	require.NoError(r, err)
	return e.State
}

// later waits until the snapshot that all viewers share is new.
func later() { time.Sleep(1100 * time.Millisecond) }

func TestWebhooks(t *testing.T) {
	onBoth(t, func(r *trial) {
		r.see("/webhooks", "There are no webhooks", "No event has arrived yet", "No message was refused", `data-live="/webhooks/live"`)
		r.see("/webhooks/outgoing", "Nothing waits")
		r.config.Hooks = []config.Webhook{{Name: "jira", Script: "jira.lua", Scheme: "jira", Key: config.Places{"issue.id"}, Secrets: []config.WebhookSecret{{Env: "NEW_SECRET"}, {Env: "OLD_SECRET", Until: "2027-01-31"}}}}
		body := `{"issue":{"id":7},"password":"geheim-1","text":"` + strings.ReplaceAll(hostile, `"`, `\"`) + `"}`
		parked, handled, other := r.event("jira", "d-1", hooks.Parked, body), r.event("jira", "d-2", hooks.Handled, body), r.event("gone", "d-3", hooks.Waiting, "\xff\xfe")
		for _, secret := range []string{"NEW_SECRET", "REMOVED_SECRET"} {
			require.NoError(r, store.Exec(r.Context(), r.db, `INSERT INTO phscript_hook_secret (hook, secret, uses, last_at) VALUES ('jira', ?, 1234, ?)`, secret, time.Now().UnixMicro()))
		}
		for i := range 60 {
			require.NoError(r, store.Exec(r.Context(), r.db, `INSERT INTO phscript_hook_refusal (hook, at, address, size, status, reason) VALUES (?, ?, '192.0.2.9', 12, 401, ?)`, []string{"jira", ""}[i%2], time.Now().UnixMicro(), fmt.Sprintf("signature %d %s", i, hostile)))
		}
		run := r.run("crm", history.Failed, history.End{Reason: "boom"})
		require.NoError(r, store.Exec(r.Context(), r.db, `INSERT INTO phscript_hook_try (event, run, ended_at, reason) VALUES (?, ?, ?, ?)`, parked, run, time.Now().UnixMicro(), "boom "+hostile))
		require.NoError(r, store.Exec(r.Context(), r.db, `UPDATE phscript_hook_event SET run = ?, tries = 5 WHERE id = ?`, run, parked))
		later()
		page := r.see("/webhooks", "jira.lua", "/hooks/jira", "not in the configuration", "oldest for", "Parked", "boom &lt;img", "signature 59 &lt;img", "the last 50", "unknown path", "Replay all parked", `name="event" value="`)
		assert.NotContains(r, page, "signature 9 ", "only the last 50")
		assert.NotContains(r, page, fmt.Sprintf(`name="event" value="%d"`, other), "what waits can be neither replayed nor discarded")
		page = r.see("/webhooks?webhook=jira", "issue.id", "NEW_SECRET", "1,234", "OLD_SECRET", "1 Feb 2027, 00:00", "REMOVED_SECRET", "no longer configured", "--recipe jira")
		assert.NotContains(r, page, "unknown path")
		r.see("/", `href="/webhooks?status=parked"`, "<b>1</b> parked event<")

		// One event: operators see the body without what is secret by its name.
		path := fmt.Sprintf("/webhooks/events/%d", parked)
		page = r.see(path, "Parked", "boom &lt;img", "192.0.2.7", "d-1", "key &lt;img", fmt.Sprintf(`href="/runs/%d"`, run), "&#34;id&#34;: 7", "(hidden)", "custom &lt;img", "token=(hidden)&amp;v=1", "NEW_SECRET", "Replay", "Discard…")
		for _, secret := range []string{"geheim", "sha256=abc"} {
			assert.NotContains(r, page, secret)
		}
		_, _, page = r.ask("lee", "GET", path, nil)
		assert.Contains(r, page, "Only operators see bodies")
		for _, secret := range []string{"geheim", "sha256=abc", "custom", "&#34;id&#34;: 7", "Replay", "Discard", "&amp;v=1"} {
			assert.NotContains(r, page, secret)
		}
		assert.NotRegexp(r, inline, page)
		r.see(fmt.Sprintf("/webhooks/events/%d", other), "It is not text: 2 bytes", "No run has had it yet")
		r.see(fmt.Sprintf("/runs/%d", run), "Asked by")
		_, _, page = r.ask("lee", "GET", "/webhooks", nil)
		assert.NotContains(r, page, "confirm/events?")
		assert.NotContains(r, page, `type="checkbox"`)
		assert.NotContains(r, page, "Replay")

		for query, want := range map[string]int{
			"webhook=jira": 2, "status=parked": 1, "status=discarded": 0, "status=nonsense": 3, "text=D-3": 1, "text=%25": 0, "within=1h": 3, "text=key&webhook=gone": 1, fmt.Sprintf("run=%d", run): 1, "webhook=none": 0,
			"text=" + url.QueryEscape("' OR 1=1 --"): 0,
		} {
			assert.Equal(r, want, strings.Count(r.see("/webhooks?"+query), `href="/webhooks/events/`), query)
		}
		for _, path := range []string{"/webhooks?before=x", "/webhooks?run=-1", "/confirm/events?event=x", "/confirm/events", "/confirm/messages", "/confirm/schedules", "/confirm/events?do=discard&event=" + strings.Repeat("1&event=", 501) + "1"} {
			status, _, body := r.ask("kim", "GET", path, nil)
			assert.Equal(r, 400, status, path)
			assert.NotRegexp(r, inline, body)
		}
		for _, path := range []string{"/webhooks/events/0", "/webhooks/events/x", "/webhooks/events/99999"} {
			status, _, _ := r.ask("kim", "GET", path, nil)
			assert.Equal(r, 404, status, path)
		}
		assert.Equal(r, hooks.Handled, r.stateOf(handled))
	})
}

// TestRunsOfWebhooks: a run of a webhook has its name, and leads to the webhook and its events.
func TestRunsOfWebhooks(t *testing.T) {
	r := start(t, t.TempDir()+"/state.db")
	run := r.other(history.ByHook, "jira")
	r.see("/runs", fmt.Sprintf(`<a href="/runs/%d">jira</a>`, run))
	r.see("/", "</span>jira</a>")
	r.see(fmt.Sprintf("/runs/%d", run), "<h1>jira</h1>", `<a href="/webhooks?webhook=jira">jira</a> / `, fmt.Sprintf(`<a class="btn" href="/webhooks?run=%d">Replay its events</a>`, run))
}

// TestHugeLines: a page shows the beginning of a long line, and where the rest is.
func TestHugeLines(t *testing.T) {
	r := start(t, t.TempDir()+"/state.db")
	run := r.run("crm", history.Succeeded, history.End{})
	long := strings.Repeat("é", 1<<20)
	require.NoError(t, r.history.Append(t.Context(), []history.Line{
		{Run: run, Seq: 1, At: time.Now(), Level: "info", Message: "a" + long},
		{Run: run, Seq: 2, At: time.Now(), Level: "info", Message: "x", Fields: json.RawMessage(`{"field":"` + long + `"}`)},
		{Run: run, Seq: 3, At: time.Now(), Level: "info", Message: "cod\u202excod.exe \u2066end"},
	}))
	path := fmt.Sprintf("/runs/%d", run)
	page := r.see(path, fmt.Sprintf(`… <a class="link ctx" href="%s/log/download">all 2.0 MiB of it: download</a>`, path), "cod&lt;U+202E&gt;xcod.exe &lt;U+2066&gt;end")
	assert.Less(t, len(page), 40<<10)
	assert.Equal(t, 2, strings.Count(page, "all 2.0 MiB of it"))
	assert.NotContains(t, page, "\ufffd")
	_, _, polled := r.ask("kim", "GET", path+"/log", nil)
	assert.Contains(t, polled, "U+202E")
	assert.Less(t, len(polled), 40<<10)
	_, _, whole := r.ask("kim", "GET", path+"/log/download", nil)
	assert.Greater(t, len(whole), 4<<20)
}

// TestWebhooksNeedAttention: the overview says why the events of a webhook fail, as soon as one is
// tried again, and which webhooks were removed while events of theirs wait.
func TestWebhooksNeedAttention(t *testing.T) {
	onBoth(t, func(r *trial) {
		r.config.Hooks = []config.Webhook{{Name: "jira", Script: "jira.lua", Scheme: "jira", Secrets: []config.WebhookSecret{{Env: "NEW_SECRET"}}}}
		waits := r.event("jira", "d-1", hooks.Waiting, "{}")
		later()
		assert.NotContains(r, r.see("/"), "Needs attention", "it has just arrived")
		r.see(fmt.Sprintf("/webhooks/events/%d", waits), "</svg>Waiting", "Next try")

		run := r.other(history.ByHook, "jira")
		require.NoError(r, store.Exec(r.Context(), r.db, `UPDATE phscript_hook_event SET tries = 2, run = ? WHERE id = ?`, run, waits))
		later()
		page := r.see("/", "Needs attention", "Trying again", `href="/webhooks?webhook=jira">jira</a><span class="muted">1 event</span>`, "boom &lt;img", fmt.Sprintf(`<a class="btn" href="/runs/%d">Look at the log</a>`, run))
		assert.NotContains(r, page, "Replay or discard", "it can be neither")
		r.see("/webhooks", "</svg>Trying again")
		r.see(fmt.Sprintf("/webhooks/events/%d", waits), "Trying again", "Next try")

		r.event("jira", "d-2", hooks.Parked, "{}")
		later()
		r.see("/", "1 parked event, 1 tried again", `<a class="btn" href="/webhooks?status=parked&amp;webhook=jira">Replay or discard</a>`)
		_, _, page = r.ask("lee", "GET", "/", nil)
		assert.Contains(r, page, "1 parked event, 1 tried again")
		assert.NotContains(r, page, "Replay or discard")
		assert.NotContains(r, page, "Not in the configuration")

		r.config.Hooks = nil
		r.see("/", "Not in the configuration", "1 event waits", "no webhook in phscript.toml has this name")
		r.problem = fmt.Errorf("line 3")
		assert.NotContains(r, r.see("/"), "Not in the configuration", "nobody knows")
	})
}

// TestNumbersOfCharts fit beside the bars, those of busy accounts, too.
func TestNumbersOfCharts(t *testing.T) {
	c := quotaChart{Limit: 1000}
	c.draw(nil, time.Now(), 24*time.Hour, 15*time.Minute, web.Zone{})
	for _, line := range c.Grid {
		assert.LessOrEqual(t, 7*float64(len(line.Text))-3, c.Edge(), line.Text)
	}
}

func TestEventsArePaged(t *testing.T) {
	r := start(t, t.TempDir()+"/state.db")
	for i := range 120 {
		r.event("jira", fmt.Sprint("d-", i), hooks.Handled, "{}")
	}
	number := regexp.MustCompile(`href="/webhooks/events/(\d+)"`)
	older := regexp.MustCompile(`href="(/webhooks\?[^"]*before=[^"]*)"`)
	next, seen := "/webhooks?webhook=jira&status=handled", map[string]bool{}
	for range 3 {
		page := r.see(next)
		for _, found := range number.FindAllStringSubmatch(page, -1) {
			assert.False(r, seen[found[1]])
			seen[found[1]] = true
		}
		if found := older.FindStringSubmatch(page); found != nil {
			next = strings.ReplaceAll(found[1], "&amp;", "&")
			assert.Contains(r, next, "webhook=jira", "the filter stays")
		}
	}
	assert.Len(r, seen, 120)
}

// hidden are the hidden fields of a page's form.
var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// confirms asks what the page asks, and sends its form.
func (r *trial) confirms(path, title, to string, also url.Values) string {
	r.Helper()
	page := r.see(path, title)
	form := url.Values{}
	for _, found := range hiddenField.FindAllStringSubmatch(page, -1) {
		if found[1] != "to" {
			form.Add(found[1], found[2])
		}
	}
	for name, values := range also {
		form[name] = values
	}
	status, location, body := r.ask("kim", "POST", to, form)
	require.Equal(r, 303, status, body)
	return location
}

// TestDecisions: operators replay and discard, one, those that they have ticked, or all that
// are parked; a page says how many, and the audit who did so.
func TestDecisions(t *testing.T) {
	onBoth(t, func(r *trial) {
		var ids []int64
		for i := range 6 {
			ids = append(ids, r.event("jira", fmt.Sprint("d-", i), hooks.Parked, "{}"))
		}
		elsewhere := r.event("gh", "d", hooks.Parked, "{}")
		one := fmt.Sprintf("/webhooks/events/%d", ids[0])
		for _, path := range []string{one + "/replay", "/webhooks/replay", "/webhooks/discard", "/webhooks/resend", "/schedules/pause", "/schedules/resume"} {
			status, _, _ := r.ask("lee", "POST", path, url.Values{"event": {fmt.Sprint(ids[0])}, "why": {"x"}, "schedule": {"crm"}, "upto": {"999"}})
			assert.Equal(r, 403, status, path)
			status, _, _ = r.ask("", "POST", path, url.Values{})
			assert.Equal(r, 401, status, path)
		}
		for _, path := range []string{"/confirm/events?event=1", "/confirm/schedules?schedule=crm", "/confirm/messages?all=yes"} {
			status, _, _ := r.ask("lee", "GET", path, nil)
			assert.Equal(r, 403, status, path)
		}
		assert.Equal(r, hooks.Parked, r.stateOf(ids[0]))

		status, location, _ := r.ask("kim", "POST", one+"/replay", url.Values{})
		assert.Equal(r, []any{303, one}, []any{status, location})
		assert.Equal(r, hooks.Waiting, r.stateOf(ids[0]))
		r.see(one, "Replayed", "once, by kim")
		status, _, _ = r.ask("kim", "POST", one+"/replay", url.Values{"resume": {"nonsense"}})
		assert.Equal(r, 400, status)

		ticked := fmt.Sprintf("event=%d&event=%d&event=%d", ids[0], ids[1], ids[2])
		assert.Equal(r, "/webhooks", r.confirms("/confirm/events?do=replay&"+ticked, "Replay 2 events?", "/webhooks/replay", url.Values{"resume": {"skip"}}))
		assert.Equal(r, hooks.Waiting, r.stateOf(ids[2]))

		// A reason is required, and what is parked meanwhile is not meant.
		r.see("/confirm/events?do=discard&parked=all&webhook=jira", "Discard 3 parked events of jira?", "jira 4: boom &lt;img", "required")
		status, _, page := r.ask("kim", "POST", "/webhooks/discard", url.Values{"event": {fmt.Sprint(ids[3])}, "why": {" "}})
		assert.Equal(r, 400, status)
		assert.Contains(r, page, "A reason is missing")
		assert.Equal(r, hooks.Parked, r.stateOf(ids[3]))
		assert.Equal(r, "/webhooks/events/"+fmt.Sprint(ids[3]), r.confirms(fmt.Sprintf("/confirm/events?do=discard&event=%d", ids[3]), "Discard 1 parked event?", "/webhooks/discard", url.Values{"why": {"test " + hostile}}))
		assert.Equal(r, hooks.Discarded, r.stateOf(ids[3]))
		r.see(fmt.Sprintf("/webhooks/events/%d", ids[3]), "Discarded by kim", "test &lt;img")

		upto := fmt.Sprint(elsewhere)
		late := r.event("jira", "late", hooks.Parked, "{}")
		status, location, _ = r.ask("kim", "POST", "/webhooks/replay", url.Values{"webhook": {"jira"}, "upto": {upto}, "count": {"2"}})
		assert.Equal(r, []any{303, "/webhooks?webhook=jira"}, []any{status, location})
		assert.Equal(r, []hooks.State{hooks.Waiting, hooks.Waiting, hooks.Parked, hooks.Parked}, []hooks.State{r.stateOf(ids[4]), r.stateOf(ids[5]), r.stateOf(late), r.stateOf(elsewhere)})
		status, _, page = r.ask("kim", "POST", "/webhooks/replay", url.Values{"event": {fmt.Sprint(late), fmt.Sprint(ids[4])}, "count": {"2"}})
		assert.Equal(r, 409, status)
		assert.Contains(r, page, "1 of 2 events were replayed")
		status, _, _ = r.ask("kim", "POST", "/webhooks/discard", url.Values{"why": {"x"}})
		assert.Equal(r, 400, status, "a form that names no events means none")
		status, _, _ = r.ask("kim", "GET", "/confirm/events?do=discard&parked=all&webhook=jira", nil)
		assert.Equal(r, 409, status, "nothing is parked")
		status, _, page = r.ask("kim", "GET", fmt.Sprintf("/confirm/events?do=discard&event=%d", ids[0]), nil)
		assert.Equal(r, 409, status)
		assert.Contains(r, page, "Only parked events can be discarded")

		require.NoError(r, hooks.Put(r.Context(), r.db, hooks.Message{Message: "msg_1", Run: 3, Script: "a.lua", Host: "api.example.com"}))
		require.NoError(r, store.Exec(r.Context(), r.db, `UPDATE phscript_hook_message SET state = 'failed', tries = 10, reason = ?`, "503 "+hostile))
		later()
		r.see("/webhooks/outgoing", "Given up", "503 &lt;img", "msg_1", "Send all that were given up")
		r.see("/", "<b>1</b> message not sent", `href="/webhooks/outgoing"`)
		assert.Equal(r, "/webhooks/outgoing", r.confirms("/confirm/messages?all=yes", "Send 1 message again?", "/webhooks/resend", nil))
		later()
		assert.NotContains(r, r.see("/webhooks/outgoing"), "Given up")

		assert.Equal(r, "/schedules", r.confirms("/confirm/schedules?do=pause&schedule=crm&schedule=nps&schedule=gone", "Pause 2 schedules?", "/schedules/pause", url.Values{"why": {"the vendor is down"}}))
		assert.True(r, r.entry("crm").Paused && r.entry("nps").Paused)
		r.see("/schedules/crm", "by kim", ": the vendor is down") // at once
		status, _, _ = r.ask("kim", "GET", "/confirm/schedules?do=pause&schedule=crm", nil)
		assert.Equal(r, 400, status, "it is paused already")
		r.confirms("/confirm/schedules?do=resume&schedule=crm&schedule=nps", "Resume 2 schedules?", "/schedules/resume", nil)
		assert.False(r, r.entry("crm").Paused || r.entry("nps").Paused)
		status, _, page = r.ask("kim", "POST", "/schedules/pause", url.Values{"schedule": {"crm", "gone"}})
		assert.Equal(r, 409, status)
		assert.Contains(r, page, "Only 1 of 2 schedules were changed")

		list, err := audit.List(r.Context(), r.db, audit.Filter{})
		require.NoError(r, err)
		var did []string
		for _, a := range list {
			assert.Equal(r, audit.Actor{Name: "kim", Role: "operator", Address: "127.0.0.1"}, a.Actor)
			did = append(did, a.Action)
		}
		assert.Equal(r, []string{"pause", "resume", "resume", "pause", "pause", "resend", "replay", "replay", "discard", "replay", "replay"}, did)
	})
}
