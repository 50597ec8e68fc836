package consent

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// TestFields: a custom field is confirmed by its name, and by nothing else.
func TestFields(t *testing.T) {
	const refusal = "not confirmed: the plan deletes the custom fields Tier and Next Review or changes their types, which changes the values in all records"
	fields := []string{"Tier", "Next Review", "Tier"}
	for name, test := range map[string]struct {
		terms     Terms
		confirmed []string
		want      string
		hint      string
	}{
		"no flag":              {Terms{}, nil, refusal, "to go ahead, add --confirm-field Tier --confirm-field 'Next Review'; --yes is not enough, because the values in all records change and no undo restores them"},
		"yes":                  {Terms{Yes: true}, nil, refusal, ""},
		"the profile":          {Terms{Confirm: "live", Profile: production}, nil, refusal, ""},
		"one of them":          {Terms{Yes: true}, []string{"Tier"}, "not confirmed: the plan deletes the custom field Next Review or changes its type, which changes the values in all records", ""},
		"both":                 {Terms{}, []string{"Next Review", "Tier"}, "", ""},
		"simulated":            {Terms{Simulated: true}, nil, "", ""},
		"a run of a service":   {Terms{Scheduled: true}, nil, "", ""},
		"another field's name": {Terms{}, []string{"tier"}, refusal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.terms.Fields(t.Context(), "the plan", fields, test.confirmed)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var refused *Refused
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, test.want, refused.Error())
			assert.Equal(t, fault.ExitNotConfirmed, refused.ExitCode())
			if test.hint != "" {
				assert.Equal(t, test.hint, refused.ErrorHint())
			}
		})
	}
	require.NoError(t, (&Terms{}).Fields(t.Context(), "the plan", nil, nil))

	ask, questions := typing("Tier", "yes")
	err := (&Terms{Yes: true, Ask: ask}).Fields(t.Context(), "the plan", fields, nil)
	require.EqualError(t, err, "not confirmed: the answer was not the name of the custom field, Next Review")
	assert.Equal(t, []string{
		"The plan changes the values in all records, and you cannot undo that. Type the name of the custom field, Tier, to go ahead: ",
		"The plan changes the values in all records, and you cannot undo that. Type the name of the custom field, Next Review, to go ahead: ",
	}, *questions)
	ask, _ = typing("Tier", "Next Review")
	require.NoError(t, (&Terms{Ask: ask}).Fields(t.Context(), "the plan", fields, nil))
}
