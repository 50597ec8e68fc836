package view_test

import (
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
