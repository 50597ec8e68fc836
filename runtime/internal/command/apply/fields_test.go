package apply

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// confirmed returns the flags that confirm the custom fields of a plan.
func confirmed(t require.TestingT, file string) (flags []string) {
	f, err := planfile.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	report := planfile.NewReport()
	_, err = planfile.Read(f, report.Add, report.Reject)
	require.NoError(t, err)
	for _, name := range report.Fields() {
		flags = append(flags, "--confirm-field", name)
	}
	return flags
}

// TestFieldsAreConfirmedByName: to delete a custom field empties it in all records.
func TestFieldsAreConfirmedByName(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
for _, field in ipairs(planhat.custom_field.get_list()) do
  if field.name == "Tier" then planhat.custom_field.delete(field._id) end
end`})
	fields := len(d.planhat.Records("custom_field"))
	d.plan("a.lua")
	code, said := d.apply("--yes")
	assert.Equal(t, 12, code)
	assert.Contains(t, said, "not confirmed: the plan deletes the custom field Tier or changes its type, which changes the values in all records")
	assert.Contains(t, said, "to go ahead, add --confirm-field Tier; --yes is not enough")
	assert.Zero(t, d.writes())
	code, said = d.apply("--yes", "--confirm-field", "Tier")
	require.Equal(t, 0, code, said)
	assert.Len(t, d.planhat.Records("custom_field"), fields-1)
}
