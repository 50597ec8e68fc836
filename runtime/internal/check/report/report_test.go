package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
)

// everything is a report with findings of every rule.
func everything(t *testing.T) *report.Report {
	t.Helper()
	checker := check.New(builtins.Manual(), check.Options{Pedantic: true})
	files, err := filepath.Glob("../testdata/*.lua")
	require.NoError(t, err)
	all := &report.Report{Files: len(files)}
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Findings = append(all.Findings, checker.Source(file, src)...)
	}
	return all
}

// TestSARIFFollowsItsSchema holds the output against the schema of the
// standard, and against the standard's own names.
func TestSARIFFollowsItsSchema(t *testing.T) {
	for name, all := range map[string]*report.Report{"full": everything(t), "empty": {Files: 1}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, all.WriteSARIF(&out, "1.2.3"))
			dec := json.NewDecoder(bytes.NewReader(out.Bytes()))
			dec.DisallowUnknownFields()
			var read sarif.Report
			require.NoError(t, dec.Decode(&read), "a name that SARIF does not know")
			parsed, err := sarif.FromBytes(out.Bytes())
			require.NoError(t, err)
			require.NoError(t, parsed.Validate())
			run := parsed.Runs[0]
			assert.Len(t, run.Results, len(all.Findings))
			assert.Len(t, run.Tool.Driver.Rules, len(report.Rules()))
			for i, result := range run.Results {
				assert.Equal(t, all.Findings[i].Rule, *run.Tool.Driver.Rules[result.RuleIndex].ID)
			}
		})
	}
}

func TestSARIFPlaces(t *testing.T) {
	findings := check.New(builtins.Manual(), check.Options{}).Source("a b.lua", []byte("local t = \"é\" prnt(t)"))
	var out bytes.Buffer
	require.NoError(t, (&report.Report{Files: 1, Findings: findings}).WriteSARIF(&out, ""))
	var log struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &log))
	place := log.Runs[0].Results[0].Locations[0].PhysicalLocation
	assert.Equal(t, "a%20b.lua", place.ArtifactLocation.URI)
	assert.Equal(t, 15, place.Region.StartColumn, "columns count characters")
	assert.Equal(t, 19, place.Region.EndColumn, "the end is behind the last character")
}

func TestJSON(t *testing.T) {
	all := &report.Report{Files: 2, Findings: check.New(builtins.Manual(), check.Options{}).Source("a.lua", []byte("prnt(1)\nlocal x = 1\n"))}
	var out bytes.Buffer
	require.NoError(t, all.WriteJSON(&out))
	assert.JSONEq(t, `{"version": 1, "files": 2, "errors": 1, "warnings": 1, "findings": [
		{"rule": "undefined-global", "severity": "error", "file": "a.lua", "line": 1, "column": 1, "end_line": 1, "end_column": 4,
			"message": "'prnt' is not defined (did you mean 'print'?)"},
		{"rule": "unused-local", "severity": "warning", "file": "a.lua", "line": 2, "column": 7, "end_line": 2, "end_column": 7,
			"message": "'x' is never used", "hint": "remove it, or use it"}]}`, out.String())
}

func TestText(t *testing.T) {
	src := "count = 0\n\tcount = cuont + 1\nprint(count)\n"
	all := &report.Report{Files: 1, Findings: check.New(builtins.Manual(), check.Options{Pedantic: true}).Source("a.lua", []byte(src))}
	var plain, colored bytes.Buffer
	require.NoError(t, all.WriteText(&plain, false))
	assert.Equal(t, `warning: a.lua:1:1: 'count' is a global, which every function and file can change [global-set]
    1 | count = 0
      | ^^^^^
hint: write local before its first assignment: local count = ...
also on lines 2 and 3

error: a.lua:2:10: 'cuont' is not defined (did you mean 'count'?) [undefined-global]
    2 |     count = cuont + 1
      |             ^^^^^

1 error, 1 warning in 1 file
`, plain.String())
	require.NoError(t, all.WriteText(&colored, true))
	assert.Contains(t, colored.String(), "\x1b[31;1merror: \x1b[0m")
	assert.Contains(t, colored.String(), "\x1b[33;1mwarning: \x1b[0m")
	var none bytes.Buffer
	require.NoError(t, (&report.Report{Files: 3}).WriteText(&none, true))
	assert.Equal(t, "no problems in 3 files\n", none.String())
}
