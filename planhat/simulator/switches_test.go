package simulator

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSwitchDocs(t *testing.T) {
	docs := SwitchDocs()
	var names []string
	for _, d := range docs {
		names = append(names, d.Name)
		assert.Contains(t, d.Values, d.Default, d.Name)
		assert.GreaterOrEqual(t, len(d.Values), 2, d.Name)
		assert.NotEmpty(t, d.Doc, d.Name)
	}
	assert.True(t, slices.IsSorted(names))
	assert.Len(t, slices.Compact(names), len(docs))
}

// A switch that no code asks for would be a promise that is not kept.
func TestEverySwitchIsUsed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var code strings.Builder
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code.Write(text)
	}
	declared := regexp.MustCompile(`(?m)^\t(sw\w+) +=`).FindAllStringSubmatch(code.String(), -1)
	assert.Len(t, declared, len(SwitchDocs()))
	for _, found := range declared {
		uses := regexp.MustCompile(`\b`+found[1]+`\b`).FindAllString(code.String(), -1)
		assert.Greater(t, len(uses), 2, "%s is declared and documented, and nothing asks for it", found[1])
	}
}

func TestParseSwitches(t *testing.T) {
	s, err := ParseSwitches(" over-limit = error, custom=replace,")
	require.NoError(t, err)
	assert.Equal(t, Switches{"over-limit": "error", "custom": "replace"}, s)
	s, err = ParseSwitches("page-cap=777")
	require.NoError(t, err)
	assert.Equal(t, Switches{"page-cap": "777"}, s)
	for text, message := range map[string]string{
		"over-limt=error": "did you mean 'over-limit'?",
		"custom":          "needs a value",
		"custom=replac":   "did you mean 'replace'?",
		"page-cap=N":      "must be one of off, N",
		"page-cap=0":      "must be one of off, N",
	} {
		_, err := ParseSwitches(text)
		assert.ErrorContains(t, err, message, text)
	}
	_, err = New(Options{Switches: Switches{"nope": "x"}})
	assert.ErrorContains(t, err, `unknown switch "nope"`)
}
