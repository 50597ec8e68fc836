package jira_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/jira"
)

const api = "/ex/jira/" + jira.CloudID + "/rest/api/3/"

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

func send(t *testing.T, vendor http.Handler, method, path, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(jira.Email, jira.Token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	vendor.ServeHTTP(w, r)
	var answer map[string]any
	if w.Body.Len() > 0 && strings.HasPrefix(w.Body.String(), "{") {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	}
	return w.Code, answer
}

func TestSearch(t *testing.T) {
	vendor := jira.New(standin.NewClock(start))
	first := vendor.Add(jira.Fields{"summary": "First"})
	vendor.Clock.Advance(time.Hour)
	second := vendor.Add(jira.Fields{"summary": "Second", "labels": []any{"vip"}})
	find := func(jql, more string) (int, map[string]any) {
		text, err := json.Marshal(jql + " ORDER BY created ASC, key ASC")
		require.NoError(t, err)
		return send(t, vendor, "POST", api+"search/jql", `{"jql":`+string(text)+more+`}`)
	}
	ids := func(answer map[string]any) (all []any) {
		issues, _ := answer["issues"].([]any)
		for _, issue := range issues {
			all = append(all, issue.(map[string]any)["id"])
		}
		return all
	}
	_, page := find("updated >= 0", `,"maxResults":1`)
	assert.Equal(t, []any{first}, ids(page))
	assert.Equal(t, false, page["isLast"])
	assert.NotContains(t, page["issues"].([]any)[0], "fields", "without fields, there are ids alone")
	token := `,"maxResults":1,"nextPageToken":"` + page["nextPageToken"].(string) + `"`
	_, page = find("updated >= 0", token)
	assert.Equal(t, []any{second}, ids(page))
	assert.NotContains(t, page, "nextPageToken")
	status, _ := find("updated >= 1", token)
	assert.Equal(t, 400, status, "a token belongs to its query")
	vendor.Clock.Advance(8 * 24 * time.Hour)
	status, _ = find("updated >= 0", token)
	assert.Equal(t, 400, status, "a token ends")
	status, _ = find("", "")
	assert.Equal(t, 400, status, "a query needs a restriction")
	_, page = find(`labels = "vip" AND project in (APP)`, "")
	assert.Equal(t, []any{second}, ids(page))

	// A date is in the user's zone, a number is not.
	vendor.Configure(func(s *jira.Settings) { s.Zone = time.FixedZone("east", 6*3600) })
	_, page = find(`updated >= "2026-11-20 15:00"`, "")
	assert.Equal(t, []any{second}, ids(page))
	_, page = find(`updated >= 1795165200000`, "") // 09:00 in UTC
	assert.Equal(t, []any{second}, ids(page))
}

func TestRefusals(t *testing.T) {
	vendor := jira.New(standin.NewClock(start))
	status, _ := send(t, vendor, "GET", api+"search?jql=x", "")
	assert.Equal(t, 410, status, "the old search is gone")
	status, _ = send(t, vendor, "GET", "/rest/api/3/myself", "")
	assert.Equal(t, 401, status, "tokens with scopes work only at the gateway")
	status, answer := send(t, vendor, "GET", "/_edge/tenant_info", "")
	assert.Equal(t, 200, status)
	assert.Equal(t, jira.CloudID, answer["cloudId"])
	id := vendor.Add(jira.Fields{"summary": "A"})
	status, _ = send(t, vendor, "PUT", api+"issue/"+id, `{"fields":{"nothing":1}}`)
	assert.Equal(t, 400, status)
	status, _ = send(t, vendor, "PUT", api+"issue/1", `{"fields":{}}`)
	assert.Equal(t, 404, status)
	vendor.Configure(func(s *jira.Settings) { s.Burst = 1 })
	send(t, vendor, "GET", api+"myself", "")
	status, _ = send(t, vendor, "GET", api+"myself", "")
	assert.Equal(t, 429, status)
}
