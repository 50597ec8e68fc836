package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/view"
)

// TestJSONIsDescribed: each command with --json has a form in the reference.
func TestJSONIsDescribed(t *testing.T) {
	var described, commands []string
	for _, f := range view.Forms {
		// The forms of a command differ by its flags and arguments.
		words := strings.Fields(f.Command)
		for i, word := range words {
			if strings.HasPrefix(word, "--") || word == strings.ToUpper(word) {
				words = words[:i]
				break
			}
		}
		described = append(described, strings.Join(words, " "))
	}
	for _, cmd := range allCommands(newRoot(&environment.Env{Getenv: func(string) (string, bool) { return "", false }})) {
		if cmd.Flags().Lookup("json") != nil {
			commands = append(commands, strings.TrimPrefix(cmd.CommandPath(), "phscript "))
		}
	}
	slices.Sort(commands)
	assert.Equal(t, slices.Compact(described), commands)
}
