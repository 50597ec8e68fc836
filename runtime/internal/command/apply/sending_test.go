package apply

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// TestCustomProperties: if Planhat replaces custom properties, the first row is put back and
// nothing more is sent.
func TestCustomProperties(t *testing.T) {
	const both = `
local list = planhat.company.get_list()
planhat.company.bulk_upsert{ { _id = list[1]._id, name = "One", custom = { Tier = "Platinum" } }, { _id = list[2]._id, name = "Two", custom = { Tier = "Platinum" } } }
planhat.company.update(list[3]._id, { name = "Three", custom = { Tier = "Platinum" } })
planhat.company.create{ externalId = "last", name = "Last" }
`
	for _, how := range []string{"merge", "replace"} {
		t.Run(how, func(t *testing.T) {
			d := newDesk(t, simulator.Options{Switches: simulator.Switches{"custom": how}}, map[string]string{"a.lua": both})
			before := d.planhat.Records("company")
			require.Greater(t, len(before[0]["custom"].(map[string]any)), 1, "there are other custom properties")
			d.plan("a.lua")
			code, said := d.apply()
			after := d.planhat.Records("company")
			if how == "merge" {
				require.Equal(t, 0, code, said)
				assert.Equal(t, "One", after[0]["name"])
				assert.Equal(t, "Platinum", after[0]["custom"].(map[string]any)["Tier"])
				assert.Len(t, after[0]["custom"], len(before[0]["custom"].(map[string]any)))
				assert.Len(t, after, len(before)+1)
				return
			}
			assert.Equal(t, 11, code, said)
			assert.Contains(t, said, "that the plan does not change: ")
			assert.Contains(t, said, "apply restored them, and sent nothing more")
			require.Len(t, after, len(before))
			for i := range before {
				assert.Equal(t, before[i]["name"], after[i]["name"])
				assert.Equal(t, before[i]["custom"], after[i]["custom"])
			}
		})
	}
}

// TestTwoRowsOfARecord keep their order, also if the second is the first one to show what Planhat
// does with custom properties.
func TestTwoRowsOfARecord(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
planhat.company.bulk_upsert{ { _id = planhat.company.get_list()[1]._id, phase = "First" }, { externalId = "company-1", phase = "Second", custom = { Tier = "Platinum" } } }
`})
	d.plan("a.lua")
	code, said := d.apply()
	require.Equal(t, 0, code, said)
	assert.Equal(t, "Second", d.company(0)["phase"])
}

// TestRowsThatNeedARejectedOne are not applied, and the others are.
func TestRowsThatNeedARejectedOne(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local one = planhat.company.create{ externalId = "one", name = "One" }
planhat.enduser.create{ companyId = one._id, email = "kim@one.example" }
planhat.note.create{ companyId = one._id, type = "note", description = "of " .. one._id }
planhat.company.bulk_upsert{ { externalId = "two", name = "Two" } }
`})
	d.plan("a.lua")
	require.NoError(t, d.planhat.InjectFaults(simulator.Fault{Kind: simulator.FaultStatus, Status: 400, Operation: "create", Model: "company"}))
	code, said := d.apply()
	require.Equal(t, 3, code, said)
	assert.Contains(t, said, "1 created, 1 rejected, 2 not applied")
	assert.Contains(t, said, "it needs #1")
	for _, c := range d.planhat.Calls() {
		assert.NotContains(t, c.Path, "00000000")
	}
	code, said = d.apply()
	assert.Equal(t, 11, code, said)
}

// TestInexactPlansAreAccepted by a flag only.
func TestInexactPlansAreAccepted(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `local c = planhat.company.create{ externalId = "x", name = "X" } print(c.lastTouch)`})
	d.plan("a.lua")
	code, said := d.apply()
	assert.Equal(t, 12, code)
	assert.Contains(t, said, "lastTouch of a new company is read, and Planhat may set it")
	assert.Zero(t, d.writes())
	code, said = d.apply("--accept-inexact")
	assert.Equal(t, 0, code, said)
}

// TestPredictedRejectionsAreLeftOut: rows that Planhat would reject are not sent, so they need no
// flag.
func TestPredictedRejectionsAreLeftOut(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.enduser.bulk_upsert{
  { email = "a@x.example", companyId = "extid-company-1" }, { email = "b@x.example", companyId = "extid-nobody" } }`})
	stdout, _, err := d.Run(planning.New, "-o", "plan.jsonl", "a.lua")
	assert.Equal(t, 3, outcome.Code(err))
	assert.Contains(t, stdout, "  rejected: 1, not sent\n")
	assert.NotContains(t, stdout, "not known")
	before := len(d.planhat.Records("enduser"))
	code, said := d.apply()
	assert.Equal(t, 0, code, said)
	assert.Contains(t, said, ": 1 created\n  not sent: 1 row that the plan lists as rejected\n")
	assert.Len(t, d.planhat.Records("enduser"), before+1)
}

// TestInterruptedRequests: each kind of request fails once, before or after it was carried out.
// The command that continues brings everything to an end.
func TestInterruptedRequests(t *testing.T) {
	for _, tt := range []struct {
		kind   simulator.FaultKind
		method string
		n      int
	}{
		{simulator.FaultResetAfter, "POST", 1}, {simulator.FaultResetAfter, "POST", 2},
		{simulator.FaultResetBefore, "PUT", 1}, {simulator.FaultResetAfter, "PUT", 1}, {simulator.FaultResetBefore, "PUT", 3}, {simulator.FaultResetAfter, "PUT", 3},
		{simulator.FaultResetBefore, "DELETE", 1}, {simulator.FaultResetAfter, "DELETE", 1},
	} {
		t.Run(fmt.Sprintf("%s %s %d", tt.kind, tt.method, tt.n), func(t *testing.T) {
			d := planned(t)
			require.NoError(t, d.planhat.InjectFaults(simulator.Fault{Kind: tt.kind, Nth: tt.n, Method: tt.method}))
			code, said := d.apply("--yes", "--retry-for", "1ms")
			for tries := 0; code != 0 && tries < 4; tries++ {
				code, said = d.apply("--yes")
			}
			require.Equal(t, 0, code, said)
			d.asPlanned()
		})
	}
}

// asPlanned checks what the plan leads to.
func (d *desk) asPlanned() {
	d.Helper()
	names := map[any]int{}
	for _, c := range d.planhat.Records("company") {
		names[c["name"]]++
	}
	for _, name := range []string{"Acme", "New", "Changed", "New name"} {
		assert.Equal(d, 1, names[name], name)
	}
	assert.Len(d, d.planhat.Records("company"), 6)
	people := 0
	for _, p := range d.planhat.Records("enduser") {
		if p["email"] == "kim@acme.example" {
			people++
		}
	}
	assert.Equal(d, 1, people)
}

// TestRowsInDoubt: nobody can tell whether a record without a key was created.
func TestRowsInDoubt(t *testing.T) {
	const keyless = `planhat.note.create{ companyId = planhat.company.get_list()[1]._id, type = "note", description = "once" }`
	for _, tt := range []struct {
		fault simulator.FaultKind
		pass  string
	}{{simulator.FaultResetAfter, "sent"}, {simulator.FaultResetBefore, "send"}} {
		t.Run(tt.pass, func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": keyless})
			before := len(d.planhat.Records("note"))
			d.plan("a.lua")
			require.NoError(t, d.planhat.InjectFaults(simulator.Fault{Kind: tt.fault, Nth: 1, Method: "POST"}))
			code, said := d.apply()
			require.Equal(t, 1, code, said)
			assert.Contains(t, said, "to continue, run: phscript apply plan.jsonl")
			code, said = d.apply()
			require.Equal(t, 12, code, said)
			assert.Contains(t, said, `"description":"once"`)
			assert.Contains(t, said, "--in-doubt sent")
			code, said = d.apply("--in-doubt", tt.pass)
			require.Equal(t, 0, code, said)
			assert.Len(t, d.planhat.Records("note"), before+1)
		})
	}
}

// TestTheTerminalAsks about rows in doubt, and before deletes.
func TestTheTerminalAsks(t *testing.T) {
	for _, tt := range []struct {
		typed string
		code  int
		notes int
	}{{"send\n", 0, 2}, {"sent\n", 0, 1}, {"\n", 12, 1}, {"perhaps\nsend\n", 0, 2}} {
		t.Run(tt.typed, func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.note.create{ companyId = planhat.company.get_list()[1]._id, type = "note", description = "once" }`})
			before := len(d.planhat.Records("note"))
			d.plan("a.lua")
			require.NoError(t, d.planhat.InjectFaults(simulator.Fault{Kind: simulator.FaultResetAfter, Nth: 1, Method: "POST"}))
			code, said := d.apply()
			require.Equal(t, 1, code, said)
			d.Env.StdinTTY, d.Env.StderrTTY, d.Env.Stdin = true, true, strings.NewReader(tt.typed)
			code, said = d.apply("--progress", "off")
			require.Equal(t, tt.code, code, said)
			assert.Contains(t, said, "Look in Planhat. Were they sent?")
			assert.Len(t, d.planhat.Records("note"), before+tt.notes)
		})
	}
	d := planned(t)
	d.Env.StdinTTY, d.Env.StderrTTY, d.Env.Stdin = true, true, strings.NewReader("n\n")
	code, said := d.apply("--progress", "off")
	assert.Equal(t, 12, code)
	assert.Contains(t, said, "The plan deletes 1 company and writes 5 records. Go ahead? [y/N]")
	assert.Zero(t, d.writes())
	d.Env.Stdin = strings.NewReader("y\n")
	code, said = d.apply("--progress", "off")
	assert.Equal(t, 0, code, said)
}

// TestResultAsJSON has the same numbers.
func TestResultAsJSON(t *testing.T) {
	d := planned(t)
	stdout, stderr, err := d.Run(New, "--yes", "--json", "plan.jsonl")
	require.Equal(t, 0, outcome.Code(err), stderr)
	var got struct {
		Plan     string
		Run      int
		Created  int
		Updated  int
		Deleted  int
		ExitCode int `json:"exit_code"`
		Models   map[string]struct{ Created int }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	assert.Equal(t, []int{1, 3, 2, 1, 0}, []int{got.Run, got.Created, got.Updated, got.Deleted, got.ExitCode})
	assert.Equal(t, 1, got.Models["enduser"].Created)
	assert.NotEmpty(t, got.Plan)
}

// TestALaterRunChangesNothing: what an apply has sent, a run of the same script does not send as
// something new.
func TestALaterRunChangesNothing(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.company.bulk_upsert{ { externalId = "a-1", name = "Acme" }, { externalId = "company-2", name = "Two" } }`})
	d.plan("a.lua")
	code, said := d.apply()
	require.Equal(t, 0, code, said)
	before := d.planhat.Records("company")
	_, stderr, err := d.Run(run.New, "a.lua")
	require.Equal(t, 0, outcome.Code(err), stderr)
	assert.Equal(t, len(before), len(d.planhat.Records("company")))
	assert.Contains(t, stderr, "unchanged  2")
}
