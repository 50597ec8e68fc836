package aha_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/aha"
)

// dial starts a stand-in, and returns a function that reads from it with a key.
func dial(t *testing.T) (vendor *aha.Server, get func(key, path string) (int, map[string]any)) {
	t.Helper()
	vendor = aha.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return vendor, func(key, path string) (int, map[string]any) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		var body map[string]any
		_ = json.NewDecoder(response.Body).Decode(&body)
		return response.StatusCode, body
	}
}

func ids(body map[string]any, kind string) (ids []string) {
	for _, item := range body[kind].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

func TestLists(t *testing.T) {
	vendor, get := dial(t)
	var want []string
	for range 3 {
		want = append([]string{vendor.Add(aha.Ideas, aha.Body{"name": "Idea"})}, want...)
		vendor.Clock.Advance(time.Hour)
	}
	_, body := get(aha.Token, "/api/v1/ideas?per_page=2")
	assert.Equal(t, want[:2], ids(body, aha.Ideas), "the newest first")
	assert.Equal(t, map[string]any{"total_records": 3.0, "total_pages": 2.0, "current_page": 1.0}, body["pagination"])
	vendor.Add(aha.Ideas, nil)
	_, body = get(aha.Token, "/api/v1/ideas?per_page=2&page=2")
	assert.Equal(t, want[1:], ids(body, aha.Ideas), "a new record moves the others")
	vendor.Update(want[2], nil)
	_, body = get(aha.Token, "/api/v1/ideas?updated_since=2026-11-20T11:00:00Z")
	assert.Len(t, body[aha.Ideas], 2)
	status, _ := get(aha.Token, "/api/v1/ideas?updated_since=yesterday")
	assert.Equal(t, 400, status)

	vendor.Add(aha.Features, aha.Body{"name": "Feature"})
	_, body = get(aha.Token, "/api/v1/features")
	assert.NotContains(t, body[aha.Features].([]any)[0], "workflow_status")
	_, body = get(aha.Token, "/api/v1/features?fields=name,workflow_status")
	assert.Contains(t, body[aha.Features].([]any)[0], "workflow_status")

	vendor.Add(aha.Votes, aha.Body{"idea_id": want[0]})
	vendor.Add(aha.Votes, aha.Body{"idea_id": want[1]})
	_, body = get(aha.Token, "/api/v1/ideas/endorsements")
	assert.Len(t, body[aha.Votes], 2)
	_, body = get(aha.Token, "/api/v1/ideas/"+want[0]+"/endorsements")
	assert.Len(t, body[aha.Votes], 1)
}

func TestRecycleBin(t *testing.T) {
	vendor, get := dial(t)
	id := vendor.Add(aha.Ideas, aha.Body{"name": "Idea"})
	vendor.Delete(id)
	_, body := get(aha.Token, "/api/v1/ideas")
	assert.Empty(t, body[aha.Ideas])
	_, body = get(aha.Token, "/api/v1/deletions")
	assert.Equal(t, map[string]any{"name": "Idea", "type": "Idea", "reference_num": "PRJ1-I-1"}, body["deletions"].([]any)[0].(map[string]any)["record"])
	vendor.Clock.Advance(7 * 24 * time.Hour)
	_, body = get(aha.Token, "/api/v1/deletions")
	assert.Empty(t, body["deletions"])
	vendor.Restore(id)
	_, body = get(aha.Token, "/api/v1/ideas")
	assert.Len(t, body[aha.Ideas], 1)
}

func TestRefusals(t *testing.T) {
	vendor, get := dial(t)
	status, _ := get("other", "/api/v1/ideas")
	assert.Equal(t, 401, status)
	status, _ = get(aha.Token, "/api/v1/nothing")
	assert.Equal(t, 404, status)
	for range 19 {
		get(aha.Token, "/api/v1/ideas")
	}
	status, _ = get(aha.Token, "/api/v1/ideas")
	assert.Equal(t, 429, status, "20 per second")
	vendor.Clock.Advance(time.Second)
	status, _ = get(aha.Token, "/api/v1/ideas")
	assert.Equal(t, 200, status)
}
