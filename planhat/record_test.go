package planhat_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

func simulated(t *testing.T) (*simulator.Server, *planhat.Client) {
	t.Helper()
	s, err := simulator.Start(simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	c, err := planhat.New(planhat.Config{APIToken: s.APIToken(), BaseURL: s.URL(), Retry: planhat.RetryPolicy{MaxAttempts: 1}})
	require.NoError(t, err)
	return s, c
}

func TestRecordsAsStructs(t *testing.T) {
	s, c := simulated(t)
	for _, name := range []string{"Acme", "Bolt"} {
		require.NoError(t, s.Put("company", map[string]any{"name": name, "externalId": name, "mrr": 12.5, "custom": map[string]any{"Tier": "gold"}}))
	}
	var names []string
	for company, err := range planhat.EachAs[planhat.Company](c.Company.Each(t.Context(), planhat.ListOptions{})) {
		require.NoError(t, err)
		names = append(names, *company.Name)
		assert.NotEmpty(t, company.ID)
		assert.Equal(t, map[string]any{"Tier": "gold"}, company.Custom)
	}
	assert.Equal(t, []string{"Acme", "Bolt"}, names)

	// What is not set is not sent, and what is set to zero is.
	empty := ""
	_, err := c.Company.Update(t.Context(), "extid-Acme", planhat.Company{Description: &empty})
	require.NoError(t, err)
	stored := s.Record("company", "extid-Acme")
	assert.Equal(t, "Acme", stored["name"])
	assert.Equal(t, "", stored["description"])
	assert.Equal(t, map[string]any{"Tier": "gold"}, stored["custom"])
}

func TestDecodeNamesTheProperty(t *testing.T) {
	type deal struct {
		Value float64 `json:"value"`
	}
	_, err := planhat.Decode[deal](planhat.Record(`{"_id":"5f","value":"12"}`))
	assert.ErrorContains(t, err, `record 5f: the property "value" holds a string`)
	assert.ErrorIs(t, err, planhat.ErrServer)
	var wrong *json.UnmarshalTypeError
	assert.ErrorAs(t, err, &wrong)
	seen := 0
	for _, err := range planhat.EachAs[deal](func(yield func(planhat.Record, error) bool) {
		_ = yield(planhat.Record(`{"value":1}`), nil) && yield(planhat.Record(`{"value":"x"}`), nil) && yield(nil, nil)
	}) {
		seen++
		assert.Equal(t, seen == 2, err != nil)
	}
	assert.Equal(t, 2, seen)
}

func TestRecordInJSON(t *testing.T) {
	type page struct{ First, Missing planhat.Record }
	text, err := json.Marshal(page{First: planhat.Record(`{"a":12345678901234567890}`)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"First":{"a":12345678901234567890},"Missing":null}`, string(text))
	var back page
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, `{"a":12345678901234567890}`, back.First.String())
}

func TestSentinels(t *testing.T) {
	_, c := simulated(t)
	_, err := c.Company.GetByID(t.Context(), "extid-nobody")
	assert.ErrorIs(t, err, planhat.ErrNotFound)
	assert.NotErrorIs(t, err, planhat.ErrServer)
	_, err = c.Company.GetList(t.Context(), planhat.ListOptions{Select: []string{"externalID"}})
	assert.ErrorIs(t, err, planhat.ErrConfig)
	assert.ErrorContains(t, err, `a company has no property "externalID"`)
	_, err = c.Company.GetList(t.Context(), planhat.ListOptions{Select: []string{"name", "custom.Tier", "somethingNew"}, Sort: "-name"})
	assert.NoError(t, err)
	assert.ErrorIs(t, &planhat.Error{Kind: planhat.KindTimeout, Uncertain: true}, planhat.ErrUncertain)

	boom := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	_, err = c.Company.GetByID(ctx, "extid-nobody")
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, boom)
	assert.ErrorIs(t, err, planhat.ErrCancelled)
}

func TestOptionsOfOneCall(t *testing.T) {
	s, c := simulated(t)
	require.NoError(t, s.Put("company", map[string]any{"name": "Acme", "externalId": "a"}))
	var response planhat.Response
	ctx := planhat.WithResponse(t.Context(), &response)
	_, err := c.Company.GetByID(ctx, "extid-a")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.Status)
	assert.Equal(t, 1, response.Attempts)
	assert.NotEmpty(t, response.Header.Get("Content-Type"))
	_, err = c.Company.GetByID(ctx, "extid-b")
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, response.Status)

	headers := make(chan http.Header, 2)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		<-r.Context().Done()
	}))
	defer slow.Close()
	c, err = planhat.New(planhat.Config{APIToken: "token-0123456789", BaseURL: slow.URL, Retry: planhat.RetryPolicy{MaxAttempts: 1}})
	require.NoError(t, err)
	ctx = planhat.WithHeader(planhat.WithRequestTimeout(t.Context(), 50*time.Millisecond), http.Header{"Traceparent": {"00-1"}, "Authorization": {"Bearer other"}})
	_, err = c.Company.GetByID(ctx, "5f")
	assert.ErrorIs(t, err, planhat.ErrTimeout)
	assert.ErrorContains(t, err, "no response within 50ms")
	sent := <-headers
	assert.Equal(t, "00-1", sent.Get("Traceparent"))
	assert.Equal(t, []string{"Bearer token-0123456789"}, sent.Values("Authorization"))
}
