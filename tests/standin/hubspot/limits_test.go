package hubspot_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

func TestTenSecondLimit(t *testing.T) {
	c := dial(t)
	for i := range 100 {
		a := c.do("GET", "/crm/owners/2026-09", nil)
		require.Equal(t, 200, a.status)
		if i == 0 {
			assert.Equal(t, "100", a.header.Get("X-HubSpot-RateLimit-Max"))
			assert.Equal(t, "99", a.header.Get("X-HubSpot-RateLimit-Remaining"))
			assert.Equal(t, "10000", a.header.Get("X-HubSpot-RateLimit-Interval-Milliseconds"))
			assert.Equal(t, "249999", a.header.Get("X-HubSpot-RateLimit-Daily-Remaining"))
		}
	}
	c.Clock.Advance(9500 * time.Millisecond)
	a := c.do("GET", "/crm/owners/2026-09", nil)
	assert.Equal(t, 429, a.status)
	assert.Equal(t, "TEN_SECONDLY_ROLLING", a.PolicyName)
	assert.Equal(t, "You have reached your ten_secondly_rolling limit.", a.Message)
	assert.Empty(t, a.Category)
	assert.Equal(t, "1", a.header.Get("Retry-After"), "rounded up")
	c.Configure(func(s *hubspot.Settings) { s.RetryAfter = false })
	assert.Empty(t, c.do("GET", "/crm/owners/2026-09", nil).header.Get("Retry-After"))

	other := *c
	other.token = "pat-other"
	c.AddPortal("8100002", other.token)
	assert.Equal(t, 200, other.do("GET", "/crm/owners/2026-09", nil).status, "another account has its own limit")
	c.Clock.Advance(500 * time.Millisecond)
	assert.Equal(t, 200, c.do("GET", "/crm/owners/2026-09", nil).status)
	assert.Equal(t, 103, c.Log.Count(func(r *standin.Request) bool { return r.Account == hubspot.DefaultPortal }))
}

func TestSearchLimit(t *testing.T) {
	c := dial(t)
	for range 5 {
		a := c.search("companies", object{})
		require.Equal(t, 200, a.status)
		assert.Empty(t, a.header.Get("X-HubSpot-RateLimit-Max"), "searches have no headers about limits")
	}
	a := c.search("companies", object{})
	assert.Equal(t, 429, a.status)
	assert.Equal(t, "SECONDLY", a.PolicyName)
	assert.Equal(t, 200, c.do("GET", "/crm/owners/2026-09", nil).status)
	c.Clock.Advance(time.Second)
	assert.Equal(t, 200, c.search("companies", object{}).status)
	assert.Equal(t, 6, c.Log.Busiest(time.Second, standin.Is("POST", "/search")))
}

func TestDailyLimitEndsAtMidnightOfTheAccount(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *hubspot.Settings) { s.Daily, s.Zone = 1, time.FixedZone("", -11*60*60) })
	require.Equal(t, 200, c.do("GET", "/crm/owners/2026-09", nil).status)
	a := c.do("GET", "/crm/owners/2026-09", nil)
	assert.Equal(t, "DAILY", a.PolicyName)
	assert.Equal(t, "10800", a.header.Get("Retry-After"))
	c.Clock.Advance(3 * time.Hour)
	assert.Equal(t, 200, c.do("GET", "/crm/owners/2026-09", nil).status)
}

func TestTokens(t *testing.T) {
	c := dial(t)
	c.OAuth.Rotate = true
	tokens := c.Install()
	c.token = tokens.Access
	a := c.do("GET", "/crm/owners/2026-09", nil)
	require.Equal(t, 200, a.status)
	assert.Empty(t, a.header.Get("X-HubSpot-RateLimit-Daily"), "OAuth calls have no daily headers")
	c.Clock.Advance(30 * time.Minute)
	a = c.do("GET", "/crm/owners/2026-09", nil)
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "EXPIRED_AUTHENTICATION", a.Category)
	c.token = "unknown"
	a = c.do("GET", "/crm/owners/2026-09", nil)
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "INVALID_AUTHENTICATION", a.Category)

	refresh := func(token string) (status int, body map[string]any) {
		form := url.Values{"grant_type": {"refresh_token"}, "client_id": {hubspot.ClientID}, "client_secret": {hubspot.ClientSecret}, "refresh_token": {token}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/oauth/2026-09/token", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
		return response.StatusCode, body
	}
	status, body := refresh(tokens.Refresh)
	require.Equal(t, 200, status)
	assert.EqualValues(t, 1800, body["expires_in"])
	c.token = body["access_token"].(string)
	assert.Equal(t, 200, c.do("GET", "/crm/owners/2026-09", nil).status)
	status, body = refresh(tokens.Refresh)
	assert.Equal(t, 400, status)
	assert.Equal(t, "BAD_REFRESH_TOKEN", body["status"])
	assert.Equal(t, "invalid_grant", body["error"])
}

func TestMissingScope(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *hubspot.Settings) { s.Scopes = []string{"crm.objects.companies.read"} })
	assert.Equal(t, 200, c.search("companies", object{}).status)
	a := c.do("POST", "/crm/objects/2026-09/companies", object{"properties": object{"name": "x"}})
	assert.Equal(t, 403, a.status)
	assert.Equal(t, "MISSING_SCOPES", a.Category)
	assert.Empty(t, c.Records("companies"))
}
