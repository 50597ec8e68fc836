package bindings

import (
	"testing"

	"github.com/stretchr/testify/assert"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		result planhat.BulkResult
		want   []string
	}{
		{"no rows", planhat.BulkResult{}, nil},
		{
			"named by the answer",
			planhat.BulkResult{
				Rows: 3, Created: 1, Updated: 1,
				Keys:   []planhat.RowKey{{Index: 2, ID: "a", Created: true}, {Index: 0, ID: "b"}},
				Errors: []planhat.RowError{{Index: 1}},
			},
			[]string{"updated", "rejected", "created"},
		},
		{
			"the one that is left is unchanged",
			planhat.BulkResult{Rows: 2, Created: 1, Unchanged: 1, Keys: []planhat.RowKey{{Index: 1, Created: true}}},
			[]string{"unchanged", "created"},
		},
		{
			"all counted alike without names, as metrics are",
			planhat.BulkResult{Rows: 3, Created: 2, Errors: []planhat.RowError{{Index: 1}}},
			[]string{"created", "rejected", "created"},
		},
		{
			"two that may be either",
			planhat.BulkResult{Rows: 3, Created: 1, Updated: 1, Unchanged: 1, Keys: []planhat.RowKey{{Index: 0, Created: true}}},
			[]string{"created", "", ""},
		},
		{
			"an error that names no row leaves a doubt",
			planhat.BulkResult{Rows: 2, Unchanged: 1, Errors: []planhat.RowError{{Index: -1}}},
			[]string{"", ""},
		},
		{
			"a row that may be stored is not rejected",
			planhat.BulkResult{Rows: 3, Created: 1, Errors: []planhat.RowError{{Index: 0, Uncertain: true}, {Index: 1}}},
			[]string{"uncertain", "rejected", "created"},
		},
		{
			"a dry run",
			planhat.BulkResult{Rows: 2, Planned: 1, Errors: []planhat.RowError{{Index: 0}}},
			[]string{"rejected", "planned"},
		},
		{
			"more keys than rows that were counted",
			planhat.BulkResult{Rows: 2, Created: 0, Keys: []planhat.RowKey{{Index: 0, Created: true}}},
			[]string{"created", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			L := lua.NewState()
			defer L.Close()
			table := outcomes(L, &tt.result)
			var got []string
			for i := range tt.result.Rows {
				got = append(got, lua.LVAsString(table.RawGetInt(i+1)))
			}
			assert.Equal(t, tt.want, got)
		})
	}
}
