package planhat

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReasonsAreTrueOfEachRow(t *testing.T) {
	for _, tt := range []struct {
		messages []string
		want     []Reason
	}{
		{[]string{"row 1 has the same key", "row 3 has the same key"}, []Reason{{"row … has the same key", "row 1 has the same key", 2, 0}}},
		{[]string{"at most 5,000 rows, not 6,000", "at most 5,000 rows, not 7,000"}, []Reason{{"at most 5,000 rows, not …", "at most 5,000 rows, not 6,000", 2, 0}}},
		{[]string{"at most 5,000 rows", "at most 5,000 rows"}, []Reason{{"at most 5,000 rows", "at most 5,000 rows", 2, 0}}},
		{
			[]string{`no company has the id "extid-ab".`, `no company has the id "extid-b".`, `no company has the id "64f0".`},
			[]Reason{{`no company has the id ….`, `no company has the id "extid-ab".`, 3, 0}},
		},
		{[]string{`"ada@x.example" is taken`, `"bob@x.example" is taken`}, []Reason{{`… is taken`, `"ada@x.example" is taken`, 2, 0}}},
		{
			[]string{`"name" is required`, `"value" is required`},
			[]Reason{{`"name" is required`, `"name" is required`, 1, 0}, {`"value" is required`, `"value" is required`, 1, 1}},
		},
		{[]string{"a … x", "a 5 x"}, []Reason{{"a 5 x", "a 5 x", 1, 1}, {"a … x", "a … x", 1, 0}}},
		{[]string{"fromDate must be a date, not 2026-13-01", "fromDate must be a date, not 31"}, []Reason{{"fromDate must be a date, not …", "fromDate must be a date, not 2026-13-01", 2, 0}}},
	} {
		var tally Tally
		for i, message := range tt.messages {
			tally.Outcome(Outcome{Rejected: []RowError{{Index: i, Message: message}}})
		}
		assert.Equal(t, tt.want, tally.Snapshot().Reasons)
	}
}
