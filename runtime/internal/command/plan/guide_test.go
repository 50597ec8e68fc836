package plan

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/docs"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestGuideShowsAPlan runs the example of the guide.
func TestGuideShowsAPlan(t *testing.T) {
	text, err := docs.Guides.ReadFile("script-guide.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Plan\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	block := func(language string) string {
		m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(section)
		require.NotNil(t, m, language)
		return m[1]
	}
	r := trial.New(t, map[string]string{"sync.lua": block("lua"), "accounts.csv": block("csv")})
	command, want, _ := strings.Cut(block("console"), "\n")
	stdout, _, err := r.Run(New, strings.Fields(strings.TrimPrefix(command, "$ phscript plan "))...)
	require.NoError(t, err)
	assert.Equal(t, want, stdout)
}
