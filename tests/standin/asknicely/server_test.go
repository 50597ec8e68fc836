package asknicely_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/asknicely"
)

func TestResponses(t *testing.T) {
	vendor := asknicely.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
	web := httptest.NewServer(vendor)
	defer web.Close()
	get := func(path, key string) (int, map[string]any) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/api/v1/responses/"+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("X-apikey", key)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		var body map[string]any
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
		return answer.StatusCode, body
	}
	for i := range 3 {
		vendor.AddAt(vendor.Clock.Now().Add(time.Duration(i)*time.Second), nil)
	}
	const rest = "json/answered/responded"
	status, body := get("desc/2/1/0/"+rest, asknicely.Key)
	require.Equal(t, 200, status)
	assert.Equal(t, []any{"3", "2", "1", "2"}, []any{body["total"], body["totalpages"], body["pagenumber"], body["pagesize"]})
	assert.Equal(t, "54003", body["data"].([]any)[0].(map[string]any)["response_id"])
	// The second of the time itself is left out.
	_, body = get(fmt.Sprintf("asc/10/1/%d/", vendor.Clock.Now().Unix())+rest, asknicely.Key)
	assert.Equal(t, "2", body["total"])
	status, body = get("asc/10/1/0/"+rest, "other")
	assert.Equal(t, []any{401, "Invalid API key"}, []any{status, body["msg"]})
	status, _ = get("asc/60000/1/0/"+rest, asknicely.Key)
	assert.Equal(t, 400, status)
	vendor.Fill(1000)
	_, body = get("asc/1000/1/0/"+rest, asknicely.Key) // from a file
	assert.Len(t, body["data"], 1000)
	for range 200 {
		status, body = get("asc/10/1/0/"+rest, asknicely.Key)
	}
	assert.Equal(t, []any{429, "req-10s"}, []any{status, body["type"]})
}
