package planhat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering answers every request in the same way.
type answering struct {
	status int
	body   []byte
}

func (a *answering) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Body != nil {
		_, _ = io.Copy(io.Discard, q.Body)
	}
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: q,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// bulkRows are rows of each kind of call: some share a key, some have none.
var bulkRows = [][]Record{
	{[]byte(`{"externalId":"a","name":"x"}`), []byte(`{"_id":"1","name":"y"}`), []byte(`{"name":"z"}`), []byte(`{"sourceId":"s","externalId":"b","name":"w"}`)},
	{[]byte(`{"email":"A@x.se","companyId":"c"}`), []byte(`{"email":"b@x.se","externalId":"7"}`), []byte(`{"name":"z","companyId":"c"}`)},
	{[]byte(`{"dimensionId":"d","externalId":"a","value":1,"date":19000}`), []byte(`{"dimensionId":"d","externalId":"a","value":2,"date":19001}`), []byte(`{"dimensionId":"e","externalId":"a","value":1,"date":19000}`)},
	{[]byte(`{"email":"a@x.se","action":"login","companyExternalId":"c"}`), []byte(`{"email":"a@x.se","action":"view","companyExternalId":"c"}`)},
	{[]byte(`1`), []byte(`2`), []byte(`3`)},
}

// FuzzBulkAnswer gives any answer to bulk calls: every row ends in exactly one state, no
// error repeats the token, and what the answer says of rows is JSON.
func FuzzBulkAnswer(f *testing.F) {
	for i, body := range []string{
		"", "null", "{}", "[]", "OK", "<html></html>", `{"created":1,"updated":1,"nonupdates":2}`, `{"created":4,"createdErrors":[],"insertsKeys":[{"_id":"9","externalId":"a"}],"updated":0,"updatesKeys":[],"modified":["1"]}`,
		`{"created":1,"createdErrors":[{"externalId":"a","message":"no"}],"updatedErrors":["1: bad"],"permissionErrors":[{"index":2}]}`, `{"created":3,"createdErrors":["no such company","no such company"]}`, `{"created":0,"updated":0,"createdErrors":{"message":"x"}}`, `{"created":99}`, `{"created":-1}`, `{"created":"2","updated":1.5}`, `{"created":[1,2],"updated":[{"_id":"1"}]}`,
		`{"errors":[{"email":"a@x.se","message":"dropped"}],"processed":1}`, `{"processed":3,"errors":[]}`, `{"processed":1,"errors":[{"index":1,"message":"no"},{"index":1,"message":"again"}]}`, `[{"ok":true},{"error":"no"},{"errors":["x"]}]`, `[{"_id":"11"},{"_id":"12"},{"_id":"13"}]`, `{"insertsKeys":[{"externalId":"a","_id":"5"},{"externalId":"b","_id":"5"}],"created":2,"createdErrors":[{"externalId":"a"}]}`,
		`{"created":1,"nonupdates":1,"createdErrors":[{"item":{"externalId":"b"}},{"row":{"name":"z"},"message":"line\nbreak"}]}`, `{"createdErrors":[{"message":"` + apiToken + `"}],"created":3}`, `{"error":"` + tenantToken + `"}`, `{"statusCode":400,"message":"x"}`, `{"created":1,"created":2}`, `{"created":1e3}`, `{"created":1,"updatedErrors":[[[]],null,1,true]}`, `{"created":2,"createdErrors":[{"keys":{"email":"a@x.se"}},{"keys":{"email":"A@X.SE"}}]}`, "{\"createdErrors\":[\"\\ud83d\"],\"created\":3}", "{\"createdErrors\":[\"\xff\"],\"created\":3}",
		`{"processed":2,"errors":[{"dimensionId":"d","externalId":"a","message":"x"}]}`, `{"processed":1,"errors":[{"dimensionId":"d","externalId":"a","value":1},{"dimensionId":"d","externalId":"a","value":2}]}`, `{"created":2,"updated":2,"createdErrors":[{"externalId":"a"},{"_id":"1"}],"updatesKeys":[{"_id":"1"}]}`,
	} {
		for call := range byte(5) {
			f.Add([]byte(body), call, byte(i))
		}
	}
	transport := &answering{}
	quick := fast
	quick.MaxAttempts, quick.MaxPauses = 2, 1
	client, err := New(Config{
		APIToken: apiToken, TenantToken: tenantToken, BaseURL: "http://planhat.test/base", AnalyticsURL: "http://planhat.test/base",
		HTTPClient: &http.Client{Transport: transport}, Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1}), Retry: quick,
	})
	require.NoError(f, err)
	f.Cleanup(client.Close)
	f.Fuzz(func(t *testing.T, body []byte, call, status byte) {
		if len(body) > 1<<13 {
			return
		}
		transport.body, transport.status = body, []int{200, 206, 400, 403, 201, 413, 500, 401}[status%8]
		rows := bulkRows[call%5]
		ctx := WithRetryFor(context.Background(), 0)
		var result *BulkResult
		var err error
		switch call % 5 {
		case 0:
			result, err = client.Company.BulkUpsert(ctx, rows, BulkOptions{ChunkRows: int(call / 64)})
		case 1:
			result, err = client.Enduser.BulkUpsert(ctx, rows, BulkOptions{ChunkRows: int(call / 64)})
		case 2:
			result, err = client.Metrics.BulkInsertMetrics(ctx, rows, BulkOptions{})
		case 3:
			result, err = client.UserActivity.BulkCreateActivity(ctx, rows, BulkOptions{})
		default:
			result, err = client.TimeEntry.Duplicate(ctx, []string{"1", "2", "3"})
		}
		require.NotNil(t, result)
		checkBulk(t, result, err, len(rows))
	})
}

// checkBulk checks that a result accounts for each row once.
func checkBulk(t *testing.T, r *BulkResult, err error, rows int) {
	assert.Equal(t, rows, r.Rows)
	for _, n := range []int{r.Created, r.Updated, r.Unchanged, r.UncertainOutcome} {
		assert.GreaterOrEqual(t, n, 0)
	}
	assert.Zero(t, r.Planned)
	assert.Equal(t, rows, r.Created+r.Updated+r.Unchanged+r.UncertainOutcome+len(r.Errors), "created, updated, unchanged and not taken: %+v", r)
	seen := map[int]bool{}
	last := 0
	for _, e := range r.Errors {
		assert.NotEmpty(t, e.Kind)
		assert.NotEmpty(t, e.Message)
		assert.NotContains(t, e.Message, "\n")
		assert.Contains(t, []RowState{RowRejected, RowUnsent, RowUnknown}, e.State())
		assert.NotContains(t, e.Message+string(e.Raw), apiToken)
		assert.NotContains(t, e.Message+string(e.Raw), tenantToken)
		if e.Raw != nil {
			assert.True(t, jsontext.Value(e.Raw).IsValid(anyText), "%s", e.Raw)
		}
		place := e.Index
		if place < 0 {
			assert.Equal(t, -1, place)
			place = rows
		} else {
			assert.NotNil(t, e.Row)
			assert.False(t, seen[place], "row %d is named twice", place)
			seen[place] = true
		}
		assert.LessOrEqual(t, last, place, "rows are in order")
		last = place
	}
	assert.LessOrEqual(t, last, rows)
	ids := map[string]bool{}
	for _, k := range r.Keys {
		assert.False(t, seen[k.Index], "row %d has a record and an error, or two", k.Index)
		seen[k.Index] = true
		assert.False(t, ids[k.ID] || k.ID == "", "the id of two rows")
		ids[k.ID] = true
		assert.True(t, 0 <= k.Index && k.Index < rows)
	}
	if err == nil {
		assert.Zero(t, r.FailedChunks)
		return
	}
	var e *Error
	require.True(t, errors.As(err, &e), "%v", err)
	assert.Same(t, r, e.Result)
	assert.NotContains(t, e.Error()+e.Hint+string(e.Body), apiToken)
	assert.False(t, strings.Contains(e.Error()+e.Hint+string(e.Body), tenantToken))
}
