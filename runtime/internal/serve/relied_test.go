package serve

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// TestFoldersThatRunsWriteTo: what a run writes there, perhaps with a name and a text
// from a record, is never scheduled.
func TestFoldersThatRunsWriteTo(t *testing.T) {
	const schedule = "[[schedule]]\nname = \"s\"\nscript = \"a.lua\"\nevery = \"1h\"\nallow_write = "
	for name, tt := range map[string]struct {
		settings string
		ignored  []string
	}{
		"a schedule's":          {schedule + `["reports"]`, []string{"reports"}},
		"a folder inside":       {schedule + `["jobs/deep/x"]`, []string{"jobs/deep/x"}},
		"above":                 {schedule + `["."]`, []string{"."}},
		"by a longer way":       {schedule + `["jobs/../reports/../reports"]`, []string{"reports"}},
		"of a disabled one":     {schedule + `["reports"]` + "\nenabled = false\n", []string{"reports"}},
		"of all runs":           {`allow_write = ["reports"]` + "\n" + schedule + "[]", []string{"reports"}},
		"by a link":             {schedule + `["link"]`, []string{"reports"}},
		"one that is searched":  {"[serve]\nscripts = [\"reports\", \"jobs\"]\n" + schedule + `["reports"]`, []string{"reports"}},
		"below one searched":    {"[serve]\nscripts = [\"jobs/deep\"]\n" + schedule + `["jobs"]`, []string{"jobs/deep"}},
		"searched by a link":    {"[serve]\nscripts = [\"link\"]\n" + schedule + `["reports"]`, []string{"link"}},
		"by the link out":       {schedule + "[]", nil},
		"another beside":        {schedule + `["report"]`, nil},
		"one that is not there": {schedule + `["none/x"]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"phscript.toml": tt.settings, "a.lua": ""}
			for _, folder := range []string{"reports", "reports/sub", "jobs", "jobs/deep", "jobs/deep/x", "linked"} {
				files[folder+"/cell.lua"] = headed
			}
			dir := tree(t, files)
			require.NoError(t, os.Symlink(filepath.Join(dir, "reports"), filepath.Join(dir, "link")))
			require.NoError(t, os.Symlink(filepath.Join(dir, "linked"), filepath.Join(dir, "out")))
			loaded, err := loaderFor(dir).Load()
			require.NoError(t, err)
			var writable []string
			for _, folder := range loaded.Config.Schedules[0].AllowWrite {
				writable = append(writable, resolved(filepath.Join(dir, folder)))
			}
			writable = append(append(writable, resolved(filepath.Join(dir, "out"))), loaded.Config.AllowWrite...)
			scheduled := 0
			for _, d := range loaded.Definitions {
				if d.Name == "s" {
					continue
				}
				scheduled++
				for _, folder := range writable {
					rel, err := filepath.Rel(resolved(folder), resolved(filepath.Join(dir, d.Script)))
					require.NoError(t, err)
					assert.False(t, filepath.IsLocal(rel), "%s is in %s", d.Script, folder)
				}
			}
			doubts := Doubts(loaded, os.LookupEnv)
			for _, folder := range tt.ignored {
				assert.Contains(t, doubts, "schedules in the headers of scripts in "+folder+" are ignored, because a run may write to that folder")
			}
			if tt.ignored == nil {
				assert.Equal(t, 5, scheduled, "all but the one in out")
			}
		})
	}
}

// TestScriptsOfOthers schedule nothing: who can change them could run anything.
func TestScriptsOfOthers(t *testing.T) {
	dir := tree(t, map[string]string{"phscript.toml": "", "mine.lua": headed, "theirs.lua": headed, "lib.lua": ""})
	l := loaderFor(dir)
	l.Trust = func(path string) error {
		if filepath.Base(path) == "mine.lua" {
			return nil
		}
		return errors.New(path + " belongs to somebody")
	}
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"mine": "mine.lua"}, scriptNames(loaded))
	assert.Equal(t, []string{"the schedules in theirs.lua are ignored: " + filepath.Join(dir, "theirs.lua") + " belongs to somebody"}, Doubts(loaded, os.LookupEnv))
}

// TestFilesOfOthersDoNotRun: what phscript.toml schedules, what that requires, and the
// programs that send notifications are refused if other users can change them.
func TestFilesOfOthersDoNotRun(t *testing.T) {
	dir := tree(t, map[string]string{
		"jobs/s.lua": "local a = require('lib.a')\nrequire \"planhat\"", "lib/a.lua": "return require [[x]] or require 'b'", "jobs/b.lua": "", "jobs/x.lua": "require 'shared'", "jobs/lib/shared.lua": "", "h.lua": "", "note.sh": "", "free.lua": "",
		"phscript.toml": "[serve]\non_failure = [{ command = [\"./note.sh\"] }, { script = \"h.lua\" }, { command = [\"true\"] }]\n" +
			"[[schedule]]\nname = \"s\"\nscript = \"jobs/s.lua\"\nevery = \"1h\"\n",
	})
	for file, of := range map[string]string{
		"jobs/s.lua": "schedule 's': ", "lib/a.lua": "schedule 's': ", "jobs/b.lua": "schedule 's': ", "jobs/x.lua": "schedule 's': ", "jobs/lib/shared.lua": "schedule 's': ", "h.lua": "serve.on_failure: ",
		"note.sh": "the program ./note.sh, which sends notifications: ", "free.lua": "",
	} {
		l := loaderFor(dir)
		l.Trust = func(path string) error {
			if path == filepath.Join(dir, file) {
				return &trust.Error{Message: path + " is not safe", Hint: "run chmod"}
			}
			return nil
		}
		_, err := l.Load()
		if of == "" {
			require.NoError(t, err)
			continue
		}
		var failed *config.Error
		require.ErrorAs(t, err, &failed, file)
		assert.Equal(t, of+filepath.Join(dir, file)+" is not safe", failed.Message)
		assert.Equal(t, "run chmod", failed.Hint)
	}
}

// TestWebhooksOfASimulatedService stay on this machine.
func TestWebhooksOfASimulatedService(t *testing.T) {
	n := &Notifier{Getenv: os.LookupEnv, Simulated: true}
	err := n.act(t.Context(), config.Action{Webhook: "https://hooks.invalid/x"}, Event{})
	require.ErrorIs(t, err, errWithheld)
	err = n.act(t.Context(), config.Action{Webhook: "http://127.0.0.1:1/x"}, Event{})
	require.ErrorContains(t, err, "cannot be reached")
	n.Simulated = false
	err = n.act(t.Context(), config.Action{Webhook: "https://hooks.invalid/x"}, Event{})
	require.NotErrorIs(t, err, errWithheld)
}

// TestWhatIsProbablyAMistake: settings that are valid, but whose result surprises.
func TestWhatIsProbablyAMistake(t *testing.T) {
	dir := tree(t, map[string]string{"a.lua": "reads region require 'm'", "m.lua": "reads days", "any.lua": "reads any", "phscript.toml": `
[serve]
on_failure = [{ webhook = "https://hooks.example.com/x" }, { webhook = "http://127.0.0.1:80/x" }, { webhook = "http://hooks.example.com:8080/kJxPqR" }, { webhook_env = "HOOK" }]
[[schedule]]
name = "a"
script = "a.lua"
every = "1h"
jitter = "2h"
params = { regoin = "eu", days = 3, region = "us", verbose = true }
[[schedule]]
name = "any"
script = "any.lua"
every = "1h"
time_zone = "Europe/Stockholm"
params = { regoin = "eu" }
[[schedule]]
name = "none"
script = "m.lua"
cron = "0 2 * * *"
`})
	l := loaderFor(dir)
	l.Params = func(_ string, source []byte, read map[string]bool) bool {
		name := strings.Fields(string(source))[1]
		read[name] = true
		return name != "any"
	}
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"schedule 'a': params: the script a.lua never reads 'regoin'; it reads: days, region",
		"schedule 'a': params: the script a.lua never reads 'verbose'; it reads: days, region",
		`schedule 'a': jitter = "2h" is longer than the time between two ticks (1h), so runs can be due in another order than their ticks; use at most 1h`,
		`schedule 'any': time_zone has no effect on an interval, which does not depend on the time of day; for times of day, write cron = "0 2 * * *"`,
		"the connection to the webhook on hooks.example.com:8080 is not encrypted, so others could read the notifications; use https://",
		"the connection to the webhook on variable.example is not encrypted, so others could read the notifications; use https://",
	}, Doubts(loaded, func(string) (string, bool) { return "http://variable.example/secret", true }))
}
