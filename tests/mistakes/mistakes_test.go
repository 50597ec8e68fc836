// Package mistakes measures what phscript check finds of the mistakes that people make.
//
// Each mistake is a pair in a folder of its group: NAME.lua has the mistake, NAME.right.lua is the same
// script without it. mistakes.jsonl says of each on which lines the mistake is, what happens in a run and
// where it comes from: a public question, or what newcomers know from elsewhere. The scripts were written
// without looking at the rules, so do not adapt a script to a rule. data is the folder in which they run.
// The scripts in schema are about an account whose schema was pulled.
package mistakes

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
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

const (
	table = "mistakes.jsonl"
	// pulled is the group whose scripts are checked with planhat.schema.json, and run with its fixtures.
	pulled = "schema"
)

// update marks the mistakes that the check has begun to find: go test ./tests/mistakes -update.
var update = flag.Bool("update", false, "mark mistakes as found that the check finds now")

// variables are what the scripts read from the environment.
var variables = map[string]string{
	"CRM_TOKEN": "token-of-the-crm", "REGION": "eu", "SEATS": "25", "SANDBOX_TOKEN": "token-of-the-sandbox",
	"SMTP_PASSWORD": "password-of-the-mailbox", "SLACK_WEBHOOK": "https://hooks.slack.com/services/T0/B0/text",
}

// A mistake is a line of mistakes.jsonl.
type mistake struct {
	Name    string   `json:"name"`
	Lines   []int    `json:"lines"`
	Happens string   `json:"happens"`
	Source  string   `json:"source"`
	Flags   []string `json:"flags,omitempty"`
	// Found is the rule whose finding says what is wrong, if there is one.
	Found string `json:"found,omitempty"`
	// Beside are rules whose findings on these lines do not say what is wrong.
	Beside []string `json:"beside,omitempty"`
}

// A finding is what phscript check says of a line.
type finding struct {
	Rule    string `json:"rule"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	EndLine int    `json:"end_line"`
	Message string `json:"message"`
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s [%s]", f.File, f.Line, f.Message, f.Rule)
}

// at reports whether the finding is on one of the lines.
func (f finding) at(lines []int) bool {
	return slices.ContainsFunc(lines, func(line int) bool { return f.Line <= line && line <= max(f.Line, f.EndLine) })
}

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

func TestFound(t *testing.T) {
	all, findings := mistakes(t), check(t)
	found, total := map[string]int{}, map[string]int{}
	changed := false
	for i, m := range all {
		group, _, _ := strings.Cut(m.Name, "/")
		total[group]++
		here := slices.DeleteFunc(findings[m.Name+".lua"], func(f finding) bool {
			return !f.at(m.Lines) || slices.Contains(m.Beside, f.Rule)
		})
		byRule := slices.ContainsFunc(here, func(f finding) bool { return f.Rule == m.Found })
		switch {
		case m.Found != "" && byRule:
			found[group]++
		case m.Found != "":
			assert.Fail(t, "the check no longer finds a mistake", "%s: %s was found by %s; there is now: %v", m.Name, m.Happens, m.Found, here)
		case len(here) > 0 && *update:
			all[i].Found, changed = here[0].Rule, true
			found[group]++
		case len(here) > 0:
			assert.Fail(t, "the check has begun to find a mistake",
				"%s: %s\n%v\nIf this says what is wrong, run go test ./tests/mistakes -update. If not, list the rule as beside in %s.", m.Name, m.Happens, here, table)
		}
		assert.Empty(t, findings[m.Name+".right.lua"], "nothing is wrong in this script")
	}
	if changed {
		write(t, all)
	}
	sum, of := 0, 0
	for _, group := range groups(all) {
		t.Logf("%-9s %3d of %3d", group, found[group], total[group])
		sum, of = sum+found[group], of+total[group]
	}
	t.Logf("%-9s %3d of %3d", "all", sum, of)
}

// TestPairs holds the folders and the table together.
func TestPairs(t *testing.T) {
	known := map[string]bool{}
	for _, m := range mistakes(t) {
		assert.False(t, known[m.Name+".lua"], "%s is in the table twice", m.Name)
		assert.NotEmpty(t, m.Happens, m.Name)
		assert.NotEmpty(t, m.Source, m.Name)
		known[m.Name+".lua"], known[m.Name+".right.lua"] = true, true
		wrong, err := os.ReadFile(filepath.FromSlash(m.Name + ".lua"))
		require.NoError(t, err)
		right, err := os.ReadFile(filepath.FromSlash(m.Name + ".right.lua"))
		require.NoError(t, err)
		assert.NotEqual(t, string(right), string(wrong), m.Name)
		lines := bytes.Count(wrong, []byte("\n"))
		assert.NotEmpty(t, m.Lines, m.Name)
		for _, line := range m.Lines {
			assert.True(t, 0 < line && line <= lines, "%s has no line %d", m.Name, line)
		}
	}
	files, err := filepath.Glob("*/*.lua")
	require.NoError(t, err)
	for _, file := range files {
		assert.True(t, known[filepath.ToSlash(file)], "%s is not in %s", file, table)
	}
}

// TestCorrectionsRun runs each corrected script against the simulator.
func TestCorrectionsRun(t *testing.T) {
	names := []string{}
	for name := range variables {
		names = append(names, "--allow-env", name)
	}
	for _, m := range mistakes(t) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS("data")))
			script, err := filepath.Abs(filepath.FromSlash(m.Name + ".right.lua"))
			require.NoError(t, err)
			args := append([]string{"run", "--simulate", "--companies", "30", "--yes"}, names...)
			if strings.HasPrefix(m.Name, pulled+"/") {
				fixtures, err := filepath.Abs(filepath.Join(pulled, "fixtures"))
				require.NoError(t, err)
				args = append([]string{"run", "--simulate=" + fixtures, "--yes"}, names...)
			}
			cmd := exec.CommandContext(t.Context(), program.Path(t), append(append(args, script), m.Flags...)...)
			cmd.Dir = dir
			cmd.Env = os.Environ()
			for name, value := range variables {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}

// check returns the findings of the check in each file. A finding in a module of the
// mistakes is a failure: the modules are right.
func check(t *testing.T) map[string][]finding {
	t.Helper()
	findings := map[string][]finding{}
	for _, dir := range []string{".", pulled} {
		for _, f := range checkIn(t, dir) {
			file := filepath.ToSlash(filepath.Join(dir, f.File))
			if dir == "." && strings.HasPrefix(file, pulled+"/") {
				continue
			}
			assert.NotContains(t, file, "/lib/", f.String())
			findings[file] = append(findings[file], f)
		}
	}
	return findings
}

// checkIn returns the findings of a check in a folder.
func checkIn(t *testing.T, dir string) []finding {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Path(t), "check", "--format", "json", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		require.Equal(t, 1, exit.ExitCode(), "%s", exit.Stderr)
	} else {
		require.NoError(t, err)
	}
	var answer struct {
		Findings []finding `json:"findings"`
	}
	require.NoError(t, json.Unmarshal(out, &answer))
	return answer.Findings
}

// mistakes returns the lines of the table.
func mistakes(t *testing.T) []mistake {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS("."), table)
	require.NoError(t, err)
	var all []mistake
	for line := range strings.Lines(string(text)) {
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		var m mistake
		require.NoError(t, decoder.Decode(&m), line)
		all = append(all, m)
	}
	require.NotEmpty(t, all)
	return all
}

// write replaces the table.
func write(t *testing.T, all []mistake) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, m := range all {
		require.NoError(t, encoder.Encode(m))
	}
	require.NoError(t, os.WriteFile(table, text.Bytes(), 0o644))
}

// groups returns the names of the groups in the order of the table.
func groups(all []mistake) []string {
	var names []string
	for _, m := range all {
		group, _, _ := strings.Cut(m.Name, "/")
		if !slices.Contains(names, group) {
			names = append(names, group)
		}
	}
	return names
}
