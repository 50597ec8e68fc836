package complete_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/repl"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// liveFields is how many fields the table has that is completed.
const liveFields = 50_000

// BenchmarkCompletion completes the fields of a large table, and at an empty
// prompt with as many globals.
func BenchmarkCompletion(b *testing.B) {
	rt, err := runtime.New(runtime.Options{WorkDir: b.TempDir()})
	require.NoError(b, err)
	s := rt.NewSession()
	defer func() { require.NoError(b, s.Close()) }()
	_, err = s.Eval(b.Context(), runtime.Script{Source: fmt.Appendf(nil,
		"big = {} for i = 1, %d do big['field_' .. i] = 'value ' .. i end for i = 1, %d do _G['global_' .. i] = i end", liveFields, liveFields)})
	require.NoError(b, err)
	e := &complete.Engine{Manual: builtins.Manual(), Session: s, Commands: repl.Commands()}
	for range b.N {
		for _, text := range []string{"big.", "big.field_4", "global_", "planhat.company.get_list{ "} {
			var took []time.Duration
			for range 51 {
				began := time.Now()
				result := e.Complete(text, len(text))
				took = append(took, time.Since(began))
				require.NotEmpty(b, result.Candidates)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[25])/1e6, "ms/"+text[:3])
			b.Logf("| completing `%s` with %d live fields and as many globals | %.1f ms (90th percentile %.1f ms) | 20 ms |",
				text, liveFields, float64(took[25])/1e6, float64(took[45])/1e6)
		}
	}
}
