package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestPlanShowsTheValuesOfNewRecords: what a script would write can be seen before it is applied.
func TestPlanShowsTheValuesOfNewRecords(t *testing.T) {
	r := trial.New(t, map[string]string{"new.lua": `
local acme = planhat.company.create{ externalId = "a-1", name = "Acme", status = "customer", custom = { Seats = 1.3, Tier = "Gold" } }
planhat.task.create{ mainType = "task", action = "Call", companyId = acme._id }
planhat.license.create{ externalId = "L-1", companyId = acme._id, value = 1300, fromDate = "2026-01-01", toDate = "2026-12-31", product = "Base", currency = "EUR", _currency = "x" }
local wide = {}
for i = 1, 30 do wide["Field " .. i] = i end
planhat.company.create{ externalId = "a-2", name = "Globex", custom = wide }
`})
	planned, _, err := r.Run(New, append([]string{"new.lua", "-o", "plan.jsonl"}, simulated...)...)
	require.NoError(t, err)
	shown, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	for _, text := range []string{planned, shown} {
		assert.Contains(t, text, "    + Acme, externalId a-1, #1, line 2\n        status: \"customer\", custom.Seats: 1.3, custom.Tier: \"Gold\"\n")
		assert.Regexp(t, `\n        .*action: "Call"`, text)
		assert.Contains(t, text, "companyId: new #1")
		assert.Regexp(t, `value: 1300\b`, text)
		assert.Contains(t, text, "and 10 more properties\n")
	}
	redacted, _, err := r.Run(New, "show", "--redact", "plan.jsonl")
	require.NoError(t, err)
	assert.NotContains(t, redacted, "1300")
	assert.NotContains(t, redacted, "Call")
	text, _, err := r.Run(New, "show", "--json", "plan.jsonl")
	require.NoError(t, err)
	assert.Regexp(t, `"path": ?"custom.Seats",\s*"value": ?1.3`, text)
}
