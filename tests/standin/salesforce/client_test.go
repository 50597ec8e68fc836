package salesforce_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

const data = "/services/data/v68.0"

// client talks to a stand-in.
type client struct {
	*salesforce.Server
	t      *testing.T
	url    string
	token  string
	header http.Header
}

func dial(t *testing.T) *client {
	t.Helper()
	vendor := salesforce.New(standin.NewClock(start))
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return &client{vendor, t, web.URL, vendor.Token(), http.Header{}}
}

type answer struct {
	status int
	header http.Header
	text   string
}

func (c *client) do(method, path string, body any) answer {
	c.t.Helper()
	var reader io.Reader
	if form, ok := body.(url.Values); ok {
		reader = strings.NewReader(form.Encode())
	} else if body != nil {
		text, err := json.Marshal(body)
		require.NoError(c.t, err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, reader)
	require.NoError(c.t, err)
	request.Header = c.header.Clone()
	request.Header.Set("Authorization", "Bearer "+c.token)
	if _, ok := body.(url.Values); ok {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (a answer) object(t *testing.T) (body map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.text), &body), a.text)
	return body
}

// refused are the code and message of an error.
func (a answer) refused(t *testing.T) (code, message string) {
	t.Helper()
	var list []struct{ ErrorCode, Message string }
	require.NoError(t, json.Unmarshal([]byte(a.text), &list), a.text)
	require.Len(t, list, 1)
	return list[0].ErrorCode, list[0].Message
}

func (c *client) query(soql string) answer {
	c.t.Helper()
	return c.do("GET", data+"/query?q="+url.QueryEscape(soql), nil)
}

// ids are those of the records that a query finds.
func (c *client) ids(path, soql string) (ids []string) {
	c.t.Helper()
	a := c.do("GET", data+path+"?q="+url.QueryEscape(soql), nil)
	require.Equal(c.t, 200, a.status, a.text)
	for _, record := range a.object(c.t)["records"].([]any) {
		ids = append(ids, record.(map[string]any)["Id"].(string))
	}
	return ids
}
