package clients

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// A script that names another host must bring every token that the host may be
// sent: the configured ones must not leave for an address that a script made up.
func TestTokensStayWithTheirHost(t *testing.T) {
	const own, other = "https://analytics.example", "https://evil.example"
	for _, tt := range []struct {
		name    string
		options bindings.ClientOptions
		refused string
	}{
		{"the configured hosts", bindings.ClientOptions{APIURL: "https://api.example", AnalyticsURL: own}, ""},
		{"another API host", bindings.ClientOptions{APIURL: other}, "api_url"},
		{"another API host with its token", bindings.ClientOptions{APIURL: other, APIToken: "theirs"}, ""},
		{"the API host without TLS", bindings.ClientOptions{APIURL: "http://api.example"}, "api_url"},
		{"another analytics host", bindings.ClientOptions{AnalyticsURL: other}, "analytics_url"},
		{"another analytics host with an API token only", bindings.ClientOptions{AnalyticsURL: other, APIToken: "theirs"}, "analytics_url"},
		{"another analytics host with a tenant token only", bindings.ClientOptions{AnalyticsURL: other, TenantToken: "theirs"}, "analytics_url"},
		{"another analytics host with both", bindings.ClientOptions{AnalyticsURL: other, APIToken: "theirs", TenantToken: "theirs"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClients(t, planhat.Config{APIToken: "ours", TenantToken: "our-tenant", BaseURL: "https://api.example", AnalyticsURL: own})
			_, err := c.New(t.Context(), tt.options)
			if tt.refused == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, planhat.KindConfig, planhat.KindOf(err))
			assert.ErrorContains(t, err, tt.refused)
		})
	}
}

// Another account must not write metrics into the configured tenant.
func TestAnotherAccountHasItsOwnTenant(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		_, _ = w.Write([]byte(`{"processed":1,"errors":[]}`))
	}))
	defer server.Close()
	rows := []planhat.Record{planhat.Record(`{"dimensionId":"d","value":1,"externalId":"a"}`)}
	c := newClients(t, planhat.Config{APIToken: "ours", TenantToken: "our-tenant", AnalyticsURL: server.URL})

	second, err := c.New(t.Context(), bindings.ClientOptions{APIToken: "theirs"})
	require.NoError(t, err)
	_, err = second.Metrics.BulkInsertMetrics(t.Context(), rows, planhat.BulkOptions{})
	assert.Equal(t, planhat.KindConfig, planhat.KindOf(err), "it has no tenant token")
	assert.Empty(t, paths)

	same, err := c.New(t.Context(), bindings.ClientOptions{APIToken: "ours"})
	require.NoError(t, err)
	_, err = same.Metrics.BulkInsertMetrics(t.Context(), rows, planhat.BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"/dimensiondata/our-tenant"}, paths)
}

func newClients(t *testing.T, cfg planhat.Config) *Clients {
	c := New(Options{
		Config: cfg, Limiters: &Limiters{}, Secrets: &redact.Secrets{},
		Warn: func(context.Context, string, string) {},
	})
	t.Cleanup(c.Close)
	return c
}
