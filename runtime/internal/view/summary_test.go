package view_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/view"
)

func TestTotals(t *testing.T) {
	assert.Empty(t, view.Totals(&outcome.Summary{}), "no call, nothing to count")
	one := &outcome.Summary{
		Totals: outcome.Totals{Calls: 3, Retries: 1, WaitedSeconds: 62.04, PausedSeconds: 60, RetrySeconds: 0.52, Counts: outcome.Counts{Read: 4, Created: 12, Deleted: 1}},
		Models: map[string]outcome.Counts{"company": {Read: 4, Created: 12, Deleted: 1}},
	}
	assert.Equal(t, []view.Line{
		{"calls", "3, 1 of them retries, waited 2s for quota, 1m0s because Planhat asked to (429), and 520ms before retries"}, {"read", "4"}, {"created", "12"}, {"updated", "0"}, {"unchanged", "0"}, {"deleted", "1"}, {"rejected", "0"},
	}, view.Totals(one))
	stopped := &outcome.Summary{Totals: outcome.Totals{WaitedSeconds: 15, PausedSeconds: 15}}
	assert.Equal(t, view.Line{"calls", "0, waited 15s because Planhat asked to (429)"}, view.Totals(stopped)[0], "the call was not made")
	assert.Equal(t, []view.Line{{"rejected", "1"}}, view.Totals(&outcome.Summary{Totals: outcome.Totals{Counts: outcome.Counts{Rejected: 1}}}))
}

func TestTotalsByModel(t *testing.T) {
	s := &outcome.Summary{Totals: outcome.Totals{Calls: 2}, Models: map[string]outcome.Counts{
		"task":    {Created: 5, Rejected: 1},
		"company": {Created: 12, Updated: 3},
		"license": {},
	}}
	lines := view.Totals(s)
	assert.Equal(t, view.Line{Name: "by model", Value: "company: 12 created, 3 updated; task: 5 created, 1 rejected"}, lines[len(lines)-1])
	delete(s.Models, "task")
	assert.NotContains(t, view.Totals(s)[len(lines)-2].Name, "by model", "one model needs no list")
}

// rejectedRows returns the summary of a run that rejected rows, each for another reason.
func rejectedRows(n int) *outcome.Summary {
	s := &outcome.Summary{Script: "a.lua", Outcome: "rejected"}
	s.Rejected = n
	for i := range n {
		message := fmt.Sprintf("reason %c", 'a'+i)
		s.Reasons = append(s.Reasons, outcome.Reason{Message: message, Example: message, Count: 1})
		s.Rows = append(s.Rows, outcome.RejectedRow{Model: "run", Operation: "reject", Message: message})
	}
	return s
}

// last returns the last lines of a summary.
func last(n int, s *outcome.Summary, files view.Files) string {
	lines := strings.Split(strings.TrimSpace(view.Summary(s, files)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func TestReasonsThatAreNotShown(t *testing.T) {
	for n, want := range map[int]string{3: "", 4: "    and 1 more reason\n", 7: "    and 4 more reasons\n"} {
		text := view.Summary(rejectedRows(n), view.Files{})
		assert.Contains(t, text, "    1 x reason c\n"+want+"    run.reject", n)
		assert.NotContains(t, text, "1 x reason d")
	}
}

// TestWhereRejectedRowsAre: the end of a summary says where all rejected rows are, and
// what to do before they are imported again.
func TestWhereRejectedRowsAre(t *testing.T) {
	unknown := rejectedRows(2)
	unknown.Rejected, unknown.Unknown = 0, 2
	short := rejectedRows(2)
	short.Rejected = 9
	for _, tt := range []struct {
		summary *outcome.Summary
		files   view.Files
		lines   int
		want    string
	}{
		{rejectedRows(2), view.Files{}, 1, "--rejects FILE.csv keeps them, to correct and import again"},
		{rejectedRows(7), view.Files{}, 1, "2 more; --rejects FILE.csv keeps all of them, to correct and import again"},
		{rejectedRows(7), view.Files{Summary: "s.json"}, 1, "2 more; all of them, with their data, are in s.json"},
		{short, view.Files{Summary: "s.json"}, 1, "4 more; the first 2, with their data, are in s.json; --rejects FILE.csv keeps all of them"},
		{rejectedRows(2), view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 2}}, 1, "all of them are in r.csv, to correct and import again"},
		{rejectedRows(4), view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 1}}, 1, "all of them are in r.csv as 1 row, since some were rejected several times, to correct and import again"},
		{rejectedRows(4), view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 3}}, 1, "all of them are in r.csv as 3 rows, since some were rejected several times, to correct and import again"},
		{rejectedRows(4), view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 4, Unidentified: 2}}, 2, "all of them are in r.csv, to correct and import again\n2 of them have no data there, because Planhat does not say which rows it rejected"},
		{rejectedRows(4), view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 4, Unidentified: 1}}, 1, "1 of them has no data there, because Planhat does not say which rows it rejected"},
		{rejectedRows(4), view.Files{Missing: 4}, 1, "all 4 are missing from the file: none of them could be written"},
		{rejectedRows(4), view.Files{Rejects: "x.csv", Missing: 3, Written: outcome.Written{Rows: 1}}, 1, "1 of them is in x.csv; 3 could not be written"},
		{unknown, view.Files{}, 2, "--rejects FILE.csv keeps them, to correct and import again\n2 rows may be stored (state unknown): look them up in Planhat before you import them again"},
		{unknown, view.Files{Rejects: "r.csv", Written: outcome.Written{Rows: 2, Unknown: 1}}, 1, "1 row may be stored (state unknown): look it up in Planhat before you import it again"},
	} {
		assert.Equal(t, tt.want, last(tt.lines, tt.summary, tt.files))
	}
}

// TestRowsThatTheScriptRejected: run.reject is not a model.
func TestRowsThatTheScriptRejected(t *testing.T) {
	s := &outcome.Summary{Totals: outcome.Totals{Calls: 1, Counts: outcome.Counts{Rejected: 3}}, Models: map[string]outcome.Counts{
		"company": {Created: 1, Rejected: 1}, "run": {Rejected: 2},
	}}
	lines := view.Totals(s)
	assert.Equal(t, view.Line{Name: "rejected", Value: "3, 2 of them by the script"}, lines[len(lines)-1])
	s.Models["task"] = outcome.Counts{Created: 1}
	lines = view.Totals(s)
	assert.Equal(t, view.Line{Name: "by model", Value: "company: 1 created, 1 rejected; task: 1 created"}, lines[len(lines)-1])
	s.Rejected = 2
	lines = view.Totals(s)
	assert.Equal(t, view.Line{Name: "rejected", Value: "2, by the script"}, lines[len(lines)-2])
}
