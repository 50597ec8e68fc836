package command

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
)

// allCommands lists a command and all below it.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		list = append(list, allCommands(c)...)
	}
	return list
}

// TestHelpReadsAlike holds help texts to one form: sentence case, no full stop in
// one-liners, and the default in parentheses at the end.
func TestHelpReadsAlike(t *testing.T) {
	commands := allCommands(newRoot(&environment.Env{}))
	assert.Greater(t, len(commands), 20)
	for _, cmd := range commands {
		name := cmd.CommandPath()
		oneLiner(t, name, cmd.Short)
		for line := range strings.Lines(cmd.Long) {
			if !strings.HasPrefix(line, " ") {
				assert.LessOrEqual(t, len(line), 108, "%s: %s", name, line)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				return
			}
			_, text := pflag.UnquoteUsage(f)
			oneLiner(t, name+" --"+f.Name, text)
			if at := strings.Index(text, "(default"); at >= 0 {
				assert.Equal(t, len(text)-1, strings.Index(text, ")"), "%s --%s: the default comes last", name, f.Name)
				assert.Contains(t, []string{"", "0", "[]", "0s", "false"}, f.DefValue, "%s --%s has two defaults", name, f.Name)
			}
		})
	}
}

func oneLiner(t *testing.T, name, text string) {
	assert.NotEmpty(t, text, name)
	assert.True(t, unicode.IsUpper([]rune(text)[0]), "%s begins with a small letter: %s", name, text)
	assert.False(t, strings.HasSuffix(text, "."), "%s ends with a full stop: %s", name, text)
	assert.NotContains(t, text, "when not set", name)
}

// TestDurationsInHelp: what help gives as an example of a time is one.
func TestDurationsInHelp(t *testing.T) {
	times := regexp.MustCompile(`\b\d+(ms|s|m|h)\b`)
	found := 0
	for _, cmd := range allCommands(newRoot(&environment.Env{})) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			for _, text := range append(times.FindAllString(f.Usage, -1), times.FindAllString(f.DefValue, -1)...) {
				found++
				if f.Value.Type() == "duration" {
					assert.NoError(t, f.Value.Set(text), "%s --%s", cmd.CommandPath(), f.Name)
					continue
				}
				_, err := config.ParseTimeout(text)
				assert.NoError(t, err, "%s --%s", cmd.CommandPath(), f.Name)
			}
		})
	}
	assert.Positive(t, found)
}
