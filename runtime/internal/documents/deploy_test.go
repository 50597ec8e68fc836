package documents

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The settings that the guide to schedules shows are accepted as they stand.
func TestScheduleSettingsAreAccepted(t *testing.T) {
	text := read(t, "docs/deploy.md")
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "jobs"), 0o700))
		for _, m := range regexp.MustCompile(`script\s*= "([^"]*)"`).FindAllStringSubmatch(block[1], -1) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, m[1]), nil, 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte(block[1]), 0o600))
		_, errs, code := phscript(t, dir, "serve", "--check")
		assert.Zero(t, code, errs)
	}
}

// The settings that the program takes for a schedule are those of the guide.
func TestScheduleSettingsAreDocumented(t *testing.T) {
	text := read(t, "docs/deploy.md")
	dir := t.TempDir()
	for _, table := range []string{"[[schedule]]", "[serve]"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte(table+"\nno_such_setting = 1\n"), 0o600))
		_, errs, code := phscript(t, dir, "serve", "--check")
		require.Equal(t, 2, code)
		_, list, found := strings.Cut(errs, " are: ")
		require.True(t, found, errs)
		for _, name := range strings.Split(strings.TrimSpace(list), ", ") {
			assert.Regexp(t, "(`"+name+"`|(?m)^"+name+" )", text, "deploy.md does not name %s", name)
		}
	}
}

var ownCommand = regexp.MustCompile("`phscript ((?:[a-z]+ ?)+)")

// The commands that documents name exist.
func TestCommandsExist(t *testing.T) {
	for _, m := range ownCommand.FindAllStringSubmatch(read(t, "docs/deploy.md"), -1) {
		_, errs, code := phscript(t, t.TempDir(), append(strings.Fields(m[1]), "--help")...)
		assert.Zero(t, code, "phscript %s: %s", m[1], errs)
	}
}
