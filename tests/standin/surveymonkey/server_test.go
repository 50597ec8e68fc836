package surveymonkey_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
)

type client struct {
	t      *testing.T
	vendor *surveymonkey.Server
	web    *httptest.Server
	header http.Header // of the last answer
}

func newClient(t *testing.T) *client {
	t.Helper()
	c := &client{t: t, vendor: surveymonkey.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))}
	c.web = httptest.NewServer(c.vendor)
	t.Cleanup(c.web.Close)
	return c
}

func (c *client) as(authorization, path string) (int, map[string]any) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.web.URL+"/v3"+path, http.NoBody)
	require.NoError(c.t, err)
	request.Header.Set("Authorization", authorization)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = answer.Body.Close() }()
	var body map[string]any
	require.NoError(c.t, json.NewDecoder(answer.Body).Decode(&body))
	c.header = answer.Header
	return answer.StatusCode, body
}

func (c *client) get(path string) (int, map[string]any) {
	c.t.Helper()
	return c.as("bearer "+surveymonkey.Token, path)
}

// at returns the part of a value at a path of names and positions.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			value = value.(map[string]any)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value
}

func TestDesign(t *testing.T) {
	c := newClient(t)
	survey := c.vendor.AddSurvey("Customers", surveymonkey.NPS, surveymonkey.Essay, surveymonkey.Email)
	c.vendor.AddSurvey("Other", surveymonkey.Scale)
	_, body := c.get("/surveys?per_page=1&include=date_modified")
	assert.Equal(t, []any{2.0, survey, "2026-11-20T08:00:00"}, []any{body["total"], at(body, "data", 0, "id"), at(body, "data", 0, "date_modified")})
	assert.Contains(t, at(body, "links", "next"), "page=2")
	_, body = c.get("/surveys?per_page=1&page=2")
	assert.NotContains(t, body["links"], "next")
	assert.NotContains(t, at(body, "data", 0), "date_modified")

	_, body = c.get("/surveys/" + survey + "/details")
	nps := at(body, "pages", 0, "questions", 0)
	assert.Equal(t, []any{"matrix", "rating", ""}, []any{at(nps, "family"), at(nps, "subtype"), at(nps, "answers", "rows", 0, "text")})
	choices := at(nps, "answers", "choices").([]any)
	require.Len(t, choices, 11)
	assert.Equal(t, []any{"Not at all likely - 0", -100.0, "7", 0.0, "Extremely likely - 10", 100.0}, []any{
		at(choices, 0, "text"), at(choices, 0, "weight"), at(choices, 7, "text"), at(choices, 7, "weight"), at(choices, 10, "text"), at(choices, 10, "weight"),
	})
	assert.Equal(t, "email", at(body, "pages", 0, "questions", 2, "validation", "type"))
	c.vendor.RemoveQuestion(survey, c.vendor.Questions(survey)[0])
	_, body = c.get("/surveys/" + survey + "/details")
	assert.Len(t, at(body, "pages", 0, "questions"), 2)
	status, body := c.get("/surveys/7/details")
	assert.Equal(t, []any{404, "1020"}, []any{status, at(body, "error", "id")})
}

func TestResponses(t *testing.T) {
	c := newClient(t)
	survey := c.vendor.AddSurvey("Customers", surveymonkey.NPS, surveymonkey.Essay)
	first := c.vendor.Add(survey, surveymonkey.Reply{Score: 3, Comment: "Slow", Email: "kim@northwind.example", Variables: map[string]string{"company_id": "n-1"}})
	c.vendor.Clock.Advance(time.Second)
	second := c.vendor.Add(survey, surveymonkey.Reply{Score: -1})
	c.vendor.Add(survey, surveymonkey.Reply{Status: "partial"})
	bulk := "/surveys/" + survey + "/responses/bulk?"

	_, body := c.get(bulk + "status=completed&sort_order=ASC&sort_by=date_modified")
	assert.Equal(t, []any{2.0, 50.0, first}, []any{body["total"], body["per_page"], at(body, "data", 0, "id")})
	one := at(body, "data", 0)
	assert.Equal(t, []any{"2026-11-20T08:00:00+00:00", "kim@northwind.example", "n-1", "-100", "Slow"}, []any{
		at(one, "date_modified"), at(one, "metadata", "contact", "email", "value"), at(one, "custom_variables", "company_id"),
		at(one, "pages", 0, "questions", 0, "answers", 0, "choice_metadata", "weight"), at(one, "pages", 0, "questions", 1, "answers", 0, "text"),
	})
	assert.Empty(t, at(body, "data", 1, "pages", 0, "questions"), "a question that was not answered is not there")
	assert.Empty(t, at(body, "data", 1, "metadata", "contact"))

	// The second of the filter itself is left out.
	_, body = c.get(bulk + "start_modified_at=2026-11-20T08:00:00")
	assert.Equal(t, 2.0, body["total"])
	c.vendor.Clock.Advance(time.Minute)
	c.vendor.Change(first, func(r *surveymonkey.Reply) { r.Score = 9 })
	_, body = c.get(bulk + "status=completed&sort_order=DESC&per_page=1&page=2")
	assert.Equal(t, second, at(body, "data", 0, "id"), "what changes is the newest")
	c.vendor.Delete(first)
	_, body = c.get(bulk + "status=completed")
	assert.Equal(t, 1.0, body["total"])

	for _, wrong := range []string{"per_page=101", "page=0", "start_modified_at=today", "sort_by=id"} {
		status, body := c.get(bulk + wrong)
		assert.Equal(t, []any{400, "1003"}, []any{status, at(body, "error", "id")}, wrong)
	}
}

func TestRefusals(t *testing.T) {
	c := newClient(t)
	survey := c.vendor.AddSurvey("Customers", surveymonkey.NPS)
	for authorization, id := range map[string]string{"": "1010", "Basic abc": "1010", "bearer other": "1011"} {
		status, body := c.as(authorization, "/surveys")
		assert.Equal(t, []any{401, id}, []any{status, at(body, "error", "id")})
	}
	c.vendor.Configure(func(s *surveymonkey.Settings) { s.Refuse = 1014 })
	status, body := c.get("/surveys/" + survey + "/responses/bulk")
	assert.Equal(t, []any{403, "1014", 403.0}, []any{status, at(body, "error", "id"), at(body, "error", "http_status_code")})
	c.vendor.Configure(func(s *surveymonkey.Settings) { s.Refuse, s.Revoked = 0, true })
	_, body = c.get("/surveys")
	assert.Equal(t, "Client revoked access grant", body["errmsg"])
}

func TestLimits(t *testing.T) {
	c := newClient(t)
	c.vendor.Configure(func(s *surveymonkey.Settings) { s.Day = 4 })
	left := func() string { return c.header.Get("X-Ratelimit-App-Global-Day-Remaining") }
	for i := range 4 {
		status, _ := c.get("/surveys")
		require.Equal(t, 200, status)
		assert.Equal(t, []string{"3", "2", "1", "0"}[i], left())
	}
	status, body := c.get("/surveys")
	assert.Equal(t, []any{429, "1040", "0", "57600", ""}, []any{status, at(body, "error", "id"), left(), c.header.Get("X-Ratelimit-App-Global-Day-Reset"), c.header.Get("Retry-After")})
	// On some days, half as many more are accepted.
	c.vendor.Configure(func(s *surveymonkey.Settings) { s.Lenient = true })
	for range 2 {
		status, _ = c.get("/surveys")
		assert.Equal(t, []any{200, "0"}, []any{status, left()})
	}
	status, _ = c.get("/surveys")
	assert.Equal(t, 429, status)
	c.vendor.Clock.Advance(16 * time.Hour)
	status, _ = c.get("/surveys")
	assert.Equal(t, []any{200, "3"}, []any{status, left()})
	c.vendor.Configure(func(s *surveymonkey.Settings) { s.Minute, s.Day = 2, 500 })
	for range 2 {
		status, _ = c.get("/surveys")
	}
	assert.Equal(t, []any{429, "0", "60"}, []any{status, c.header.Get("X-Ratelimit-App-Global-Minute-Remaining"), c.header.Get("X-Ratelimit-App-Global-Minute-Reset")})
}

func TestFill(t *testing.T) {
	c := newClient(t)
	c.vendor.Fill(120)
	_, body := c.get("/surveys?include=response_count")
	assert.Equal(t, 120.0, at(body, "data", 0, "response_count"))
	_, body = c.get("/surveys/" + at(body, "data", 0, "id").(string) + "/responses/bulk?per_page=100")
	assert.Len(t, body["data"], 100)
	assert.Contains(t, at(body, "links", "next"), "page=2")
}
