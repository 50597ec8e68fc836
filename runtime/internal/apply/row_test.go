package apply

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/plan"
)

func TestPlaceholdersAreReplaced(t *testing.T) {
	const mark, one, two = "00000000abcdef01", "00000000abcdef0100000001", "00000000abcdef0100000002"
	known := &ids{mark: mark, of: map[string]string{one: "5f0000000000000000000001"}}
	for _, tt := range []struct{ text, want, missing string }{
		{`{"name":"a"}`, `{"name":"a"}`, ""},
		{`{"companyId":"` + one + `","text":"see /` + one + `/x"}`, `{"companyId":"5f0000000000000000000001","text":"see /5f0000000000000000000001/x"}`, ""},
		{`{"a":"` + one + `","b":"` + two + `"}`, "", two},
		{"", "", ""},
	} {
		got, missing := known.in([]byte(tt.text))
		assert.Equal(t, tt.want, string(got))
		assert.Equal(t, tt.missing, missing)
	}
	assert.Equal(t, "#2", number(two))
	// Those of a checker come after the real ones.
	check := &ids{mark: mark, of: map[string]string{one: "x", two: "y"}, base: known}
	got, _ := check.in([]byte(one + two))
	assert.Equal(t, "5f0000000000000000000001y", string(got))
}

func TestRowsGetTheirID(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"a"}`: `{"_id":"x","name":"a"}`, `{}`: `{"_id":"x"}`, ` { } `: `{"_id":"x"}`, ``: `{"_id":"x"}`,
		`{"_id":"y","name":"a"}`: `{"_id":"y","name":"a"}`,
	} {
		assert.JSONEq(t, want, string(withID([]byte(body), "x")), body)
	}
}

// TestAddresses: a request names a record by its _id, or by a key if that is not known.
func TestAddresses(t *testing.T) {
	s, err := newStep(&plan.Step{Model: "company", Operation: "update", Defines: []string{"new"}})
	assert.NoError(t, err)
	key := &plan.Key{Name: "externalId", Value: "a-1"}
	assert.Equal(t, "5f", s.address(&plan.StepRow{Action: plan.Update, ID: "5f", Key: key}))
	assert.Equal(t, "extid-a-1", s.address(&plan.StepRow{Action: plan.Update, ID: "new", Key: key}))
	assert.Empty(t, s.address(&plan.StepRow{Action: plan.Create, ID: "new", Key: key}))
	_, err = newStep(&plan.Step{Model: "company", Operation: "explode"})
	assert.ErrorContains(t, err, "does not know company.explode")
}
