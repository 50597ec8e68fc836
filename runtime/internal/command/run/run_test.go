package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// code returns the exit code of a run that reported its end itself.
func code(t *testing.T, err error) int {
	t.Helper()
	done, ok := errors.AsType[*usage.Finished](err)
	require.True(t, ok, "%v", err)
	return done.Code
}

func TestFlagsOfRuns(t *testing.T) {
	r := trial.New(t, map[string]string{
		"say.lua":    "print(params and params.a, params and params.b, table.concat(args, ' '))",
		"import.lua": `planhat.company.bulk_upsert({ { externalId = "a-1", name = "Acme" }, { externalId = "a-2" } })`,
	})
	for _, c := range []struct {
		flags          string
		code           int
		stdout, stderr string
	}{
		{"say.lua --x y", 0, "nil\tnil\t--x y\n", ""},
		{"-p a=1 --param b=2=3 say.lua", 0, "1\t2=3\t\n", ""},
		{"--simulate --companies 4 -q -e print(#planhat.company.get_list())", 0, "4\n", ""},
		{"--simulate --faults 403 -q -e planhat.company.get_list()", 4, "", "403"},
		{"--simulate import.lua", 3, "", "created    1"},
		{"--simulate --dry-run import.lua", 0, "", "2 rows in 1 request"},
		{"--simulate --strict import.lua", 3, "", "error: import.lua:1"},
		{"-q --timeout 50ms -e repeat;until(false)", 5, "", "50ms"},
		{"-q --log-level warn -e log.info('a')log.warn('b')", 0, "", "b"},
		{"-q --log-format json -e log.info('a')", 0, "", `"msg":"a"`},
	} {
		stdout, stderr, err := r.Run(run.New, strings.Fields(c.flags)...)
		assert.Equal(t, c.code, code(t, err), "%s: %s", c.flags, stderr)
		assert.Equal(t, c.stdout, stdout, c.flags)
		assert.Contains(t, stderr, c.stderr, c.flags)
		if c.flags[:2] == "-q" {
			assert.NotContains(t, stderr, "calls", c.flags)
		}
	}
}

func TestParametersOfTheEnvironment(t *testing.T) {
	r := trial.New(t, map[string]string{"say.lua": "print(params.region, params.n)"})
	r.Variables["PHSCRIPT_PARAMS"] = `{"region": "eu", "n": 3}`
	stdout, _, err := r.Run(run.New, "-p", "region=us", "say.lua")
	assert.Equal(t, 0, code(t, err))
	assert.Equal(t, "us\t3\n", stdout, "a flag wins")
	r.Variables["PHSCRIPT_PARAMS"] = "x"
	_, _, err = r.Run(run.New, "say.lua")
	assert.EqualError(t, err, "PHSCRIPT_PARAMS is not a JSON object")
	r.Variables["PHSCRIPT_PARAMS"] = `{"region":"\ud800"}`
	_, stderr, err := r.Run(run.New, "say.lua")
	assert.Equal(t, 1, code(t, err))
	assert.Contains(t, stderr, "the script's parameters cannot be read: ")
}

// TestTypesOfParameters: the form in which a schedule hands them over.
func TestTypesOfParameters(t *testing.T) {
	r := trial.New(t, map[string]string{"say.lua": "print(json.encode(params))\nprint(type(params.id), type(params.n), type(params.x), params.x == 1e17)"})
	r.Variables["PHSCRIPT_PARAMS"] = `{"id":9007199254740993,"n":7,"x":1e+17,"d":"2024-01-31","list":[{"a":[]},{}],"flag":false}`
	stdout, _, err := r.Run(run.New, "-p", "id2=9007199254740993", "say.lua")
	assert.Equal(t, 0, code(t, err))
	lines := strings.Split(stdout, "\n")
	assert.JSONEq(t, `{"id":"9007199254740993","id2":"9007199254740993","n":7,"x":1e17,"d":"2024-01-31","list":[{"a":[]},{}],"flag":false}`, lines[0])
	assert.Equal(t, "string\tnumber\tnumber\ttrue", lines[1])
}

func TestSummaryFile(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": "planhat.company.create{ name = 'A' }", "notes.txt": "mine"})
	_, _, err := r.Run(run.New, "--simulate", "-q", "--summary", "s.json", "a.lua")
	assert.Equal(t, 0, code(t, err))
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"created": 1`)
	_, _, err = r.Run(run.New, "--simulate", "--summary", "notes.txt", "a.lua")
	assert.EqualError(t, err, "notes.txt already exists and was not written by --summary; it was not changed")
}

func TestRunsThatDoNotStart(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": "error('it ran')", "d/a.lua": ""})
	for args, want := range map[string]string{
		"":                          "no script given",
		"missing.lua":               "there is no script missing.lua",
		"d":                         "d is a folder, not a script",
		"a.lua --dry-run":           "--dry-run comes after the script name, so the script would receive it",
		"--companies 3 a.lua":       "--companies needs --simulate",
		"-p region a.lua":           "--param region has no value",
		"--calls-per-min -1 a.lua":  "--calls-per-min must be at least 1",
		"--summary no/s.json a.lua": "cannot write the summary: there is no folder " + filepath.Join(r.Env.Dir, "no"),
	} {
		_, _, err := r.Run(run.New, strings.Fields(args)...)
		assert.EqualError(t, err, want, args)
	}
}
