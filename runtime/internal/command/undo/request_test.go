package undo_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDeletesByRequestAreTakenBack: the values of a record that planhat.request deletes are
// recorded as those of any other.
func TestDeletesByRequestAreTakenBack(t *testing.T) {
	r := newTenant(t, nil)
	r.script(t, `planhat.company.bulk_upsert{ { externalId = "mine", name = "Mine" } }`)
	r.script(t, `
for _, c in ipairs(planhat.company.get_list()) do
  if c.name == "Mine" then planhat.request{ method = "DELETE", path = "/companies/" .. c._id } end
end`)
	for _, c := range r.planhat.Records("company") {
		require.NotEqual(t, "Mine", c["name"])
	}
	r.undo(t, 0, "--recreate", "--yes", "2")
	var names []any
	for _, c := range r.planhat.Records("company") {
		names = append(names, c["name"])
	}
	assert.Contains(t, names, "Mine")
}
