package traffic_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/traffic"
)

// TestWrongRequests are found wherever the id of a record that does not exist yet is.
func TestWrongRequests(t *testing.T) {
	const id = "0000000012ab34cd00000001"
	p := traffic.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(w, r.Body)
		assert.NoError(t, err)
	}))
	send := func(method, path, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, body, string(text), "the request arrives as it was sent")
	}
	for _, bad := range []struct{ method, path, body string }{
		{"GET", "/companies/" + id, ""},
		{"GET", "/companies/" + strings.ToUpper(id), ""},
		{"GET", "/companies/%30" + id[1:], ""},
		{"GET", "/endusers?companyId=" + id, ""},
		{"GET", "/endusers?companyId=%30" + id[1:], ""},
		{"POST", "/endusers", `{"companyId":"` + id + `"}`},
		{"PUT", "/companies", `[{"name":"see ` + id + `."}]`},
		{"PUT", "/companies", `[{"name":"\u0030` + id[1:] + `"}]`},
	} {
		send(bad.method, bad.path, bad.body)
		assert.Len(t, p.Wrong(), 1, "%+v", bad)
	}
	send("POST", "/analytics/00000000-0000-4000-8000-000000000626", `{"_id":"65920080b97f4a7a00000000"}`)
	p.Planning(func() { send("GET", "/companies", "") })
	assert.Empty(t, p.Wrong())
	p.Planning(func() { send("DELETE", "/companies/x", "") })
	assert.Equal(t, []string{"a write was sent while a plan was made: DELETE /companies/x"}, p.Wrong())
	requests := p.Requests()
	assert.Equal(t, 5, traffic.Writes(requests))
	assert.Len(t, requests, 11)
}
