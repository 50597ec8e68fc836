package planhat

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecordsGoOverTheWire(t *testing.T) {
	const big = `{"_id":"1","n":9007199254740993,"deep":{"a":[1,2.50]}}`
	type company struct {
		Name string `json:"name"`
	}
	for _, tt := range []struct {
		name   string
		do     func(*Client) (Record, error)
		method string
		path   string
		body   string
	}{
		{"create a record", func(c *Client) (Record, error) {
			return c.Company.Create(t.Context(), Record(`{"name":"Ä","n":9007199254740993}`))
		}, "POST", "/companies", `{"name":"Ä","n":9007199254740993}`},
		{"create a struct", func(c *Client) (Record, error) { return c.Company.Create(t.Context(), company{"a"}) }, "POST", "/companies", `{"name":"a"}`},
		{"create bytes", func(c *Client) (Record, error) { return c.Company.Create(t.Context(), []byte(` {"name":"a"} `)) }, "POST", "/companies", `{"name":"a"}`},
		{"create a map", func(c *Client) (Record, error) {
			return c.Company.Create(t.Context(), map[string]any{"name": "a", "b": 1})
		}, "POST", "/companies", `{"b":1,"name":"a"}`},
		{"get", func(c *Client) (Record, error) { return c.Company.GetByID(t.Context(), "67d0") }, "GET", "/companies/67d0", ""},
		{"get escaped", func(c *Client) (Record, error) { return c.Company.GetByID(t.Context(), "extid-a/b [1]?#%") }, "GET", "/companies/extid-a%2Fb%20%5B1%5D%3F%23%25", ""},
		{"get by source", func(c *Client) (Record, error) { return c.Task.GetByID(t.Context(), "srcid-7") }, "GET", "/tasks/srcid-7", ""},
		{"update", func(c *Client) (Record, error) {
			return c.License.Update(t.Context(), "extid-1", Record(`{"_id":"67d0","value":1}`))
		}, "PUT", "/licenses/extid-1", `{"value":1}`},
		{"delete", func(c *Client) (Record, error) { return c.NPS.Delete(t.Context(), "67d0") }, "DELETE", "/nps/67d0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, always(http.StatusOK, big))
			got, err := tt.do(newClient(t, s))
			require.NoError(t, err)
			assert.Equal(t, big, string(got))
			seen := s.requests()
			require.Len(t, seen, 1)
			assert.Equal(t, tt.method, seen[0].method)
			assert.Equal(t, tt.path, seen[0].path)
			assert.Equal(t, tt.body, seen[0].body)
			assert.Equal(t, "Bearer "+apiToken, seen[0].header.Get("Authorization"))
			assert.Equal(t, "gzip", seen[0].header.Get("Accept-Encoding"))
		})
	}
}

func TestBasicAuthentication(t *testing.T) {
	s := newServer(t, always(http.StatusOK, `{"_id":"1"}`))
	c := newClient(t, s, func(c *Config) { c.BasicAuth = true })
	_, err := c.User.GetByID(t.Context(), "1")
	require.NoError(t, err)
	user, password, ok := (&http.Request{Header: s.requests()[0].header}).BasicAuth()
	assert.True(t, ok)
	assert.Equal(t, apiToken, user)
	assert.Empty(t, password)
}

func TestRecordsThatAreRefusedBeforeSending(t *testing.T) {
	s := newServer(t, always(http.StatusOK, `{}`))
	c := newClient(t, s)
	ctx := t.Context()
	ignore := func(_ Record, err error) error { return err }
	for _, tt := range []struct {
		name string
		err  error
		kind Kind
		text string
	}{
		{"empty id", ignore(c.Company.GetByID(ctx, "")), KindValidation, "the id is empty"},
		{"empty external id", ignore(c.Company.GetByID(ctx, "extid-")), KindValidation, "the id is empty"},
		{"dots", ignore(c.Company.Delete(ctx, "..")), KindValidation, "not valid"},
		{"unknown prefix", ignore(c.Task.GetByID(ctx, "extid-1")), KindValidation, "does not support ids with extid-"},
		{"other _id", ignore(c.Company.Update(ctx, "1", Record(`{"_id":"2"}`))), KindValidation, "another record"},
		{"no object", ignore(c.Company.Create(ctx, Record(`[1]`))), KindValidation, "not a list"},
		{"twice named", ignore(c.Company.Create(ctx, Record(`{"a":1,"a":2}`))), KindValidation, "has a duplicate property"},
		{"not JSON", ignore(c.Company.Create(ctx, make(chan int))), KindValidation, "can't be written as JSON"},
		{"enduser without a key", ignore(c.Enduser.Create(ctx, Record(`{"companyId":"1","email":""}`))), KindValidation, "one of email, externalId or sourceId is required"},
		{"empty key", ignore(c.Company.Create(ctx, Record(`{"externalId":" "}`))), KindValidation, "externalId is empty"},
		{"missing operation", ignore(c.Workflow.Resource().Create(ctx, Record(`{}`))), KindConfig, "no such operation"},
	} {
		e := in(t, tt.err)
		assert.Equal(t, tt.kind, e.Kind, tt.name)
		assert.Contains(t, e.Error(), tt.text, tt.name)
		assert.NotEmpty(t, e.Model, tt.name)
		assert.NotEmpty(t, e.Operation, tt.name)
	}
	assert.Empty(t, s.requests())
}

// TestIdsThatWorkAreNamed: the hint of a refused id names those that work, also after
// a look-up.
func TestIdsThatWorkAreNamed(t *testing.T) {
	c := newClient(t, newServer(t, always(http.StatusOK, `{}`)))
	_, err := c.Task.GetByID(t.Context(), "extid-1")
	assert.Equal(t, "use _id or srcid-", in(t, err).Hint)
	_, err = c.Note.Update(t.Context(), "srcid-1", Record(`{"name":"x"}`))
	assert.Equal(t, "use _id or extid-", in(t, err).Hint)
	_, err = c.Churn.Update(t.Context(), "extid-1", Record(`{"name":"x"}`))
	assert.Equal(t, "use _id or srcid-", in(t, err).Hint)
	_, err = c.TimeEntry.Delete(t.Context(), "extid-1")
	assert.Equal(t, "use _id", in(t, err).Hint)
}

func TestDeleteAnswers(t *testing.T) {
	for _, tt := range []struct {
		status     int
		body, want string
	}{
		{204, "", `{}`},
		{200, "", `{}`},
		{200, `{"n":1,"ok":1,"deletedCount":1}`, `{"n":1,"ok":1,"deletedCount":1}`},
		{200, `{"_id":"1","name":"gone"}`, `{"_id":"1","name":"gone"}`},
		{200, "deleted", `{"message":"deleted"}`},
	} {
		s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
			if q.method == http.MethodGet {
				answerWith(w, 404, "")
				return
			}
			w.WriteHeader(tt.status)
			if tt.body != "" {
				_, _ = w.Write([]byte(tt.body))
			}
		})
		got, err := newClient(t, s).Company.Delete(t.Context(), "1")
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(got))
	}
}

func TestDeleteByExternalIDLooksUpFirst(t *testing.T) {
	s := newServer(t, always(http.StatusOK, `{"_id":"67d0"}`))
	_, err := newClient(t, s).Company.Delete(t.Context(), "extid-a 1")
	require.NoError(t, err)
	seen := s.requests()
	require.Len(t, seen, 2)
	assert.Equal(t, "GET /companies/extid-a%201", seen[0].method+" "+seen[0].path)
	assert.Equal(t, "DELETE /companies/67d0", seen[1].method+" "+seen[1].path)
}

func TestAFailedLookUpNamesTheCall(t *testing.T) {
	s := newServer(t, always(http.StatusNotFound, `{"message":"none"}`))
	c := newClient(t, s)
	_, err := c.Company.Delete(t.Context(), "extid-foo")
	var failed *Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, KindNotFound, failed.Kind)
	assert.Equal(t, "company.delete", failed.Model+"."+failed.Operation)
	assert.Contains(t, failed.Message, "extid-foo")
}

func TestDeleteWhoseAnswerWasLostIsDone(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		if n == 1 {
			cut(w)
			return
		}
		answerWith(w, http.StatusNotFound, `{}`)
	})
	c := newClient(t, s)
	got, err := c.Company.Delete(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, `{"deletedCount":1}`, string(got))
	_, err = c.Company.Delete(t.Context(), "1")
	assert.Equal(t, KindNotFound, in(t, err).Kind, "without a lost answer a 404 stays one")
}

func TestUnknownModel(t *testing.T) {
	c := newClient(t, newServer(t, always(200, "")))
	_, err := c.Model("compny")
	e := in(t, err)
	assert.Equal(t, KindConfig, e.Kind)
	assert.Contains(t, e.Hint, "'company'")
	r, err := c.Model("time_entry")
	require.NoError(t, err)
	assert.Equal(t, "Time_Entry", r.Model().Name)
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no token":        {},
		"token in pieces": {APIToken: "a b-secret"},
		"no host":         {APIToken: "secret-token", BaseURL: "api.planhat.com"},
		"query":           {APIToken: "secret-token", BaseURL: "https://api.planhat.com/?a=1"},
		"user":            {APIToken: "secret-token", AnalyticsURL: "https://u:p@api.planhat.com"},
	} {
		_, err := New(cfg)
		e := in(t, err)
		assert.Equal(t, KindConfig, e.Kind, name)
		assert.NotEmpty(t, e.Hint, name)
		assert.NotContains(t, e.Error()+e.Hint, "secret", name)
	}
	assert.Equal(t, "https://api-us2.planhat.com", RegionalURL("US2"))
	assert.Equal(t, DefaultBaseURL, RegionalURL(""))
}

func TestCallsNeedTheirToken(t *testing.T) {
	s := newServer(t, always(200, `{}`))
	c := newClient(t, s, func(c *Config) { c.APIToken = "" })
	_, err := c.Company.GetByID(t.Context(), "1")
	assert.Equal(t, KindConfig, in(t, err).Kind)
	c = newClient(t, s, func(c *Config) { c.TenantToken = "" })
	_, err = c.UserActivity.CreateActivity(context.Background(), Record(`{"email":"a@b.c"}`))
	assert.Equal(t, KindConfig, in(t, err).Kind)
	assert.Empty(t, s.requests())
}
