package connectors

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// HubSpot is read with an app's authorization: its refresh token is replaced each time,
// and the access token ends in the middle of the pages.
func TestHubSpotByOAuth(t *testing.T) {
	r := newHubSpot(t)
	r.hubspot.OAuth.Rotate, r.hubspot.OAuth.RevokeFamily = true, true
	r.hubspot.Fill(hubspot.Sizes{Companies: 450})
	refresh := r.hubspot.Install().Refresh
	variables := map[string]string{"HUBSPOT_CLIENT_ID": hubspot.ClientID, "HUBSPOT_CLIENT_SECRET": hubspot.ClientSecret, "HUBSPOT_REFRESH_TOKEN": refresh}
	r.options.Env = func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	r.start(t)
	var pages atomic.Int64
	r.hubspot.Before(func(q *standin.Request) {
		if q.Path == "/crm/objects/"+hubspot.Version+"/companies" && pages.Add(1) == 3 {
			r.hubspot.OAuth.ExpireAccess()
		}
	})
	done := r.must(t, `streams = { "companies" }`)
	assert.EqualValues(t, 450, done["companies"].(map[string]any)["read"])
	renewed, reused := r.hubspot.OAuth.Counts()
	assert.Equal(t, []int{2, 0}, []int{renewed, reused})
	for _, secret := range []string{refresh, hubspot.ClientSecret} {
		assert.NotContains(t, r.log.String(), secret)
	}

	// A variable that is missing, and an authorization that has ended, are named.
	r.hubspot.OAuth.Revoke(refresh)
	r.start(t)
	_, err := r.sync(t, `streams = { "companies" }`)
	require.ErrorContains(t, err, "invalid_grant")
	assert.Contains(t, hintOf(err), "set HUBSPOT_REFRESH_TOKEN to the new refresh token")
	delete(variables, "HUBSPOT_CLIENT_SECRET")
	r.start(t)
	_, err = r.sync(t, `streams = { "companies" }`)
	require.ErrorContains(t, err, "HubSpot: set the environment variable HUBSPOT_TOKEN to the token; or HUBSPOT_CLIENT_SECRET for OAuth")
}

func hintOf(err error) string {
	for ; err != nil; err = unwrap(err) {
		if hinted, ok := err.(interface{ ErrorHint() string }); ok && hinted.ErrorHint() != "" {
			return hinted.ErrorHint()
		}
	}
	return ""
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
