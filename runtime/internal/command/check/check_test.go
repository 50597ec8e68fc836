package check

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// parseCheck returns what flags and arguments make of the options.
func parseCheck(args ...string) (o *options, err error) {
	cmd := newCommand(&environment.Env{}, func(_ *environment.Env, given *options) error {
		o = given
		return nil
	})
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.Execute()
	return o, err
}

func TestCheckFlags(t *testing.T) {
	run := func(args ...string) *options {
		o, err := parseCheck(args...)
		require.NoError(t, err)
		return o
	}
	o := run("a.lua", "dir")
	assert.Equal(t, []string{"a.lua", "dir"}, o.paths)
	assert.Equal(t, "text", o.format)
	assert.Equal(t, "error", o.failOn)
	o = run("--strict", "--format", "sarif", "--rule", "syntax,unused-local", "--disable", "pattern", "--globals", "A,B", "-")
	assert.Equal(t, "warning", o.failOn)
	assert.Equal(t, []string{"syntax", "unused-local"}, o.rules)
	assert.Equal(t, []string{"pattern"}, o.disable)
	assert.Equal(t, []string{"A", "B"}, o.globals)
	assert.Equal(t, []string{"-"}, o.paths)
	assert.True(t, run("--list-rules").listRules)
}

func TestCheckFlagsThatAreWrong(t *testing.T) {
	for name, args := range map[string][]string{
		"no script":                 {},
		"unknown format":            {"--format", "xml", "a.lua"},
		"unknown level":             {"--fail-on", "info", "a.lua"},
		"unknown rule":              {"--rule", "speling", "a.lua"},
		"unknown rule to leave out": {"--disable", "speling", "a.lua"},
	} {
		_, err := parseCheck(args...)
		var misuse *usage.Error
		require.ErrorAs(t, err, &misuse, name)
	}
}
