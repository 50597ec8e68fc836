package peer

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	ours "github.com/phscript/phscript/runtime/internal/check"
)

var snippet = regexp.MustCompile("(?ms)^```lua run[^\n]*\n(.*?)^```")

// TestDocumentsPass checks the scripts that the documents invite to run. They
// are pieces, so what they make need not be used.
func TestDocumentsPass(t *testing.T) {
	checker := ours.New(builtins.Manual(), ours.Options{Disable: []string{"unused-local"}})
	files, err := filepath.Glob("../../../../docs/*.md")
	require.NoError(t, err)
	count := 0
	for _, file := range append(files, "../../../../README.md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range snippet.FindAllStringSubmatch(string(text), -1) {
			count++
			for _, f := range checker.Source(file, []byte(m[1])) {
				t.Errorf("%s: %s [%s]\n%s", file, f.Message, f.Rule, m[1])
			}
		}
	}
	assert.Greater(t, count, 10)
}

// TestReferenceExamplesPass checks the examples of the functions. They name
// what a script around them would have.
func TestReferenceExamplesPass(t *testing.T) {
	checker := ours.New(builtins.Manual(), ours.Options{Disable: []string{"unused-local", "undefined-global"}})
	m := builtins.Manual()
	for _, topic := range m.Topics() {
		if topic.Func == nil || strings.TrimSpace(topic.Func.Example) == "" {
			continue
		}
		for _, f := range checker.Source("example.lua", []byte(topic.Func.Example)) {
			t.Errorf("%s: %s [%s]\n%s", topic.Name, f.Message, f.Rule, topic.Func.Example)
		}
	}
}
