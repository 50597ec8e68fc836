//go:build unix

package repl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGuideShowsARealSession types what docs/repl.md shows, and compares what it
// says comes out.
func TestGuideShowsARealSession(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/repl.md")
	require.NoError(t, err)
	_, session, found := strings.Cut(string(guide), "```text\n")
	require.True(t, found)
	session, _, _ = strings.Cut(session, "```")
	var inputs, outputs strings.Builder
	for line := range strings.Lines(session) {
		if input, ok := strings.CutPrefix(line, "planhat (simulated)> "); ok {
			inputs.WriteString(input)
		} else if more, ok := strings.CutPrefix(line, strings.Repeat(" ", len("planhat (simulated)> "))); ok {
			inputs.WriteString(more)
		} else {
			outputs.WriteString(line)
		}
	}
	stdout, stderr, code := piped(t, inputs.String(), "repl", "--simulate", "--companies", "20")
	assert.Equal(t, outputs.String(), stdout)
	assert.Empty(t, stderr)
	assert.Equal(t, 0, code)
}
