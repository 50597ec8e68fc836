package apply

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/docs"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
)

var update = flag.Bool("update", false, "write what the commands of the guide print into it")

const guide = "../../../../docs/changing-data.md"

// TestGuideAppliesAPlan runs the commands of the guide, one after another, on the script of
// the other guide.
func TestGuideAppliesAPlan(t *testing.T) {
	text, err := docs.Guides.ReadFile("changing-data.md")
	require.NoError(t, err)
	other, err := docs.Guides.ReadFile("script-guide.md")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(other), "\n## Plan\n")
	require.True(t, found)
	block := func(language string) string {
		m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(example)
		require.NotNil(t, m, language)
		return m[1]
	}
	d := newDesk(t, simulator.Options{}, map[string]string{"sync.lua": block("lua"), "accounts.csv": block("csv")})
	_, rest, found := strings.Cut(string(text), "\n## Apply a plan\n")
	require.True(t, found)
	section, _, _ := strings.Cut(rest, "\n### ")
	times := regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}`)
	console := regexp.MustCompile("(?s)```console\n\\$ phscript (\\w+) ([^\n]*)\n(.*?)```")
	n := 0
	shown := console.ReplaceAllStringFunc(section, func(block string) string {
		m := console.FindStringSubmatch(block)
		command := map[string]func(*environment.Env) *cobra.Command{"plan": planning.New, "apply": New}[m[1]]
		require.NotNil(t, command, m[1])
		if n++; n == 4 { // somebody has changed a record
			d.set("company", 3, "phase", "Onboarding")
			d.plan("sync.lua", "accounts.csv")
			d.set("company", 3, "phase", "Churned")
		}
		stdout, stderr, _ := d.Run(command, strings.Fields(m[2])...)
		said := times.ReplaceAllString(strings.TrimPrefix(stdout+stderr, "\n"), "2026-01-15 09:00")
		said = strings.Replace(said, "expires at 2026-01-15", "expires at 2026-01-16", 1)
		return "```console\n$ phscript " + m[1] + " " + m[2] + "\n" + said + "```"
	})
	require.Equal(t, 4, n)
	if *update {
		require.NoError(t, os.WriteFile(guide, []byte(strings.Replace(string(text), section, shown, 1)), 0o644))
		return
	}
	require.Equal(t, section, shown, "run this test with -update")
}
