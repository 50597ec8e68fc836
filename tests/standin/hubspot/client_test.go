package hubspot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// client talks to a stand-in.
type client struct {
	*hubspot.Server
	t     *testing.T
	url   string
	token string
}

func dial(t *testing.T) *client {
	t.Helper()
	vendor := hubspot.New(standin.NewClock(start))
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return &client{vendor, t, web.URL, hubspot.ServiceKey}
}

// unlimited lifts the limits on requests.
func (c *client) unlimited() *client {
	c.Configure(func(s *hubspot.Settings) { s.Burst, s.Search, s.Daily = 0, 0, 0 })
	return c
}

// answer is a parsed answer. Fields that a test does not need are left out.
type answer struct {
	status  int
	header  http.Header
	Total   int
	Results []struct {
		ID         string
		Properties map[string]*string
		Archived   bool
		ArchivedAt string
		UpdatedAt  string
		From       struct{ ID string }
		To         []struct {
			ToObjectID       string
			AssociationTypes []struct {
				TypeID int
				Label  *string
			}
		}
		Paging paging
		Email  string
	}
	Errors    []struct{ Category, SubCategory, Code, Message string }
	NumErrors int
	Paging    paging

	ID                                    string
	Properties                            map[string]*string
	Status, Message, Category, PolicyName string
	AccessToken, RefreshToken             string
	ExpiresIn                             int
}

type paging struct{ Next struct{ After string } }

func (c *client) do(method, path string, body any) answer {
	c.t.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(c.t, err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, reader)
	require.NoError(c.t, err)
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	if text, err := io.ReadAll(response.Body); len(text) > 0 {
		require.NoError(c.t, err)
		require.NoError(c.t, json.Unmarshal(text, &a), "%s", text)
	}
	return a
}

type object = map[string]any

// window is the search for records that changed between two times, after an id.
func window(property string, from, to time.Time, after string, limit int) object {
	return object{
		"limit": limit, "after": "", "properties": []string{"name"},
		"sorts": []any{object{"propertyName": "hs_object_id", "direction": "ASCENDING"}},
		"filterGroups": []any{object{"filters": []any{
			object{"propertyName": property, "operator": "BETWEEN", "value": fmt.Sprint(from.UnixMilli()), "highValue": fmt.Sprint(to.UnixMilli())},
			object{"propertyName": "hs_object_id", "operator": "GT", "value": after},
		}}},
	}
}

func (c *client) search(objectType string, body any) answer {
	c.t.Helper()
	return c.do("POST", "/crm/objects/2026-09/"+objectType+"/search", body)
}

func (a answer) ids() (ids []string) {
	for _, r := range a.Results {
		ids = append(ids, r.ID)
	}
	return ids
}

// get returns only the status: not every body is JSON.
func (c *client) get(path string) (int, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
