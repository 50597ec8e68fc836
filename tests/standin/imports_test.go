package standin_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStandInsAreIndependent keeps the code under test out of its witnesses.
func TestStandInsAreIndependent(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "github.com/phscript/phscript/tests/standin/hubspot\n")
	assert.Contains(t, string(out), "github.com/phscript/phscript/tests/standin/salesforce\n")
	for name := range strings.Lines(string(out)) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(name), "github.com/phscript/phscript/"); ok {
			assert.True(t, own == "tests/standin" || strings.HasPrefix(own, "tests/standin/"), "%s must not be imported", own)
		}
	}
}
