package complete_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/repl/complete"
	"github.com/phscript/phscript/runtime/internal/schema"
)

func account() *schema.Schema {
	s := &schema.Schema{
		Fields: []schema.Field{
			{Model: "company", Name: "Tier", Type: "list", Values: []string{"Gold", "Silver"}, Mandatory: true},
			{Model: "company", Name: "Next Review", Type: "day"},
			{Model: "company", Name: "Größe", Type: "number"},
			{Model: "company", Name: "Sponsor", Type: "team member"},
			{Model: "company", Name: "bad\x1b[2J", Type: "text"},
			{Model: "enduser", Name: "Mood", Type: "list", Values: []string{"Good mood"}},
		},
		Phases: []string{"Adoption", "Onboarding", "\x1b[2J"},
		Users:  []schema.User{{ID: "65920080b97f4a7a33000001", Name: "Ada Castillo"}, {ID: "65920080b97f4a7a33000002", Name: "Bo", Inactive: true}},
	}
	s.Sort()
	return s
}

// TestCompletesWhatTheAccountHas: fields, with those in brackets that cannot follow a dot,
// and values.
func TestCompletesWhatTheAccountHas(t *testing.T) {
	e := engine(t, "c = planhat.company.get_list()[1]", "cf = c.custom")
	e.Schema = account()
	for text, want := range map[string][]string{
		"c.custom.N|":                           {"Next Review"},
		"c.custom.Ti|":                          {"Tier"},
		"planhat.company.get_by_id(x).custom.|": {"Größe", "Next Review", "Sponsor", "Tier"},
		"for c2 in planhat.enduser.each() do c2.custom.|": {"Mood"},
		"c.custo|":                             {"custom", "custom.Sponsor", "custom.Tier", `custom["Größe"]`, `custom["Next Review"]`, "customerFrom", "customerTo"},
		`c.custom["Ne|`:                        {"Next Review"},
		`c.custom['Ne|`:                        {"Next Review"},
		`c.custom[|`:                           {"Größe", "Next Review", "Sponsor", "Tier"},
		`c.custom[ne|`:                         {"newproxy", "next"},
		"planhat.company.create{ custom = { |": {"Größe", "Next Review", "Sponsor", "Tier"},
		"planhat.company.bulk_upsert{ { custom = { Tier = 'x', Ne|": {"Next Review"},
		`planhat.company.create{ custom = { ["Ne|`:                  {"Next Review"},
		"planhat.company.create{ custom = { Tier = '|":              {"Gold", "Silver"},
		"planhat.company.create{ custom = { Sponsor = '|":           {"65920080b97f4a7a33000001"},
		`planhat.enduser.create{ custom = { ["Mood"] = "|`:          {"Good mood"},
		"planhat.company.create{ phase = 'On|":                      {"Onboarding"},
		"planhat.company.create{ owner = '|":                        {"65920080b97f4a7a33000001"},
		"if c.phase == '|":                                          {"Adoption", "Onboarding"},
		"if c.custom.Tier ~= 'G|":                                   {"Gold"},
		`if c.custom["Tier"] == "S|`:                                {"Silver"},
		"planhat.company.get_list{ select = 'name,custom.N|":        {"custom.Next Review"},
		"planhat.company.create{ status = 'pros|":                   {"prospect"},
		"planhat.company.create{ phase = 'x', name = '|":            nil,
		"planhat.company.create{ custom = { Place = '|":             nil,
	} {
		assert.Equal(t, want, labels(e, text), text)
	}
	texts := func(text string) (list []string) {
		for _, c := range e.Complete(text, len(text)).Candidates {
			list = append(list, c.Text)
		}
		return list
	}
	assert.Equal(t, []string{`Next Review"]`}, texts(`c.custom["Ne`))
	assert.Equal(t, []string{`["Next Review"]`}, texts(`c.custom.ne`))
	assert.Equal(t, 1, e.Complete("c.custom.ne", 11).Candidates[0].Back, "the dot goes")
	assert.Equal(t, "custom field, day", e.Complete("c.custom.ne", 11).Candidates[0].Doc)
	assert.Equal(t, `"Next Review"]`, texts("c.custom[")[1])
	assert.Equal(t, []string{`["Next Review"] = `}, texts("planhat.company.create{ custom = { Ne"))
	assert.Equal(t, []string{"Tier = "}, texts("planhat.company.create{ custom = { Ti"))
	assert.Equal(t, []string{`Next Review"] = `}, texts(`planhat.company.create{ custom = { ["Ne`))
	docs := e.Complete("planhat.company.create{ custom = { Ti", 37).Candidates
	assert.Equal(t, "custom field, list, mandatory", docs[0].Doc)
	assert.Equal(t, "Ada Castillo", e.Complete("planhat.company.create{ owner = '", 33).Candidates[0].Doc)

	without := engine(t, "c = planhat.company.get_list()[1]")
	assert.Equal(t, []string{"custom", "customerFrom", "customerTo"}, labels(without, "c.cust|"))
	assert.NotContains(t, labels(without, "planhat.company.create{ custom = { Ti|"), "Tier")
	assert.Equal(t, complete.KindProperty, e.Complete("c.custom.Ti", 11).Candidates[0].Kind)
}
