package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

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
		{"--simulate --dry-run import.lua", 3, "", "2 rows in 1 request"},
		{"--simulate --strict import.lua", 3, "", "error: import.lua:1"},
		{"-q --timeout 50ms -e repeat(type)(1)until(false)", 5, "", "50ms"},
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

// What a hint says can be typed as it is.
func TestHintsAboutTheOrder(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": ""})
	for args, want := range map[string]string{
		"a.lua --param days=3":   "phscript run --param days=3 a.lua;",
		"a.lua x -p days=3":      "phscript run -p days=3 a.lua x;",
		"a.lua --param=days=3 x": "phscript run --param=days=3 a.lua x;",
		"a.lua --dry-run x":      "phscript run --dry-run a.lua x;",
	} {
		_, _, err := r.Run(run.New, strings.Fields(args)...)
		hinted, ok := errors.AsType[*usage.Error](err)
		if assert.True(t, ok, args) {
			assert.Contains(t, hinted.Hint, want, args)
		}
	}
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
		"--summary d a.lua":         "cannot write the summary: d is a folder",
		"--rejects= a.lua":          "--rejects has no file name",
		"--summary no/s.json a.lua": "cannot write the summary: there is no folder " + filepath.Join(r.Env.Dir, "no"),
	} {
		_, _, err := r.Run(run.New, strings.Fields(args)...)
		assert.EqualError(t, err, want, args)
	}
}

// TestUnwrittenFiles: the summary appears on the terminal, whatever becomes of files.
func TestUnwrittenFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be removed there")
	}
	r := trial.New(t, map[string]string{"a.lua": `for i = 1, 7 do run.reject({ id = i }, "no name") end`})
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	gone := filepath.Join(r.Env.Dir, "gone")
	require.NoError(t, os.Mkdir(gone, 0o700))
	removed := false
	now := r.Env.Now
	r.Env.Now = func() time.Time { // when the run starts
		if !removed {
			_, err := os.Stat(gone)
			removed = err == nil && os.RemoveAll(gone) == nil
		}
		return now()
	}
	_, stderr, err := r.Run(run.New, "--rejects", "gone/r.csv", "--summary", "gone/s.json", "a.lua")
	assert.Equal(t, 1, code(t, err))
	assert.Contains(t, stderr, "cannot write the rejected rows to ")
	assert.Contains(t, stderr, "7 of 7 rows are in "+temp)
	assert.Contains(t, stderr, "cannot write the summary")
	assert.Contains(t, stderr, "a.lua: failed in")
	assert.Contains(t, stderr, "rejected   7\n    7 x no name\n")
	assert.Contains(t, stderr, "all of them are in "+temp)
}

func TestParametersThatAreNeverRead(t *testing.T) {
	r := trial.New(t, map[string]string{
		"n.lua":         "local other = require 'other'\nprint(params.n or 0, params['day'])",
		"other.lua":     "return { region = params.region }",
		"all.lua":       "for name, value in pairs(params) do print(name, value) end",
		"none.lua":      "print('x')",
		"alias.lua":     "local p = params\nprint(p.m)",
		"global.lua":    "print(_G.params.m)",
		"fails.lua":     "error('pass --param days=N', 0, params.days)",
		"syntax.lua":    "print(params.days",
		"lib/early.lua": "error('stop')",
		"early.lua":     "require 'early' require 'other'",
	})
	for _, c := range []struct {
		flags    string
		warnings []string
	}{
		{"-p m=3 n.lua", []string{"the parameter 'm' was given, but the script never reads it; it reads: day, n, region"}},
		{"-p regoin=eu -p n=1 n.lua", []string{"the parameter 'regoin' was given, but the script never reads it (did you mean 'region'?); it reads: day, n, region"}},
		{"-p n=1 -p region=eu -p day=1 n.lua", nil},
		{"-p m=3 none.lua", []string{"the parameter 'm' was given, but the script never reads it; it reads no parameters"}},
		{"-p m=3 all.lua", nil},
		{"-p m=3 alias.lua", nil},
		{"-p m=3 global.lua", nil},
		{"-p day=3 fails.lua", []string{"the parameter 'day' was given, but the script never reads it (did you mean 'days'?); it reads: days"}},
		{"-p day=3 syntax.lua", nil},
		{"-p region=eu early.lua", nil}, // other.lua would have read it
	} {
		_, stderr, _ := r.Run(run.New, strings.Fields("-q --summary s.json "+c.flags)...)
		var got []string
		for _, line := range strings.Split(stderr, "\n") {
			if _, warning, ok := strings.Cut(line, " WRN "); ok {
				got = append(got, warning)
			}
		}
		assert.Equal(t, c.warnings, got, "%s: %s", c.flags, stderr)
		summary, err := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
		require.NoError(t, err)
		for _, warning := range c.warnings {
			assert.Contains(t, string(summary), strings.Split(warning, " (")[0])
		}
		require.NoError(t, os.Remove(filepath.Join(r.Env.Dir, "s.json")))
	}
	r.Variables["PHSCRIPT_PARAMS"] = `{"error": "x"}` // an event has more than a script reads
	_, stderr, err := r.Run(run.New, "-q", "none.lua")
	assert.Equal(t, 0, code(t, err))
	assert.Empty(t, stderr)
}

func TestMissingScriptsAskForSimilarOnes(t *testing.T) {
	r := trial.New(t, map[string]string{"hello.lua": "", "jobs/import.lua": "", "a.lua": ""})
	for name, hint := range map[string]string{
		"helo.lua": "did you mean 'hello.lua'?", "hello": "did you mean 'hello.lua'?", "jobs/imprt.lua": "did you mean 'jobs/import.lua'?",
		"other.lua": "paths are relative to the working directory, " + r.Env.Dir, "b.lua": "paths are relative to the working directory, " + r.Env.Dir,
		"none/hello.lua": "paths are relative to the working directory, " + r.Env.Dir,
	} {
		_, _, err := r.Run(run.New, name)
		var wrong *usage.Error
		require.ErrorAs(t, err, &wrong, name)
		assert.Equal(t, "there is no script "+name, wrong.Message)
		assert.Equal(t, hint, wrong.Hint, name)
	}
}
