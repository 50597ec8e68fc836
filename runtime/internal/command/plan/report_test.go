package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// planned plans a script with the simulator and returns what is printed.
func planned(t *testing.T, r *trial.Trial, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := r.Run(New, append(append([]string{}, args...), simulated...)...)
	require.NoError(t, err, stderr)
	return stdout, stderr
}

// TestChangesOfAllRecordsComeFirst: a custom field that is deleted or gets another type.
func TestChangesOfAllRecordsComeFirst(t *testing.T) {
	const fields = `local fields = planhat.custom_field.get_list()
local tier, other = fields[1], fields[2]
`
	r := trial.New(t, map[string]string{
		"a.lua": fields + `
planhat.company.delete(planhat.company.get_list()[1]._id)
planhat.custom_field.delete(tier._id)
planhat.custom_field.update(other._id, { type = other.type == "text" and "number" or "text" })
planhat.custom_field.update(fields[3]._id, { name = "New name" })
`,
		"request.lua": fields + `planhat.request{ method = "DELETE", path = "/customfields/" .. tier._id }`,
	})
	stdout, _ := planned(t, r, "a.lua", "-o", "plan.jsonl")
	lines := strings.Split(stdout, "\n")
	assert.Equal(t, "plan of a.lua (simulated): 2 to delete, 2 to update", lines[0])
	assert.Equal(t, "  custom_field changes that affect the values in all records and cannot be undone: 2", lines[1])
	assert.Regexp(t, `^    - .+, [0-9a-f]{24}, line 5$`, lines[2])
	assert.Regexp(t, `^    ~ .+, [0-9a-f]{24}, line 6$`, lines[3])
	assert.Regexp(t, `^        type: ".+" → ".+"$`, lines[4])
	assert.Equal(t, "  delete company: 1", lines[5])
	assert.Contains(t, stdout, "  update custom_field: 1\n")
	assert.NotContains(t, stdout, "delete custom_field")
	again, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	assert.Equal(t, stdout, again)

	stdout, _ = planned(t, r, "request.lua")
	assert.Contains(t, stdout, "changes that affect the values in all records and cannot be undone: 1\n    - DELETE /customfields/")
}

// TestWhatAPlanTakesForGranted is said only where it matters.
func TestWhatAPlanTakesForGranted(t *testing.T) {
	r := trial.New(t, map[string]string{
		"custom.lua": `for _, c in ipairs(planhat.company.get_list{ limit = 2 }) do planhat.company.update(c._id, { custom = { Tier = "Diamond" } }) end`,
		"name.lua":   `for _, c in ipairs(planhat.company.get_list{ limit = 2 }) do planhat.company.update(c._id, { name = "N" }) end`,
		"new.lua":    `planhat.company.create{ name = "New", externalId = "new", custom = { Tier = "Gold" } }`,
	})
	const granted = "  assumes that setting a custom property leaves the others as they are, in 2 rows; apply tests that first\n"
	stdout, _ := planned(t, r, "custom.lua", "-o", "plan.jsonl")
	assert.Contains(t, stdout, granted)
	assert.Contains(t, headerOf(t, r, "plan.jsonl").Assumptions, "a custom property is set without removing others")
	for _, script := range []string{"name.lua", "new.lua"} {
		stdout, _ = planned(t, r, script, "-o", script+".plan")
		assert.NotContains(t, stdout, "granted")
		assert.NotContains(t, headerOf(t, r, script+".plan").Assumptions, "a custom property is set without removing others")
	}
}

// TestRecordsWithoutAKey: apply can't know whether they were created if the answer is lost.
func TestRecordsWithoutAKey(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": `planhat.company.create{ name = "One" }
planhat.company.create{ name = "Two", externalId = "two" }
planhat.company.bulk_upsert{ { name = "Three" }, { name = "Four", sourceId = "4" } }
planhat.time_entry.duplicate{ planhat.time_entry.get_list()[1]._id }`, "b.lua": `planhat.company.create{ name = "One" }`})
	stdout, stderr, err := r.Run(New, "a.lua", "-o", "plan.jsonl", "--simulate", "--companies", "40")
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "    + One, #1, line 1, no key\n")
	assert.Contains(t, stdout, "externalId two, #2, line 2\n")
	assert.Contains(t, stdout, "  3 records to create have no key, so apply cannot tell whether they exist if the response is lost: a.lua:1, a.lua:3 and a.lua:4\n")
	again, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	assert.Equal(t, stdout, again)
	stdout, _ = planned(t, r, "b.lua")
	assert.Contains(t, stdout, "  1 record to create has no key, so apply cannot tell whether it exists if the response is lost: b.lua:1\n")
}

// TestEmptySources: a script that deletes what is missing in its input deletes everything if
// that is empty.
func TestEmptySources(t *testing.T) {
	r := trial.New(t, map[string]string{
		"sync.lua": `-- @param source:file "the accounts"
local wanted = {}
for row in csv.rows(params.source) do wanted[row.id] = true end
for _, company in ipairs(planhat.company.get_list()) do
  if not wanted[company.externalId] then planhat.company.delete(company._id) end
end`,
		"import.lua": `-- @param source:file "the accounts"
local rows = {}
for row in csv.rows(params.source) do rows[#rows + 1] = { externalId = row.id, name = row.name } end
if #rows > 0 then planhat.company.bulk_upsert(rows) end`,
		"empty.csv": "id,name\n", "full.csv": "id,name\nn,North\n",
	})
	stdout, _ := planned(t, r, "sync.lua", "-p", "source=empty.csv", "-o", "plan.jsonl")
	assert.Contains(t, stdout, "  empty.csv has no data, and the plan deletes 5 records: apply needs --allow-empty-source\n")
	redacted, _, err := r.Run(New, "show", "--redact", "plan.jsonl")
	require.NoError(t, err)
	assert.Contains(t, redacted, "  (redacted) has no data, and the plan deletes 5 records")
	stdout, _ = planned(t, r, "import.lua", "-p", "source=empty.csv")
	assert.Contains(t, stdout, "no changes\n  empty.csv has no data\n")
	for _, script := range []string{"sync.lua", "import.lua"} {
		stdout, _ = planned(t, r, script, "-p", "source=full.csv")
		assert.NotContains(t, stdout, "no data")
	}
}

// TestTheCommandToApply is printed, with the flags that apply needs, unless apply would refuse
// the plan.
func TestTheCommandToApply(t *testing.T) {
	start := func(token string) *simulator.Server {
		s, err := simulator.Start(simulator.Options{APIToken: token, Companies: 5, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	s, other := start(""), start("the-other-token")
	const two = `planhat.company.create{ name = "New", externalId = "new" }
local theirs = planhat.new{ api_url = args[1], api_token = "the-other-token" }
`
	r := trial.New(t, map[string]string{
		"a.lua":      `planhat.company.create{ name = "New", externalId = "new" }`,
		"reads.lua":  two + `print(#theirs.company.get_list())`,
		"writes.lua": two + `theirs.company.create{ name = "Theirs", externalId = "theirs" }`,
	})
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = s.APIToken(), s.URL()
	run := func(args ...string) (stdout, stderr string, h planfile.Header) {
		stdout, stderr, err := r.Run(New, args...)
		require.NoError(t, err, stderr)
		return stdout, stderr, headerOf(t, r, "my plan.jsonl")
	}
	_, stderr, _ := run("a.lua", "-o", "my plan.jsonl")
	assert.Contains(t, stderr, "\nto apply it: phscript apply 'my plan.jsonl'\n")

	stdout, stderr, h := run("reads.lua", "-o", "my plan.jsonl", "--allow-host", other.URL(), other.URL())
	assert.Contains(t, stderr, "\nto apply it: phscript apply --allow-host="+other.URL()+" 'my plan.jsonl'\n")
	assert.NotContains(t, stdout, "refuse")
	assert.Len(t, h.Tenants, 1, "apply needs no token of an account that is only read")

	stdout, stderr, h = run("writes.lua", "-o", "my plan.jsonl", "--allow-host", other.URL(), other.URL())
	assert.NotContains(t, stderr, "to apply it")
	assert.Contains(t, stdout, "  apply will refuse this plan: the script writes to account 2 on "+other.URL()+" with its own token, and plans hold no tokens; run the script instead\n")
	assert.Len(t, h.Tenants, 2)

	_, stderr = planned(t, r, "a.lua", "-o", "my plan.jsonl")
	assert.NotContains(t, stderr, "to apply it", "a simulated plan has no account")
}

// TestDaysAreShownAsDates: nobody can review 20818.
func TestDaysAreShownAsDates(t *testing.T) {
	r := trial.New(t, map[string]string{
		"a.lua": `planhat.company.update(planhat.company.get_list()[1]._id, { custom = { ["Next Review"] = 20818, Seats = 20818 } })`,
		"planhat.schema.json": `{"format":"phscript schema 1","tenant":{},"custom_fields":[
{"model":"company","name":"Next Review","type":"day"},{"model":"company","name":"Seats","type":"number"}],"phases":[],"users":[],"workflows":[]}`,
	})
	stdout, _ := planned(t, r, "a.lua", "-o", "plan.jsonl")
	assert.Contains(t, stdout, "        custom.Next Review: not set → 20818 (2026-12-31)\n")
	assert.Regexp(t, `(?m)^        custom.Seats: .+ → 20818$`, stdout)
	again, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	assert.Equal(t, stdout, again)
}
