package outcome

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFailureInOneLine(t *testing.T) {
	for want, f := range map[string]Failure{
		"a.lua:3: boom":     {Message: "boom\nmore", Script: "a.lua", Line: 3},
		"a.lua: unreadable": {Message: "unreadable", Script: "a.lua"},
		"no token":          {Message: "no token", Line: 3},
	} {
		assert.Equal(t, want, f.String())
	}
}

func TestRejectedRowString(t *testing.T) {
	assert.Equal(t, "metrics.bulk_insert_metrics, unknown row: no", (&RejectedRow{Model: "metrics", Operation: "bulk_insert_metrics", Message: "no"}).String())
	assert.Equal(t, "company.create, row 1 (externalId a): no", (&RejectedRow{Model: "company", Operation: "create", Row: 1, Key: "externalId a", Message: "no"}).String())
	assert.Equal(t, "run.reject (id a): no", (&RejectedRow{Model: ByScript, Operation: "reject", Key: "id a", Message: "no"}).String())
}
