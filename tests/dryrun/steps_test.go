package dryrun

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// steps runs a script in a dry run and returns its steps, as they are written.
func steps(t *testing.T, source string, change ...func(*runtime.Options)) (list []runtime.PlannedStep, got outcome) {
	t.Helper()
	got = run(t, source, func(o *runtime.Options) {
		o.DryRun = true
		for _, one := range change {
			one(o)
		}
		o.Step = func(s *runtime.PlannedStep) {
			text, err := json.Marshal(s)
			require.NoError(t, err)
			var kept runtime.PlannedStep
			require.NoError(t, json.Unmarshal(text, &kept))
			list = append(list, kept)
		}
	})
	require.NoError(t, got.err)
	noWrites(t, got.calls)
	return list, got
}

// TestSteps: each row says what is done, to which record, and what was there before.
func TestSteps(t *testing.T) {
	list, got := steps(t, `
local c = planhat.company.get_list{ limit = 3, sort = "_id" }
planhat.company.update(c[1]._id, { name = "New name", phase = c[1].phase })
local new = planhat.company.create{ externalId = "north", name = "North" }
planhat.enduser.bulk_upsert{
  { companyId = new._id, email = "kim@north.example" },
  { companyId = new._id },
}
planhat.company.update(new._id, { custom = { Tier = "Gold" } })
planhat.company.delete(c[2]._id)
planhat.company.bulk_upsert{ { _id = c[3]._id, name = c[3].name } }
pcall(planhat.company.create, { name = "Twice", externalId = "north" })
local other = planhat.new{ api_url = args[1], api_token = "other-token" }
other.company.update(other.company.get_list{ limit = 1 }[1]._id, { name = "Theirs" })
`)
	require.Len(t, list, 8)
	for i, s := range list {
		assert.Equal(t, i+1, s.Number)
		assert.Equal(t, "main.lua", s.Script)
	}

	update := list[0]
	assert.Equal(t, "company", update.Model)
	assert.Equal(t, "update", update.Operation)
	assert.Equal(t, 3, update.Line)
	row := update.Rows[0]
	assert.Equal(t, "update", row.Action)
	assert.Equal(t, "_id", row.Key.Name)
	require.Len(t, row.Changes, 1, "the phase stays")
	assert.Equal(t, "name", row.Changes[0].Path)
	assert.JSONEq(t, `"New name"`, string(row.Changes[0].After))
	assert.NotEmpty(t, row.Changes[0].Before)
	assert.Contains(t, string(row.Body), `"New name"`)

	created := list[1].Rows[0]
	assert.Equal(t, "create", created.Action)
	assert.Equal(t, []string{created.ID}, list[1].Defines)
	assert.Contains(t, created.ID, got.result.Mark)
	assert.Equal(t, "North", created.Name)
	assert.Equal(t, "north", created.Key.Value)

	users := list[2]
	assert.Equal(t, []string{created.ID}, users.Needs)
	assert.Equal(t, 5, users.Line)
	assert.Equal(t, "create", users.Rows[0].Action)

	tier := list[3].Rows[0]
	assert.Equal(t, "update", tier.Action)
	assert.Equal(t, "custom.Tier", tier.Changes[0].Path)
	assert.True(t, tier.Changes[0].Absent)
	assert.Equal(t, []string{created.ID}, list[3].Needs)

	assert.Equal(t, "delete", list[4].Rows[0].Action)
	assert.NotEmpty(t, list[4].Rows[0].Name)
	assert.Equal(t, "unchanged", list[5].Rows[0].Action)
	assert.Empty(t, list[5].Rows[0].Body)
	assert.Equal(t, "reject", list[6].Rows[0].Action)
	assert.Contains(t, list[6].Rows[0].Reason, "exists")

	assert.Equal(t, 1, update.Client)
	assert.Equal(t, 2, list[7].Client)
	require.Len(t, got.result.Tenants, 2)
	first, second := got.result.Tenants[0], got.result.Tenants[1]
	assert.True(t, first.Default)
	assert.False(t, second.Default)
	assert.NotEqual(t, first.Host, second.Host)
	assert.NotEmpty(t, first.User)
}

// TestStepsWithoutLookUps: a row that was not looked up is neither a create nor an update.
func TestStepsWithoutLookUps(t *testing.T) {
	list, _ := steps(t, `
planhat.company.bulk_upsert{ { externalId = "x-1", name = "One" }, { externalId = "x-2" } }
local three = planhat.company.update("extid-x-3", { name = "Three" })
planhat.company.delete("6123456789abcdef01234567")
planhat.company.update("extid-x-3", { phase = "Live" })
planhat.enduser.create{ companyId = three._id, email = "three@x.example" }
`, func(o *runtime.Options) { o.MaxReadCalls = -1 })
	require.Len(t, list, 5)
	assert.Len(t, list[0].Defines, 1, "the second row can only be an update")
	for _, row := range list[0].Rows {
		assert.Equal(t, "upsert", row.Action)
		assert.True(t, row.Blind)
		assert.NotEmpty(t, row.Body)
	}
	update := list[1].Rows[0]
	assert.Equal(t, "update", update.Action)
	assert.True(t, update.Blind)
	assert.Equal(t, []string{update.ID}, list[1].Defines, "the answer tells its _id")
	assert.Equal(t, "x-3", update.Key.Value)
	assert.True(t, update.Changes[0].Unread)
	assert.False(t, update.Changes[0].Absent)
	assert.Equal(t, "delete", list[2].Rows[0].Action)
	assert.True(t, list[2].Rows[0].Blind)
	assert.Empty(t, list[3].Defines)
	assert.Equal(t, "x-3", list[3].Rows[0].Key.Value)
	assert.Equal(t, []string{update.ID}, list[4].Needs)
}
