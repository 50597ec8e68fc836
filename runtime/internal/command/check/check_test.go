package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/check"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

func TestCheckFlags(t *testing.T) {
	r := trial.New(t, map[string]string{"unused.lua": "local x = 1\n", "d/unknown.lua": "REGION()\n", "d/.hidden/x.lua": "x(\n"})
	for _, c := range []struct {
		flags, want string
		fails       bool
	}{
		{"unused.lua", "unused-local", false},
		{"--strict unused.lua", "unused-local", true},
		{"--fail-on warning unused.lua", "unused-local", true},
		{"--disable unused-local --strict unused.lua", "", false},
		{"--rule pattern --strict unused.lua d", "", false},
		{"d", "d/unknown.lua:1", true},
		{"--globals A,REGION d", "", false},
		{"--format json unused.lua", `"rule": "unused-local"`, false},
		{"--format sarif unused.lua", `"ruleId": "unused-local"`, false},
		{"--stdin-name s.lua -", "s.lua:1", true},
		{"--list-rules", "unused-local", false},
	} {
		r.Env.Stdin = strings.NewReader("REGION()\n")
		stdout, _, err := r.Run(check.New, strings.Fields(c.flags)...)
		assert.Equal(t, c.fails, err != nil, "%s: %v", c.flags, err)
		assert.Contains(t, stdout, c.want, c.flags)
		if c.want == "" {
			assert.NotContains(t, stdout, "unused-local", c.flags)
		}
	}
}

func TestCheckFlagsThatAreWrong(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": "", "empty/x.txt": "", "a.csv": ""})
	for flags, want := range map[string]string{
		"":                        "no script given",
		"--format xml a.lua":      "--format takes text, json or sarif",
		"--fail-on info a.lua":    "--fail-on takes error or warning",
		"--rule speling a.lua":    "there is no rule 'speling'",
		"--disable speling a.lua": "there is no rule 'speling'",
		"missing.lua":             "no such file or folder: missing.lua",
		"empty":                   "there is no .lua file in empty",
		"a.csv":                   "a.csv is a data file",
	} {
		_, _, err := r.Run(check.New, strings.Fields(flags)...)
		var misuse *usage.Error
		require.ErrorAs(t, err, &misuse, flags)
		assert.ErrorContains(t, err, want)
	}
}
