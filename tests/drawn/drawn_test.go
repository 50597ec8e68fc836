package drawn_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/drawn"
	"github.com/phscript/phscript/tests/sample"
)

// TestSwitches: those that are not drawn exist.
func TestSwitches(t *testing.T) {
	for _, name := range drawn.Fixed() {
		assert.True(t, slices.ContainsFunc(simulator.SwitchDocs(), func(d simulator.SwitchDoc) bool { return d.Name == name }), name)
	}
}

// TestModels: scripts write to all models that can be written to, by all operations.
func TestModels(t *testing.T) {
	s, err := simulator.New(simulator.Options{Companies: sample.Records, Seed: 1})
	require.NoError(t, err)
	require.NoError(t, sample.Fill(s))
	missing := map[string]bool{}
	for _, m := range catalog.Load().Models {
		if m.Operation("get_list") != nil {
			assert.GreaterOrEqual(t, len(s.Records(m.Snake)), sample.Records, m.Snake)
		}
		for _, op := range m.Operations {
			if op.Method != http.MethodGet {
				missing["planhat."+m.Snake+"."+op.Name] = true
			}
		}
	}
	require.Greater(t, len(missing), 100)
	script := rapid.Custom(func(t *rapid.T) string { return drawn.Script(t, drawn.Options{Planhat: s, Most: 8}) })
	for seed := 0; len(missing) > 0 && seed < 20_000; seed++ {
		source := script.Example(seed)
		for name := range missing {
			if strings.Contains(source, name+"(") || strings.Contains(source, name+"{") {
				delete(missing, name)
			}
		}
	}
	assert.Empty(t, missing)
}
