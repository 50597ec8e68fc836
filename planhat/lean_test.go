package planhat

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// TestLeanListsInPages reads lean companies from servers that give all at once and
// from those that give pages, of which the documentation says nothing.
func TestLeanListsInPages(t *testing.T) {
	for _, tt := range []struct {
		switches         simulator.Switches
		companies, calls int
	}{
		{nil, 99, 1},
		{nil, 250, 2},
		{simulator.Switches{"unknown-query": "error"}, 250, 2},
		{simulator.Switches{"lean-pages": "100"}, 99, 1},
		{simulator.Switches{"lean-pages": "100"}, 100, 2},
		{simulator.Switches{"lean-pages": "100"}, 350, 4},
		{simulator.Switches{"lean-pages": "50"}, 120, 3},
		{simulator.Switches{"lean-pages": "137"}, 350, 3},
	} {
		t.Run(fmt.Sprint(tt.switches, " ", tt.companies), func(t *testing.T) {
			sim, err := simulator.Start(simulator.Options{Switches: tt.switches, CallsPerMinute: -1, PerSecond: -1})
			require.NoError(t, err)
			t.Cleanup(func() { _ = sim.Close() })
			for i := range tt.companies {
				require.NoError(t, sim.Put("company", map[string]any{"name": fmt.Sprint("C", i)}))
			}
			seen := new(recorder)
			c, err := New(Config{
				APIToken: sim.APIToken(), BaseURL: sim.URL(), Retry: fast, Observer: seen,
				Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1}),
			})
			require.NoError(t, err)
			list, err := c.Company.GetLeanList(t.Context(), LeanOptions{})
			require.NoError(t, err)
			ids := map[string]bool{}
			for _, record := range list {
				ids[idOf(record)] = true
			}
			assert.Len(t, list, tt.companies)
			assert.Len(t, ids, tt.companies, "none twice")
			assert.Len(t, sim.Calls(), tt.calls)
			read := 0
			for _, o := range seen.outcomes {
				read += o.Read
			}
			assert.Equal(t, tt.companies, read)
		})
	}
}
