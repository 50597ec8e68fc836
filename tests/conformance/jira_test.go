package conformance

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/jira"
)

func TestJiraStandIn(t *testing.T) {
	vendor := jira.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	id := vendor.Add(jira.Fields{"summary": "CSV export times out"})
	vendor.Add(jira.Fields{"summary": "Colors"})
	const api = "/ex/jira/" + jira.CloudID + "/rest/api/3/"
	vendor.Configure(func(s *jira.Settings) { s.Burst = 5 })
	c := checker(t, "jira")
	for _, one := range []struct {
		method, url, body string
		status            int
	}{
		{"GET", api + "myself", "", 200},
		{"GET", api + "field", "", 200},
		{"POST", api + "search/jql", `{"jql":"updated >= 0 ORDER BY created ASC, key ASC","fields":["summary","description","status"],"maxResults":1}`, 200},
		{"POST", api + "search/jql", `{"jql":"updated >= 0 ORDER BY created ASC, key ASC","fields":["summary"],"maxResults":100}`, 200},
		{"POST", api + "issue/bulkfetch", `{"issueIdsOrKeys":["` + id + `","1"],"fields":["summary"]}`, 200},
		{"GET", api + "myself", "", 429},
	} {
		r := httptest.NewRequest(one.method, one.url, strings.NewReader(one.body))
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(jira.Email+":"+jira.Token)))
		e := standin.Exchange{Method: one.method, URL: one.url, Body: one.body}
		if one.body != "" {
			e.ContentType = "application/json"
			r.Header.Set("Content-Type", e.ContentType)
		}
		w := httptest.NewRecorder()
		vendor.ServeHTTP(w, r)
		e.Status, e.AnswerType, e.AnswerBody = w.Code, w.Header().Get("Content-Type"), w.Body.String()
		assert.Equal(t, one.status, e.Status, "%s: %s", one.url, e.AnswerBody)
		check(t, c, e)
	}
	assert.Empty(t, c.Unchecked())
	for _, d := range c.Unused() {
		t.Errorf("remove the deviation %s %s: nothing needs it", d.Path, d.Text)
	}
}
