package productboard_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/productboard"
)

// client talks to a stand-in.
type client struct {
	*productboard.Server
	t          *testing.T
	url, token string
}

func dial(t *testing.T) *client {
	t.Helper()
	vendor := productboard.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return &client{vendor, t, web.URL, productboard.Token}
}

// get returns the status, the body, and the header of an answer.
func (c *client) get(path string) (int, map[string]any, http.Header) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, http.NoBody)
	require.NoError(c.t, err)
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	var body map[string]any
	require.NoError(c.t, json.NewDecoder(response.Body).Decode(&body))
	return response.StatusCode, body, response.Header
}

func (c *client) ids(path string) (ids []string, next string) {
	c.t.Helper()
	status, body, _ := c.get(path)
	require.Equal(c.t, 200, status, body)
	for _, item := range body["data"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	next, _ = body["links"].(map[string]any)["next"].(string)
	return ids, next
}

func TestPagesOfNotes(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *productboard.Settings) { s.Page = 2 })
	var want []string
	for range 3 {
		want = append(want, c.Add(productboard.Note, nil))
		c.Clock.Advance(time.Hour)
	}
	old := c.Add(productboard.Note, productboard.Body{"archived": true})
	got, next := c.ids("/v2/notes")
	assert.Equal(t, want[:2], got)
	address, err := url.Parse(next)
	require.NoError(t, err)
	assert.Equal(t, "api.productboard.com", address.Host)
	c.Delete(want[0]) // moves no other record
	got, next = c.ids(address.RequestURI())
	assert.Equal(t, want[2:], got)
	assert.Empty(t, next)
	got, _ = c.ids("/v2/notes?archived=true")
	assert.Equal(t, []string{old}, got)
	c.Update(want[1], nil)
	got, _ = c.ids("/v2/notes?updatedFrom=2026-11-20T10:00:00Z")
	assert.Equal(t, want[1:], got)
	status, body, _ := c.get("/v2/notes?updatedFrom=2026-11-20")
	assert.Equal(t, 400, status)
	assert.Contains(t, body["errors"].([]any)[0].(map[string]any)["detail"], "date-time")
}

func TestRelationships(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *productboard.Settings) { s.Related, s.DomainKey = 1, "key" })
	company := c.Add("company", productboard.Body{"domain": "a.example"})
	note := c.Add(productboard.Note, nil)
	c.Relate(note, "customer", company)
	c.Relate(note, "link", c.Add("feature", nil))
	_, body, _ := c.get("/v2/notes/" + note + "/relationships")
	assert.Len(t, body["data"], 1)
	address, err := url.Parse(body["links"].(map[string]any)["next"].(string))
	require.NoError(t, err)
	_, body, _ = c.get(address.RequestURI())
	assert.Equal(t, "feature", body["data"].([]any)[0].(map[string]any)["target"].(map[string]any)["type"])
	_, body, _ = c.get("/v2/entities?type%5B%5D=company")
	fields := body["data"].([]any)[0].(map[string]any)["fields"].(map[string]any)
	assert.Equal(t, "a.example", fields["key"])
	assert.NotContains(t, fields, "domain")
	_, body, _ = c.get("/v2/entities/" + company)
	assert.Equal(t, "a.example", body["data"].(map[string]any)["fields"].(map[string]any)["domain"])
}

func TestRefusals(t *testing.T) {
	c := dial(t)
	for range 50 {
		c.get("/v2/notes")
	}
	status, _, header := c.get("/v2/notes")
	assert.Equal(t, 429, status)
	assert.Equal(t, "1", header.Get("Retry-After"))
	c.Clock.Advance(time.Second)
	status, body, _ := c.get("/notes")
	assert.Equal(t, 410, status)
	assert.Equal(t, productboard.Retired, body["errors"].([]any)[0].(map[string]any)["detail"])
	for path, want := range map[string]int{"/v2/entities?type=feature": 400, "/v2/entities?type%5B%5D=idea": 400, "/v2/entities/7": 404, "/v2/nothing": 404, "/v2/notes?pageCursor=%21": 400} {
		status, _, _ = c.get(path)
		assert.Equal(t, want, status, path)
	}
	c.token = "other"
	status, _, _ = c.get("/v2/notes")
	assert.Equal(t, 401, status)
}
