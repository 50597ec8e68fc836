package apply

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/tests/drawn"
)

// TestEveryModel calls each operation that writes, of each model, and nothing of it fails: a plan
// sends no write, and its apply sends each and leaves what a run leaves.
func TestEveryModel(t *testing.T) {
	d := trial.New(t, nil)
	operations := 0
	scripts := drawn.Every(world(t, nil))
	for _, m := range catalog.Load().Models {
		source, writes := scripts[m.Snake]
		if !writes {
			for _, op := range m.Operations {
				require.Equal(t, http.MethodGet, op.Method, m.Snake)
			}
			continue
		}
		t.Run(m.Snake, func(t *testing.T) {
			a := agree(t, d, nil, source, "--verify")
			assert.Equal(t, []int{0, 0, 0}, a.codes, "%s\n%s", source, a.said)
			assert.NotContains(t, a.said, "not as planned")
			for _, op := range m.Operations {
				if op.Method == http.MethodGet {
					continue
				}
				operations++
				for _, s := range []*simulator.Server{a.real, a.applied} {
					n := s.CountsByOperation()[m.Snake+"."+op.Name]
					if m.Part != nil { // which shares paths
						n += s.CountsByOperation()[m.Part.Of+"."+op.Name]
					}
					assert.Positive(t, n, op.Name)
				}
			}
		})
	}
	assert.Greater(t, operations, 100)
}
