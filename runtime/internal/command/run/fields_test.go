package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestFieldsAreConfirmedByName: a run asks as apply does before a custom field is deleted or gets
// another type.
func TestFieldsAreConfirmedByName(t *testing.T) {
	for write, asks := range map[string]bool{
		`planhat.custom_field.delete(f._id)`:                                                                                       true,
		`planhat.request{ method = "DELETE", path = "/customfields/" .. f._id }`:                                                   true,
		`planhat.custom_field.update(f._id, { type = "number" })`:                                                                  true,
		`planhat.request{ method = "PUT", path = "/customfields/" .. f._id, body = { type = "number" } }`:                          true,
		`planhat.custom_field.update(f._id, { type = f.type, isFeatured = true })`:                                                 false,
		`planhat.custom_field.update(f._id, { isFeatured = true })`:                                                                false,
		`pcall(planhat.custom_field.delete, "65920080b97f4a7a33000001") planhat.custom_field.update(f._id, { isFeatured = true })`: false,
		`planhat.custom_field.create{ name = "Another", parent = "company", type = "text" }`:                                       false,
	} {
		t.Run(write, func(t *testing.T) {
			planhat, err := simulator.Start(simulator.Options{Companies: 5, CallsPerMinute: -1})
			require.NoError(t, err)
			t.Cleanup(func() { _ = planhat.Close() })
			r := trial.New(t, map[string]string{"a.lua": `
for _, f in ipairs(planhat.custom_field.get_list()) do
  if f.name == "Tier" then ` + write + ` end
end`})
			r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_API_TOKEN"] = planhat.URL(), planhat.APIToken()
			before := planhat.Records("custom_field")
			if asks {
				_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "--yes", "a.lua")
				require.Equal(t, 12, code(t, err), stderr)
				assert.Contains(t, stderr, "not confirmed: the script deletes the custom field Tier or changes its type")
				assert.Contains(t, stderr, "to go ahead, add --confirm-field Tier; --yes is not enough")
				assert.Equal(t, before, planhat.Records("custom_field"))
			}
			flags := []string{"--allow-host", "127.0.0.1", "--yes", "a.lua"}
			if asks {
				flags = append([]string{"--confirm-field", "Tier"}, flags...)
			}
			_, stderr, err := r.Run(run.New, flags...)
			require.Equal(t, 0, code(t, err), stderr)
			assert.NotEqual(t, before, planhat.Records("custom_field"))
		})
	}
}
