// Package peer compares what phscript finds in scripts with what luacheck
// finds, a tool that many people know: no undefined name and no unused value
// that it reports may be missed.
package peer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	ours "github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
)

// counterpart names, for each kind of luacheck's findings, the rules of ours
// that may stand for it.
var counterpart = map[string][]string{
	"111": {"global-set"},
	"112": {"undefined-global", "global-set"},
	"113": {"undefined-global", "global-set"},
	"121": {"global-overwritten"},
	"211": {"unused-local", "unused-function"},
	"212": {"unused-argument"},
	"213": {"unused-loop-variable"},
	"221": {"never-set"},
	"231": {"unused-local"},
	"232": {"unused-argument"},
	"233": {"unused-loop-variable"},
	"241": {"unused-local", "never-set"},
	"311": {"unused-assignment", "unused-function"},
	"312": {"unused-assignment"},
	"313": {"unused-assignment"},
	"314": {"duplicate-field"},
	"321": {"read-before-set"},
	"331": {"unused-assignment"},
	"341": {"read-before-set"},
	"411": {"shadowed-name"},
	"412": {"shadowed-name"},
	"413": {"shadowed-name"},
	"421": {"shadowed-name"},
	"422": {"shadowed-name"},
	"423": {"shadowed-name"},
	"431": {"shadowed-name"},
	"432": {"shadowed-name"},
	"433": {"shadowed-name"},
	"511": {"unreachable-code"},
	"512": {"loop-runs-once"},
}

// shared are the rules that luacheck has as well.
func shared() map[string]bool {
	rules := map[string]bool{}
	for _, names := range counterpart {
		for _, name := range names {
			rules[name] = true
		}
	}
	return rules
}

// theirs is one of luacheck's findings.
type theirs struct {
	line, column int
	code, text   string
}

var reported = regexp.MustCompile(`^(.+):(\d+):(\d+)-\d+: \(([EW]\d+)\) (.*)$`)

// luacheck runs the real tool over files and returns its findings by file.
func luacheck(t *testing.T, files []string) map[string][]theirs {
	t.Helper()
	tool, err := exec.LookPath("luacheck")
	require.NoError(t, err, "luacheck is needed: apt-get install lua-check")
	args := []string{
		"--no-config", "--formatter", "plain", "--codes", "--ranges", "--std", "lua51", "--no-max-line-length",
		"--globals", "csv", "env", "fs", "inspect", "json", "log", "money", "planhat", "run", "time", "args", "arg", "params", "--",
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool, append(args, files...)...)
	cmd.Stdout = &out
	err = cmd.Run()
	var exit *exec.ExitError
	// 1 and 2 say that something was found.
	if !errors.As(err, &exit) || exit.ExitCode() > 2 {
		require.NoError(t, err, out.String())
	}
	found := map[string][]theirs{}
	for line := range strings.Lines(out.String()) {
		m := reported.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		row, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		column, err := strconv.Atoi(m[3])
		require.NoError(t, err)
		found[m[1]] = append(found[m[1]], theirs{row, column, m[4], m[5]})
	}
	return found
}

// comparison counts what both found.
type comparison struct {
	both    map[string]int
	further map[string]int
	samples map[string]string
}

// compare runs both over the files and reports what of luacheck's is missed.
func compare(t *testing.T, files []string) *comparison {
	t.Helper()
	c := &comparison{both: map[string]int{}, further: map[string]int{}, samples: map[string]string{}}
	checker := ours.New(builtins.Manual(), ours.Options{Pedantic: true})
	known := luacheck(t, files)
	missed := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		// Ignore comments are ours alone.
		findings := checker.Source(file, bytes.ReplaceAll(src, []byte("phscript: ignore"), []byte("phscript; ignore")))
		findings = expanded(findings)
		met := make([]bool, len(findings))
		for _, f := range known[file] {
			rules := counterpart[f.code[1:]]
			if rules == nil {
				continue
			}
			hit := false
			for i, g := range findings {
				if column, _ := g.Characters(); g.Line == f.line && column == f.column && slices.Contains(rules, g.Rule) {
					met[i], hit = true, true
				}
			}
			if hit {
				c.both[f.code]++
				continue
			}
			if missed++; missed <= 15 {
				t.Errorf("%s:%d:%d: missed (%s) %s\n%s", file, f.line, f.column, f.code, f.text, excerpt(src, f.line))
			}
		}
		for i, g := range findings {
			if !met[i] {
				c.further[g.Rule]++
				if shared()[g.Rule] {
					c.samples[g.Rule+fmt.Sprintf(" %s:%d:%d", file, g.Line, g.Column)] = g.Message
				}
			}
		}
	}
	assert.Zero(t, missed, "findings of luacheck that have no counterpart")
	return c
}

// expanded returns a finding for each place that one names, as luacheck does.
func expanded(findings []report.Finding) []report.Finding {
	var all []report.Finding
	for _, f := range findings {
		all = append(all, f)
		for _, p := range f.Also {
			g := f
			g.Line, g.Column, g.SourceLine = p.Line, p.Column, ""
			all = append(all, g)
		}
	}
	return all
}

func excerpt(src []byte, line int) string {
	lines := strings.Split(string(src), "\n")
	return strings.Join(lines[max(0, line-4):min(len(lines), line+3)], "\n")
}

func (c *comparison) log(t *testing.T) {
	t.Helper()
	t.Logf("found by both: %v", c.both)
	t.Logf("found by phscript only: %v", c.further)
	for _, where := range slices.Sorted(maps.Keys(c.samples)) {
		t.Logf("beyond luacheck: %s: %s", where, c.samples[where])
	}
}

// corpus are the scripts of the repository and those written for this test.
func corpus(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/*.lua", "../../../../scripts/examples/*.lua", "../../../../scripts/examples/lib/*.lua", "../../../../stdlib/*.lua", "../../*/testdata/*.lua", "../../../../tests/*/testdata/*.lua", "../testdata/*.lua"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range found {
			if rel, err := filepath.Rel("../peer", name); err == nil {
				name = rel
			}
			if !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
	}
	return files
}

func TestFindsWhatLuacheckFinds(t *testing.T) {
	files := corpus(t)
	c := compare(t, files)
	t.Logf("%d scripts", len(files))
	c.log(t)
}
