// Package examples runs every script of scripts/examples as a user would:
// through the built program, against the simulator, in a folder of its own.
package examples

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

// scripts is the folder under test.
const scripts = "../../scripts/examples"

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// summary is what the tests look at in the file that --summary writes.
type summary struct {
	ExitCode  int            `json:"exit_code"`
	Outcome   string         `json:"outcome"`
	Simulated bool           `json:"simulated"`
	DryRun    bool           `json:"dry_run"`
	Read      int            `json:"read"`
	Created   int            `json:"created"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	Planned   int            `json:"planned"`
	Rejected  int            `json:"rejected"`
	Models    map[string]any `json:"models"`
	Rows      []struct {
		Model   string `json:"model"`
		Row     int    `json:"row"`
		Line    int    `json:"line"`
		Key     string `json:"key"`
		Message string `json:"message"`
	} `json:"rejected_rows"`
	Warnings []string `json:"warnings"`
}

// outcome is everything that one run of a script left behind.
type outcome struct {
	dir            string
	stdout, stderr string
	code           int
	summary        summary
}

// run copies the examples into a new folder and runs one of them there.
func run(t *testing.T, flags []string, script string, args ...string) *outcome {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(scripts)))
	return runIn(t, dir, nil, flags, script, args...)
}

// runIn runs a script in a folder that has the examples already. Of the
// caller's environment nothing reaches it, so that no token does.
func runIn(t *testing.T, dir string, env, flags []string, script string, args ...string) *outcome {
	t.Helper()
	line := append([]string{"run", "--summary", "summary.json"}, flags...)
	line = append(append(line, "examples/"+script), args...)
	cmd := exec.CommandContext(t.Context(), program.Path(t), line...)
	cmd.Dir = dir
	cmd.Env = append([]string{"HOME=" + dir, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "NO_COLOR=1", "PHSCRIPT_STATE=" + filepath.Join(dir, ".state", "state.db")}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	o := &outcome{dir: dir, stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
	text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	require.NoError(t, err, "stderr: %s", o.stderr)
	require.NoError(t, json.Unmarshal(text, &o.summary))
	return o
}

// check holds that a run ended with a code and said so everywhere, and that
// its output is the one in testdata.
func (o *outcome) check(t *testing.T, code int, golden string) {
	t.Helper()
	require.Equal(t, code, o.code, "stderr: %s", o.stderr)
	assert.Equal(t, code, o.summary.ExitCode)
	assert.True(t, o.summary.Simulated)
	assert.Empty(t, o.summary.Warnings, "an example should not use what the catalog does not know")
	o.golden(t, golden+".txt", o.stdout)
}

// file compares a file that the script wrote with the one in testdata.
func (o *outcome) file(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, "out", name))
	require.NoError(t, err)
	o.golden(t, name, string(text))
}

func (o *outcome) golden(t *testing.T, name, have string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(have), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), have, "if this is as it should be, run go test ./tests/examples -update")
}

// written lists the files under out, which is all that a script may write.
func (o *outcome) written(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "out", "*"))
	require.NoError(t, err)
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return files
}

// TestScriptsExplainThemselves holds that a script explains itself before it starts.
func TestScriptsExplainThemselves(t *testing.T) {
	for _, name := range scriptNames(t) {
		text, err := os.ReadFile(filepath.Join(scripts, name))
		require.NoError(t, err)
		head, _, _ := strings.Cut(string(text), "\n\nlocal ")
		assert.True(t, strings.HasPrefix(head, "-- "), "%s starts with a comment", name)
		assert.Contains(t, head, "phscript run ", "%s says how to run it", name)
		assert.Contains(t, head, "--simulate", "%s says how to try it", name)
		assert.Contains(t, head, "token", "%s says what it needs", name)
	}
}

func scriptNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(scripts, "*.lua"))
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.lua") })
	require.GreaterOrEqual(t, len(files), 8)
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return files
}
