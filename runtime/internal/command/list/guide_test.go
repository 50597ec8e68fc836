package list_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/docs"
	"github.com/phscript/phscript/runtime/internal/command/list"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestGuideShowsTheHelpOfAScript runs the example of the guide.
func TestGuideShowsTheHelpOfAScript(t *testing.T) {
	text, err := docs.Guides.ReadFile("script-guide.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Describe a script\n")
	require.True(t, found)
	block := func(language string) string {
		m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(section)
		require.NotNil(t, m, language)
		return m[1]
	}
	r := trial.New(t, map[string]string{"import.lua": block("lua"), "accounts.csv": "id,name\n1,Acme\n2,Globex\n"})
	_, want, _ := strings.Cut(block("console"), "\n")
	stdout, _, err := r.Run(run.New, "import.lua", "--help")
	require.NoError(t, err)
	assert.Equal(t, want, stdout)
	_, stderr, err := r.Run(run.New, "--simulate", "import.lua", "--path", "accounts.csv", "--max-rows", "1")
	require.EqualError(t, err, "exit code 0", stderr)
	assert.Contains(t, stderr, "  created    1\n")
	stdout, _, err = r.Run(list.New)
	require.NoError(t, err)
	assert.Contains(t, stdout, "import.lua  --path FILE [--region eu|us] [--max-rows INTEGER] [--crm-key TEXT]  Import accounts: Creates and updates companies from the export of the CRM.\n")
}

func TestFoldersThatCannotBeListed(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": "print(1)", "empty/a.txt": ""})
	for arg, want := range map[string]string{"a.lua": "a.lua is a script, not a folder", "none": "there is no folder none"} {
		_, _, err := r.Run(list.New, arg)
		assert.EqualError(t, err, want)
	}
	_, _, err := r.Run(list.New, ".", "empty")
	require.EqualError(t, err, "list takes one folder, not . empty")
	stdout, _, err := r.Run(list.New, "empty")
	require.NoError(t, err)
	assert.Equal(t, "there are no scripts in empty\n", stdout)
}
