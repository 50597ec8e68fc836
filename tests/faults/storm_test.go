package faults

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

// TestAStormOf429 holds that rows wait through a storm, for as long as the
// server asks, and that nothing is lost.
func TestAStormOf429(t *testing.T) {
	for _, x := range []struct {
		faults string
		pause  time.Duration
	}{
		{"429:first=6", 0},
		{"429:first=2,retry-after=1", time.Second},
		{"429:first=1,retry-after=date", 0}, // a date has whole seconds, so it may be now
		{"429:p=0.5", 0},
	} {
		t.Run(x.faults, func(t *testing.T) {
			t.Parallel()
			server := start(t, 4, x.faults)
			var told imported
			result := run(t, host(t, server), importScript, &told, strconv.Itoa(importRows))
			assert.Empty(t, told.Raised)
			assert.Len(t, told.Errors, importRows/97)
			assert.Len(t, server.Records("company"), importRows-importRows/97)
			refused := server.Count(simulator.Filter{Status: http.StatusTooManyRequests})
			require.Positive(t, refused)
			assert.Equal(t, refused, result.Summary.Retries, "each refusal costs one more call")
			calls := server.Calls()
			// They are in the order of their ends, and some overlap.
			slices.SortFunc(calls, func(a, b simulator.Call) int { return a.Time.Compare(b.Time) })
			for i, c := range calls[:len(calls)-1] {
				if c.Status == http.StatusTooManyRequests {
					assert.GreaterOrEqual(t, calls[i+1].Time.Sub(c.Time), x.pause)
				}
			}
		})
	}
}

// TestAStormOverManyScripts lets scripts share a quota that is refused again
// and again.
func TestAStormOverManyScripts(t *testing.T) {
	const scripts = 4
	server := start(t, 5, "429:p=0.4")
	rt := host(t, server)
	program, err := rt.Compile(t.Context(), runtime.Script{Name: "storm.lua", Source: []byte(`
local planhat = require "planhat"
for i = 1, 50 do
  planhat.company.create{ name = args[1] .. " " .. i, externalId = args[1] .. "-" .. i }
end
`)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	results, errs := make([]*runtime.Result, scripts), make([]error, scripts)
	for i := range scripts {
		wg.Go(func() {
			results[i], errs[i] = program.Run(t.Context(), runtime.RunOptions{Args: []string{strconv.Itoa(i)}})
		})
	}
	wg.Wait()
	calls := 0
	for i := range scripts {
		require.NoError(t, errs[i])
		assert.Equal(t, 50, results[i].Summary.Created)
		calls += results[i].Summary.Calls
	}
	assert.Len(t, stored(server, "company", "externalId"), scripts*50)
	assert.Len(t, server.Records("company"), scripts*50)
	assert.Equal(t, server.Count(simulator.Filter{}), calls)
}
