package check_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// account is a schema of an account.
func account() *schema.Schema {
	s := &schema.Schema{
		Fields: []schema.Field{
			{Model: "company", Name: "Tier", Type: "list", Values: []string{"Gold", "Silver"}},
			{Model: "company", Name: "Next Review", Type: "day"},
			{Model: "company", Name: "Score", Type: "number", Formula: true},
			{Model: "company", Name: "ERP id", Type: "text", Locked: true},
			{Model: "task", Name: "Effort", Type: "number", Mandatory: true},
		},
		Phases: []string{"Adoption", "Onboarding"}, Users: []schema.User{{ID: "65920080b97f4a7a33000001", Name: "Ada Castillo"}},
		Workflows: []string{"Kick-off"},
	}
	s.Sort()
	return s
}

// TestTheAccount: what the checker finds with a schema, and that it is silent without one.
func TestTheAccount(t *testing.T) {
	with := check.New(builtins.Manual(), check.Options{Schema: account()})
	for _, c := range []struct{ source, rule, severity, message string }{
		{`planhat.company.create{ name = "A", phase = "Adoption", owner = "65920080b97f4a7a33000001", custom = { Tier = "Gold", ["Next Review"] = time.epoch_days("2026-01-15") } }`, "", "", ""},
		{`planhat.company.create{ name = "A", custom = { Teir = "Gold" } }`, "unknown-property", "error", `a company has no custom field "Teir" (did you mean 'Tier'?)`},
		{`planhat.company.create{ name = "A", custom = { ["Renewal risk"] = "high" } }`, "unknown-property", "warning", `no custom field "Renewal risk"`},
		{`planhat.company.update("extid-1", { custom = { Tier = "gold" } })`, "wrong-value", "error", `no value "gold" (did you mean 'Gold'?)`},
		{`planhat.company.update("extid-1", { custom = { Tier = "Bronze" } })`, "wrong-value", "warning", `no value "Bronze"`},
		{`planhat.company.bulk_upsert{ { externalId = "1", custom = { Score = 5 } } }`, "read-only-property", "error", "is a formula"},
		{`planhat.company.bulk_upsert{ { externalId = "1", custom = { ["ERP id"] = "x" } } }`, "read-only-property", "warning", "is locked"},
		{`local row = { externalId = "1" }` + "\n" + `row.custom = { ["Next Review"] = "2026-01-15" }` + "\nplanhat.company.bulk_upsert{ row }", "wrong-value", "error", "takes the number of days since 1970-01-01"},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nc.custom.Teir = 1\nprint(c.name)", "unknown-property", "error", `"Teir"`},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nprint(c.custom.Teir)", "unknown-property", "warning", `"Teir"`},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nif c.custom.Tier == \"Golden\" then print(c) end", "wrong-value", "warning", `no value "Golden"`},
		{`for c in planhat.company.each{ select = "name,custom.Teir" } do print(c.name) end`, "unknown-property", "error", `"Teir"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", T = "custom.Teir" } }`, "unknown-property", "error", `"Teir"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", T = { property = "custom.Score", type = "number" } } }`, "read-only-property", "error", "is a formula"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId" }, constants = { ["custom.Tier"] = "gold" } }`, "wrong-value", "error", `no value "gold"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = "custom.Next Review" } }`, "wrong-value", "error", "has the type day, and the column is imported as text"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "text" } } }`, "wrong-value", "error", "has the type day, and the column is imported as text"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "date" } } }`, "wrong-value", "error", "has the type day, and the column is imported as date"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "days" } } }`, "", "", ""},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", convert = function() return 1 end } } }`, "", "", ""},
		{`planhat.company.create{ name = "A", phase = "Onbording" }`, "wrong-value", "error", `no company has the phase "Onbording" (did you mean 'Onboarding'?)`},
		{`planhat.company.create{ name = "A", phase = "Paused" }`, "wrong-value", "warning", `the phase "Paused"`},
		{`planhat.company.create{ name = "A", owner = "65920080b97f4a7a33000009" }`, "wrong-value", "warning", "there is no user"},
		{`planhat.company.create{ name = "A", owner = "Ada Castillo" }`, "wrong-value", "error", "takes the id of a user"},
		{`for _, w in ipairs(planhat.workflow.get_list()) do if w.name == "Kick off" then print(w._id) end end`, "wrong-value", "warning", `no workflow has the name "Kick off" (did you mean 'Kick-off'?)`},
		{`planhat.task.create{ mainType = "task", action = "Call", companyId = "extid-1" }`, "missing-property", "warning", `a new task needs the custom field "Effort"`},
		{`planhat.task.create{ mainType = "task", action = "Call", companyId = "extid-1", custom = { Effort = 1 } }`, "", "", ""},
		{`planhat.task.bulk_upsert{ { sourceId = "1", mainType = "task", action = "Call", companyId = "extid-1" } }`, "", "", ""},
		{`planhat.task.update("67d000000000000000000001", { action = "Call" })`, "", "", ""},
		{`local sandbox = planhat.new{ api_token = "x" }` + "\n" + `sandbox.company.create{ name = "A", custom = { Teir = 1 } }`, "", "", ""},
		{`planhat.enduser.create{ email = "a@example.com", companyId = "extid-1", custom = { Anything = 1 } }`, "", "", ""},
	} {
		found := with.Source("a.lua", []byte(c.source))
		if c.rule == "" {
			assert.Empty(t, found, c.source)
			continue
		}
		if assert.Len(t, found, 1, "%s: %v", c.source, found) {
			assert.Equal(t, c.rule, found[0].Rule, c.source)
			assert.Equal(t, report.Severity(c.severity), found[0].Severity, c.source)
			assert.Contains(t, found[0].Message, c.message, c.source)
		}
		assert.Empty(t, newChecker().Source("a.lua", []byte(c.source)), "without a schema: %s", c.source)
		assert.Empty(t, with.Source("a_test.lua", []byte(c.source)), "a test: %s", c.source)
	}
}
