package zendesk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/zendesk"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// client talks to a stand-in.
type client struct {
	*zendesk.Server
	t     *testing.T
	url   string
	token string
}

func dial(t *testing.T) *client {
	t.Helper()
	vendor := zendesk.New(standin.NewClock(start))
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return &client{vendor, t, web.URL, zendesk.Token}
}

// unlimited lifts the limits on requests.
func (c *client) unlimited() *client {
	c.Configure(func(s *zendesk.Settings) { s.PerMinute, s.Exports = 0, 0 })
	return c
}

type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (c *client) send(method, path, body string, change func(*http.Request)) answer {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(request)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	a := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	return a
}

func (c *client) get(path string) answer { c.t.Helper(); return c.send("GET", path, "", nil) }

// ids are the ids of a list in an answer.
func (a answer) ids(kind string) (ids []int64) {
	list, _ := a.body[kind].([]any)
	for _, item := range list {
		ids = append(ids, int64(item.(map[string]any)["id"].(float64)))
	}
	return ids
}

// All tickets arrive once, in pages, even if they changed in one second.
func TestExportByCursor(t *testing.T) {
	c := dial(t).unlimited()
	var want []int64
	for i := range 2500 {
		want = append(want, c.Add(zendesk.Tickets, zendesk.Body{"subject": fmt.Sprint(i)}))
	}
	assert.Empty(t, c.get("/api/v2/incremental/tickets/cursor.json?start_time=0").ids("tickets"), "the last minute is withheld")
	c.Clock.Advance(time.Minute)
	var got []int64
	path, cursor := "/api/v2/incremental/tickets/cursor.json?start_time=0", ""
	for range 3 {
		a := c.get(path)
		require.Equal(t, 200, a.status, a.text)
		got = append(got, a.ids("tickets")...)
		assert.Equal(t, len(got) == len(want), a.body["end_of_stream"])
		cursor = a.body["after_cursor"].(string)
		assert.Contains(t, a.body["after_url"], url.QueryEscape(cursor))
		path = "/api/v2/incremental/tickets/cursor.json?per_page=5000&cursor=" + url.QueryEscape(cursor)
	}
	assert.Equal(t, want, got)
	a := c.get(path)
	assert.Empty(t, a.ids("tickets"))
	assert.Equal(t, cursor, a.body["after_cursor"], "the position stays until something changes")

	// Deleted tickets and those that the system touched come again.
	before := c.Get(zendesk.Tickets, want[7])["updated_at"]
	c.Delete(zendesk.Tickets, want[3])
	c.Touch(want[7], zendesk.Body{"priority": "high"})
	c.Clock.Advance(time.Minute)
	a = c.get(path)
	require.Equal(t, []int64{want[3], want[7]}, a.ids("tickets"))
	list := a.body["tickets"].([]any)
	assert.Equal(t, "deleted", list[0].(map[string]any)["status"])
	assert.Equal(t, before, list[1].(map[string]any)["updated_at"])
	assert.Equal(t, []int64{want[7]}, c.get(path+"&exclude_deleted=true").ids("tickets"))

	c.ForgetCursors()
	assert.Equal(t, 422, c.get(path).status)
	assert.Equal(t, 400, c.get("/api/v2/incremental/tickets/cursor?start_time="+fmt.Sprint(c.Clock.Now().Unix())).status)
	assert.Equal(t, 400, c.get("/api/v2/incremental/tickets/cursor").status)
}

func TestSideloads(t *testing.T) {
	c := dial(t)
	company := c.Add(zendesk.Organizations, zendesk.Body{"name": "Northwind"})
	other := c.Add(zendesk.Organizations, zendesk.Body{"name": "Other"})
	kim := c.Add(zendesk.Users, zendesk.Body{"email": "kim@northwind.example", "organization_id": company})
	agent := c.Add(zendesk.Users, zendesk.Body{"email": "agent@support.example", "role": "agent"})
	gone := c.Add(zendesk.Users, zendesk.Body{"email": "old@northwind.example"})
	c.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim, "assignee_id": agent, "organization_id": company})
	c.Add(zendesk.Tickets, zendesk.Body{"requester_id": gone})
	c.MergeUsers(kim, gone)
	c.Clock.Advance(time.Minute)
	a := c.get("/api/v2/incremental/tickets/cursor.json?start_time=0&include=users,organizations")
	assert.Equal(t, []int64{kim, agent}, a.ids("users"))
	assert.Equal(t, []int64{company}, a.ids("organizations"))
	c.Configure(func(s *zendesk.Settings) { s.HideSideloads = []int64{agent} })
	assert.Equal(t, []int64{kim}, c.get("/api/v2/incremental/tickets/cursor.json?start_time=0&include=users").ids("users"))
	assert.Equal(t, []int64{company}, c.get("/api/v2/incremental/users/cursor.json?start_time=0&include=organizations").ids("organizations"))
	assert.Equal(t, []int64{kim, agent}, c.get(fmt.Sprintf("/api/v2/users/show_many.json?ids=%d,%d,%d,7", kim, agent, gone)).ids("users"))
	merged := c.get("/api/v2/incremental/users/cursor.json?start_time=0").body["users"].([]any)[2].(map[string]any)
	assert.Equal(t, false, merged["active"])
	assert.Nil(t, merged["email"])
	c.Delete(zendesk.Organizations, company)
	assert.Nil(t, c.Get(zendesk.Users, kim)["organization_id"])
	assert.Equal(t, []int64{other}, c.get("/api/v2/organizations?page[size]=5").ids("organizations"))
}

// The export by time repeats the last second, and never passes one that has more
// items than a page.
func TestExportByTime(t *testing.T) {
	c := dial(t).unlimited()
	c.Configure(func(s *zendesk.Settings) { s.ExportPage = 3 })
	first := c.Add(zendesk.Organizations, zendesk.Body{"name": "First"})
	c.Clock.Advance(time.Second)
	second := c.Add(zendesk.Organizations, zendesk.Body{"name": "Second"})
	c.Clock.Advance(time.Hour)
	a := c.get("/api/v2/incremental/organizations.json?start_time=1")
	assert.Equal(t, []int64{first, second}, a.ids("organizations"))
	assert.Equal(t, true, a.body["end_of_stream"])
	end := int64(a.body["end_time"].(float64))
	assert.Equal(t, start.Unix()+1, end)
	assert.Contains(t, a.body["next_page"], fmt.Sprint(end))
	for i := range 5 {
		c.Add(zendesk.Organizations, zendesk.Body{"name": fmt.Sprint(i)})
	}
	c.Clock.Advance(time.Hour)
	a = c.get(fmt.Sprintf("/api/v2/incremental/organizations.json?start_time=%d", end))
	assert.Equal(t, second, a.ids("organizations")[0], "the last second comes again")
	pinned := int64(a.body["end_time"].(float64))
	a = c.get(fmt.Sprintf("/api/v2/incremental/organizations.json?start_time=%d", pinned))
	assert.EqualValues(t, pinned, a.body["end_time"])
	assert.Equal(t, false, a.body["end_of_stream"])

	// Lists pass it.
	var all []int64
	path := "/api/v2/organizations.json?page%5Bsize%5D=3"
	for range 3 {
		a = c.get(path)
		all = append(all, a.ids("organizations")...)
		path = "/api/v2/organizations.json?page%5Bsize%5D=3&page%5Bafter%5D=" + url.QueryEscape(a.body["meta"].(map[string]any)["after_cursor"].(string))
	}
	assert.Len(t, all, 7)
	assert.Equal(t, false, a.body["meta"].(map[string]any)["has_more"])
}

func TestLimits(t *testing.T) {
	c := dial(t)
	const export = "/api/v2/incremental/tickets/cursor.json?start_time=0"
	for range 10 {
		require.Equal(t, 200, c.get(export).status)
	}
	c.Clock.Advance(15 * time.Second)
	a := c.get(export)
	assert.Equal(t, 429, a.status)
	assert.Equal(t, "45", a.header.Get("Retry-After"))
	assert.Contains(t, a.header.Get("Content-Type"), "text/plain")
	assert.Nil(t, a.body)
	c.Configure(func(s *zendesk.Settings) { s.PlainErrors = false })
	assert.Equal(t, "APIRateLimitExceeded", c.get(export).body["error"])
	a = c.get("/api/v2/ticket_fields")
	assert.Equal(t, 200, a.status, "the exports have a limit of their own")
	assert.Equal(t, "400", a.header.Get("X-Rate-Limit"))
	assert.Equal(t, "389", a.header.Get("ratelimit-remaining"))
	c.Clock.Advance(45 * time.Second)
	assert.Equal(t, 200, c.get(export).status)
	c.Faults.On(nil, 1, zendesk.EdgeRefusal("5"))
	a = c.get(export)
	assert.Equal(t, 429, a.status)
	assert.Contains(t, a.text, "edge protection")
	for range 400 {
		a = c.get("/api/v2/ticket_fields")
	}
	assert.Equal(t, 429, a.status)
}

func TestCredentials(t *testing.T) {
	c := dial(t)
	const fields = "/api/v2/ticket_fields.json"
	sent := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q,"scope":"read","expires_in":3600}`, zendesk.ClientID, zendesk.ClientSecret)
	a := c.send("POST", "/oauth/tokens", sent, nil)
	require.Equal(t, 200, a.status, a.text)
	assert.EqualValues(t, 3600, a.body["expires_in"])
	assert.NotContains(t, a.body, "refresh_token")
	c.token = a.body["access_token"].(string)
	assert.Equal(t, 200, c.get(fields).status)
	a = c.send("PUT", "/api/v2/organizations/1.json", `{"organization":{}}`, nil)
	assert.Equal(t, 403, a.status, "the scope is read")
	assert.Equal(t, "Forbidden", a.body["error"].(map[string]any)["title"])
	c.Clock.Advance(time.Hour)
	a = c.get(fields)
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "invalid_token", a.body["error"])
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {zendesk.ClientID}, "client_secret": {"wrong"}}
	a = c.send("POST", "/oauth/tokens", form.Encode(), func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") })
	assert.Equal(t, "invalid_client", a.body["error"])

	basic := func(r *http.Request) { r.SetBasicAuth(zendesk.TokenUser, zendesk.APIToken) }
	assert.Equal(t, 200, c.send("GET", fields, "", basic).status)
	c.EndTokens()
	a = c.send("GET", fields, "", basic)
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "Couldn't authenticate you", a.body["error"])

	c.token = zendesk.Token
	c.Configure(func(s *zendesk.Settings) { s.Admin = false })
	assert.Equal(t, 403, c.get("/api/v2/incremental/users/cursor.json?start_time=0").status)
	assert.Equal(t, "InvalidEndpoint", c.get("/api/v2/nothing.json").body["error"])
}

func TestRatings(t *testing.T) {
	c := dial(t)
	kim := c.Add(zendesk.Users, zendesk.Body{"email": "kim@northwind.example"})
	ticket := c.Add(zendesk.Tickets, zendesk.Body{"requester_id": kim})
	offered := c.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket})
	c.Clock.Advance(time.Hour)
	good := c.Add(zendesk.Ratings, zendesk.Body{"ticket_id": ticket, "score": "good", "comment": "Thanks"})
	const list = "/api/v2/satisfaction_ratings.json?page%5Bsize%5D=100"
	assert.Equal(t, []int64{offered, good}, c.get(list).ids(zendesk.Ratings))
	assert.Equal(t, []int64{good}, c.get(list+"&score=received").ids(zendesk.Ratings))
	assert.Equal(t, []int64{good}, c.get(list+"&score=good_with_comment").ids(zendesk.Ratings))
	assert.Empty(t, c.get(list+"&score=good_without_comment").ids(zendesk.Ratings))
	assert.Equal(t, []int64{good}, c.get(list+"&start_time="+fmt.Sprint(c.Clock.Now().Unix())).ids(zendesk.Ratings))
	assert.Equal(t, "good", c.Get(zendesk.Tickets, ticket)["satisfaction_rating"].(zendesk.Body)["score"])
	assert.EqualValues(t, kim, c.Get(zendesk.Ratings, good)["requester_id"])
}

func TestWrites(t *testing.T) {
	c := dial(t)
	id := c.Add(zendesk.Organizations, zendesk.Body{"organization_fields": zendesk.Body{"health": nil, "tier": nil}})
	c.DropDown("tier", "gold", "silver")
	path := fmt.Sprintf("/api/v2/organizations/%d.json", id)
	a := c.send("PUT", path, `{"organization":{"organization_fields":{"health":7,"nothing":1}}}`, nil)
	require.Equal(t, 200, a.status, a.text)
	assert.Equal(t, map[string]any{"health": 7.0, "tier": nil}, a.body["organization"].(map[string]any)["organization_fields"])
	a = c.send("PUT", path, `{"organization":{"organization_fields":{"tier":"bronze"}}}`, nil)
	assert.Equal(t, 422, a.status)
	assert.Equal(t, "RecordInvalid", a.body["error"])
	assert.Contains(t, a.body["details"], "organization_fields")
	assert.Len(t, c.Writes(), 1)
	assert.Equal(t, 404, c.send("PUT", "/api/v2/organizations/7", `{}`, nil).status)

	ticket := c.Add(zendesk.Tickets, nil)
	a = c.send("PUT", "/api/v2/tickets/update_many", fmt.Sprintf(`{"tickets":[{"id":%d,"priority":"high"},{"id":5}]}`, ticket), nil)
	job := a.body["job_status"].(map[string]any)
	assert.Equal(t, "queued", job["status"])
	job = c.get("/api/v2/job_statuses/" + job["id"].(string)).body["job_status"].(map[string]any)
	assert.Equal(t, "completed", job["status"])
	assert.Equal(t, false, job["results"].([]any)[1].(map[string]any)["success"])
	assert.Equal(t, "high", c.Get(zendesk.Tickets, ticket)["priority"])
}
