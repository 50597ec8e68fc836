// Package connectors runs the connectors against stand-ins of their vendors and the
// simulated Planhat.
package connectors

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// rig is a vendor, a Planhat, and a runtime that keeps what scripts store.
type rig struct {
	clock   *standin.Clock
	hubspot *hubspot.Server
	web     *httptest.Server
	planhat *simulator.Server
	log     bytes.Buffer
	options runtime.Options
	runtime *runtime.Runtime
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))}
	r.hubspot = hubspot.New(r.clock)
	r.hubspot.Configure(func(s *hubspot.Settings) { s.Burst, s.Search = 0, 0 }) // the clock stands still
	r.web = httptest.NewServer(r.hubspot)
	t.Cleanup(r.web.Close)
	var err error
	r.planhat, err = simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.planhat.Close() })
	r.options = runtime.Options{
		WorkDir: t.TempDir(), Stdout: &r.log, Now: r.clock.Now, AllowNet: []string{"127.0.0.1"},
		Logger:  slog.New(slog.NewTextHandler(&r.log, nil)),
		Env:     func(name string) (string, bool) { return hubspot.ServiceKey, name == "HUBSPOT_TOKEN" },
		Planhat: planhat.Config{APIToken: r.planhat.APIToken(), TenantToken: r.planhat.TenantToken(), BaseURL: r.planhat.URL(), AnalyticsURL: r.planhat.AnalyticsURL()},
		Quota:   planhat.LimiterConfig{CallsPerMinute: -1},
	}
	r.start(t)
	return r
}

// start makes a new runtime, which has no values that scripts kept.
func (r *rig) start(t *testing.T) {
	t.Helper()
	var err error
	r.runtime, err = runtime.New(r.options)
	require.NoError(t, err)
}

// sync runs a synchronization with options in Lua, and returns what it did.
func (r *rig) sync(t *testing.T, options string) (map[string]any, error) {
	t.Helper()
	script := `local options = ` + options + `
		options.settings = { base = "` + r.web.URL + `" }
		return require("connectors.hubspot").sync(options)`
	result, err := r.runtime.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(script)})
	if err != nil {
		return nil, err
	}
	return result.Values[0].(map[string]any), nil
}

func (r *rig) must(t *testing.T, options string) map[string]any {
	t.Helper()
	values, err := r.sync(t, options)
	require.NoError(t, err, r.log.String())
	return values
}

// upserts counts the bulk calls that Planhat received for a model.
func (r *rig) upserts(model string) int {
	return r.planhat.Count(simulator.Filter{Model: model, Operation: "bulk_upsert"})
}

// serve starts a vendor, and returns its address.
func serve(t *testing.T, vendor http.Handler) string {
	t.Helper()
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return web.URL
}
