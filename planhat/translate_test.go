package planhat

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSpecificationsNamesAreTranslated(t *testing.T) {
	for _, tt := range []struct{ kind, in, want, err string }{
		{"activity", `{"event":"login","userId":"user123","companyId":"extid-123","timestamp":"2024-01-15T10:30:00Z"}`,
			`{"action":"login","externalId":"user123","date":"2024-01-15T10:30:00Z","companyExternalId":"123"}`, ""},
		{"activity", `{"action":"a","email":"x@y.z","info":{"event":"kept"}}`, `{"action":"a","email":"x@y.z","info":{"event":"kept"}}`, ""},
		{"activity", `{"action":"a","event":"a","externalId":1,"userId":"1"}`, `{"action":"a","externalId":1}`, ""},
		{"activity", `{"event":"a","action":null,"email":"x@y.z","companyId":null}`, `{"email":"x@y.z","action":"a"}`, ""},
		{"activity", `{"action":"a","event":"b","email":"x@y.z"}`, "", "event and action mean the same, but differ"},
		{"activity", `{"email":"x@y.z","companyId":"srcid-1"}`, "", `the companyId "srcid-1" can't be used here`},
		{"activity", `{"email":"x@y.z","companyId":"67d08140557181002fd170dd"}`, "", "can't be used here"},
		{"activity", `{"email":"x@y.z","companyId":"extid-1","companyExternalId":"2"}`, "", "mean the same, but differ"},
		{"activity", `{"event":"login"}`, "", "drops user activities without email or externalId"},
		{"metric", `{"dimensionId":"daily_logins","companyId":"extid-123","value":150,"time":"2024-01-15T00:00:00Z"}`,
			`{"dimensionId":"daily_logins","value":150,"date":"2024-01-15T00:00:00Z","externalId":"123"}`, ""},
		{"metric", `{"dimensionId":"d","value":1,"externalId":"e","model":"EndUser"}`, `{"dimensionId":"d","value":1,"externalId":"e","model":"EndUser"}`, ""},
		{"metric", `{"dimensionId":"d","value":1,"companyId":"extid-e","model":"EndUser"}`, "", "companyId can't be used when model is \"EndUser\""},
		{"metric", `{"dimensionId":"d","value":1,"companyId":"67d08140557181002fd170dd"}`, "", "can't be used here"},
		{"metric", `{"dimensionId":"d","value":1,"externalId":"a","companyId":"extid-b"}`, "", "mean the same, but differ"},
		{"metric", `{"dimensionId":"d","value":1,"date":"1","time":"2","externalId":"a"}`, "", "time and date mean the same, but differ"},
		{"metric", `{"dimensionId":"d","value":1}`, "", "a metric needs the externalId"},
	} {
		s := newServer(t, always(200, `{"processed":1,"errors":[]}`))
		c := newClient(t, s)
		prepare := c.resources["user_activity"].prepareActivity
		if tt.kind == "metric" {
			prepare = c.resources["metrics"].prepareMetric
		}
		got, _, err := prepare(Record(tt.in))
		if tt.err != "" {
			e := in(t, err)
			assert.Equal(t, KindValidation, e.Kind, tt.in)
			assert.Contains(t, e.Message, tt.err, tt.in)
			continue
		}
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.want, string(got), tt.in)
	}
}

func TestActivitiesAndMetricsGoToTheAnalyticsHost(t *testing.T) {
	s := newServer(t, always(200, `{"processed":1,"errors":[{"index":1,"message":"unknown company"}]}`))
	c := newClient(t, s)
	ctx := t.Context()
	_, err := c.UserActivity.CreateActivity(ctx, Record(`{"event":"login","userId":"u"}`))
	require.NoError(t, err)
	result, err := c.UserActivity.BulkCreateActivity(ctx, []Record{Record(`{"event":"login","userId":"u"}`), Record(`{"userId":"v"}`), Record(`{}`)}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Created)
	assert.Len(t, result.Errors, 2)
	result, err = c.Metrics.BulkInsertMetrics(ctx, []Record{
		Record(`{"dimensionId":"d","value":1,"companyId":"extid-1"}`), Record(`{"dimensionId":"d","value":2,"externalId":"1"}`),
	}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Created)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, "unknown company", result.Errors[0].Message)
	assert.Equal(t, "externalId 1", result.Errors[0].Key)
	_, err = c.UserActivity.Segment(ctx, Record(`{"type":"track","user_id":"1","event":"e"}`))
	require.NoError(t, err)

	seen := s.requests()
	require.Len(t, seen, 4)
	assert.Equal(t, "/analytics/"+tenantToken, seen[0].path)
	assert.Equal(t, "/analytics/bulk/"+tenantToken, seen[1].path)
	assert.Equal(t, `[{"action":"login","externalId":"u"},{"externalId":"v"}]`, seen[1].body)
	assert.Equal(t, "/dimensiondata/"+tenantToken, seen[2].path)
	assert.Equal(t, "/dock/segment", seen[3].path)
	for _, q := range seen[:3] {
		assert.Empty(t, q.header.Get("Authorization"))
	}
	assert.Equal(t, "Basic MTExMTExMTEtMjIyMi0zMzMzLTQ0NDQtNTU1NTU1NTU1NTU1Og==", seen[3].header.Get("Authorization"))
}

func TestSegmentCallsThatPlanhatWouldIgnore(t *testing.T) {
	s := newServer(t, always(200, ``))
	c := newClient(t, s)
	for body, ok := range map[string]bool{
		`{"type":"identify","userId":"1"}`:                     true,
		`{"type":"identify","traits":{"email":"a@b.c"}}`:       true,
		`{"type":"track","properties":{"email":"a@b.c"}}`:      true,
		`{"type":"page","userId":"1"}`:                         false,
		`{"type":"track","event":"e","traits":{"name":"Ann"}}`: false,
	} {
		_, err := c.UserActivity.Segment(t.Context(), Record(body))
		assert.Equal(t, ok, err == nil, body)
	}
	assert.Len(t, s.requests(), 3)
}

func TestNothingIsKnownAboutAPlainAnswer(t *testing.T) {
	s := newServer(t, always(200, `OK`))
	c := newClient(t, s)
	got, err := c.UserActivity.CreateActivity(t.Context(), Record(`{"email":"a@b.c"}`))
	require.NoError(t, err)
	assert.Equal(t, `{"message":"OK"}`, string(got))
	result, err := c.UserActivity.BulkCreateActivity(t.Context(), []Record{Record(`{"email":"a@b.c"}`)}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Created)
}
