package documents

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// The settings that the guide to schedules shows are accepted as they stand.
func TestScheduleSettingsAreAccepted(t *testing.T) {
	text := read(t, "docs/deploy.md") + read(t, "docs/webhooks.md")
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

// The settings that the program takes for a schedule or a webhook are those of the guides.
func TestScheduleSettingsAreDocumented(t *testing.T) {
	dir := t.TempDir()
	for _, table := range []string{"[[schedule]]", "[serve]", "[[webhook]]", "[webhooks]"} {
		guide := "docs/deploy.md"
		if strings.Contains(table, "webhook") {
			guide = "docs/webhooks.md"
		}
		text := read(t, guide)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte(table+"\nno_such_setting = 1\n"), 0o600))
		_, errs, code := phscript(t, dir, "serve", "--check")
		require.Equal(t, 2, code)
		_, list, found := strings.Cut(errs, " are: ")
		require.True(t, found, errs)
		for _, name := range strings.Split(strings.TrimSpace(list), ", ") {
			assert.Regexp(t, "(`"+name+"`|(?m)^"+name+" )", text, "%s does not name %s", guide, name)
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

// The times that deploy.md gives are those of the program.
func TestDefaultsOfTheServiceAreDocumented(t *testing.T) {
	text := strings.ReplaceAll(read(t, "docs/deploy.md"), "\n", " ")
	for want, holds := range map[string]bool{
		"within two minutes of it":                                         serve.DefaultLateAfter == 2*time.Minute,
		"gives the current ones 20 seconds":                                serve.DefaultGrace == 20*time.Second,
		"marks them as `lost` after half a min":                            serve.DefaultLostAfter == 30*time.Second,
		"Maximum duration of a run, such as `90s`, `30m` or `2h` | 1 hour": schedule.DefaultTimeout == time.Hour,
	} {
		assert.Contains(t, text, want)
		assert.True(t, holds, "deploy.md says %q", want)
	}
}
