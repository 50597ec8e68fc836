// Package faults runs scripts against a simulator that misbehaves, and holds
// that what they report is what Planhat has: nothing twice, and nothing lost
// without a word. It also stops the real program in the middle of its work.
package faults

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

// chaos is a bad day: nearly half of the calls go wrong, in every way there is.
const chaos = "reset-before:p=0.07;reset-after:p=0.07;truncate:p=0.07;html:p=0.06;" +
	"500:p=0.1;503:p=0.05,applied=true;html:p=0.04,applied=true,status=504;429:p=0.08"

// seeds make chaos different and repeatable.
var seeds = []int64{1, 2, 3, 4}

// impatient is the usual policy with pauses that don't slow tests down.
var impatient = planhat.RetryPolicy{InitialInterval: time.Millisecond, MaxInterval: 5 * time.Millisecond}

// start runs a simulator without limits.
func start(t *testing.T, seed int64, faults string) *simulator.Server {
	t.Helper()
	parsed, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	server, err := simulator.Start(simulator.Options{Seed: seed, Faults: parsed, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

// host returns a runtime for the simulator.
func host(t *testing.T, server *simulator.Server) *runtime.Runtime {
	t.Helper()
	rt, err := runtime.New(runtime.Options{
		Planhat: planhat.Config{
			APIToken: server.APIToken(), TenantToken: server.TenantToken(),
			BaseURL: server.URL(), AnalyticsURL: server.AnalyticsURL(), Retry: impatient,
		},
		Quota: planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
	})
	require.NoError(t, err)
	return rt
}

// run executes a script, which returns JSON, and decodes that.
func run(t *testing.T, rt *runtime.Runtime, source string, into any, args ...string) *runtime.Result {
	t.Helper()
	program, err := rt.Compile(t.Context(), runtime.Script{Name: "faults.lua", Source: []byte(source)})
	require.NoError(t, err)
	result, err := program.Run(t.Context(), runtime.RunOptions{Args: args})
	require.NoError(t, err)
	require.Len(t, result.Values, 1)
	require.NoError(t, json.Unmarshal([]byte(result.Values[0].(string)), into))
	return result
}

// stored counts the records of a model by one of their properties.
func stored(server *simulator.Server, model, property string) map[string]int {
	counts := map[string]int{}
	for _, record := range server.Records(model) {
		text, _ := record[property].(string)
		counts[text]++
	}
	return counts
}
