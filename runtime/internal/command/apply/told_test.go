package apply

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/runs"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// TestWhatWasVerified is told, in numbers and in words.
func TestWhatWasVerified(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local list = planhat.company.get_list()
planhat.company.update(list[1]._id, { name = "One" })
planhat.company.create{ externalId = "new", name = "New" }
planhat.metrics.bulk_insert_metrics{ { dimensionId = "logins", value = 3, externalId = list[1].externalId, model = "Company" } }`})
	d.plan("a.lua")
	stdout, stderr, err := d.Run(New, "--verify", "--json", "plan.jsonl")
	require.Equal(t, 0, outcome.Code(err), stdout+stderr)
	var got struct {
		Sent     *int `json:"sent"`
		Values   int  `json:"values_sent"`
		Verified map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	assert.Equal(t, map[string]int{"records": 2, "unread_rows": 1}, got.Verified)
	assert.Nil(t, got.Sent, "3 rows were sent")
	assert.Equal(t, 1, got.Values)

	for name, test := range map[string]struct {
		script, says string
	}{
		"all":  {`planhat.company.update(planhat.company.get_list()[2]._id, { name = "Two" })`, "\n  verified: 1 record is as planned\n"},
		"none": {`planhat.metrics.bulk_insert_metrics{ { dimensionId = "logins", value = 3, externalId = "company-1", model = "Company" } }`, "\n  verified: no records to read again; 1 row can't be read again\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": test.script})
			d.plan("a.lua")
			code, said := d.apply("--verify")
			require.Equal(t, 0, code, said)
			assert.Contains(t, said, test.says)
		})
	}
}

// TestChangesAfterAWriteAreVerified: an automation may change a record at once.
func TestChangesAfterAWriteAreVerified(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { phase = "Phase " .. i }) end`})
	d.meanwhile(func(write int) {
		if write == 5 {
			d.set("company", 2, "phase", "Theirs")
		}
	})
	d.plan("a.lua")
	_, said := d.apply("--verify")
	assert.Contains(t, said, "\n  verified: 4 of 5 records are as planned\n")
	assert.Contains(t, said, `phase is "Theirs", not "Phase 3" as planned`)
}

// TestTheHistoryOfAnApply says what was left out, and in which profile.
func TestTheHistoryOfAnApply(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { phase = "Phase " .. i }) end`})
	settings := ""
	for _, name := range []string{"one", "two"} {
		settings += fmt.Sprintf("[profile.%s]\napi_url = %q\ntoken_env = \"THE_TOKEN\"\n", name, d.planhat.URL())
	}
	d.write("phscript.toml", settings)
	d.Variables["THE_TOKEN"] = d.planhat.APIToken()
	delete(d.Variables, "PLANHAT_API_URL")
	d.plan("--profile", "two", "--allow-host", d.planhat.URL(), "a.lua")
	d.set("company", 1, "phase", "Theirs")

	_, stderr, err := d.Run(New, "--skip-stale", "--allow-host", d.planhat.URL(), "plan.jsonl")
	assert.Equal(t, 2, outcome.Code(err), stderr)
	require.ErrorContains(t, err, "no profile was chosen of one, two")
	hint, ok := err.(interface{ ErrorHint() string })
	require.True(t, ok)
	assert.Equal(t, "the plan was made with the profile two: add --profile two", hint.ErrorHint())

	code, said := d.apply("--skip-stale", "--profile", "two", "--allow-host", d.planhat.URL())
	require.Equal(t, 3, code, said)
	stdout, stderr, err := d.Run(runs.New, "list")
	require.NoError(t, err, stderr)
	assert.Regexp(t, `(?m)^RUN +NAME +DUE`, stdout)
	assert.Regexp(t, `(?m)^1 +apply a.lua in two .* rejected .* 0 +1 row skipped, because their records have changed$`, stdout)
	stdout, stderr, err = d.Run(runs.New, "show", "1")
	require.NoError(t, err, stderr)
	assert.Regexp(t, `(?m)^profile +two$`, stdout)
	assert.NotContains(t, stdout, "version")
	_, _, err = d.Run(runs.New, "retry", "1")
	require.ErrorContains(t, err, "run 1 has applied a plan, and each plan can be applied once; to do it again, make a new plan with phscript plan")
}

// TestTheIDsOfAnApply are a file for others to use.
func TestTheIDsOfAnApply(t *testing.T) {
	d := planned(t)
	first, second, third := d.company(0), d.company(1), d.company(2)
	code, said := d.apply("--yes")
	require.Equal(t, 0, code, said)
	made := map[any]any{}
	for _, c := range append(d.planhat.Records("company"), d.planhat.Records("enduser")...) {
		made[c["externalId"]] = c["_id"]
		if c["email"] == "kim@acme.example" {
			made["kim"] = c["_id"]
		}
	}
	want := fmt.Sprintf("model,_id,action,key,value,line\ncompany,%s,create,externalId,a-1,5\nenduser,%s,create,email,kim@acme.example,6\n"+
		"company,%s,update,externalId,company-3,8\ncompany,%s,create,externalId,new-1,8\ncompany,%s,update,,,10\ncompany,%s,delete,,,11\n",
		made["a-1"], made["kim"], third["_id"], made["new-1"], first["_id"], second["_id"])
	stdout, stderr, err := d.Run(runs.New, "ids", "1")
	require.NoError(t, err, stderr)
	assert.Equal(t, want, stdout)
	stdout, stderr, err = d.Run(runs.New, "ids", "1", "-o", "ids.csv")
	require.NoError(t, err, stderr)
	assert.Equal(t, "wrote the ids of 6 changes to ids.csv\n", stdout)
	written, err := os.ReadFile(filepath.Join(d.Env.Dir, "ids.csv"))
	require.NoError(t, err)
	assert.Equal(t, want, string(written))
	_, _, err = d.Run(runs.New, "ids", "1", "-o", "ids.csv")
	require.ErrorContains(t, err, "ids.csv already exists")
	_, _, err = d.Run(runs.New, "ids", "9")
	require.ErrorContains(t, err, "there is no run 9")
}

// TestNoSecretsInResults: a token can be in a record, and in what Planhat answers.
func TestNoSecretsInResults(t *testing.T) {
	for _, flags := range [][]string{{"--json"}, {"--json", "--skip-stale"}, {}, {"--skip-stale", "--verify"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { phase = "Phase " .. i }) end`})
			d.plan("a.lua")
			token := d.planhat.APIToken()
			d.set("company", 1, "phase", token)
			stdout, stderr, err := d.Run(New, append(flags, "plan.jsonl")...)
			assert.NotZero(t, outcome.Code(err))
			assert.Contains(t, stdout, "phase")
			assert.NotContains(t, stdout+stderr, token)
		})
	}
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.enduser.create{ email = "kim@x.example", companyId = planhat.company.get_list()[1]._id }`})
	d.plan("a.lua")
	d.Variables["PLANHAT_TENANT_TOKEN"] = "kim@x.example" // which the error has
	require.NoError(t, d.planhat.InjectFaults(simulator.Fault{Kind: simulator.FaultStatus, Status: 400, Operation: "create", Model: "enduser"}))
	stdout, stderr, err := d.Run(New, "--json", "plan.jsonl")
	assert.Equal(t, 3, outcome.Code(err), stderr)
	assert.Contains(t, stdout, `"rejected_rows"`)
	assert.NotContains(t, stdout+stderr, "kim@x.example")

	// Also in what a refused plan says.
	d.plan2("b.lua", `planhat.company.create{ externalId = "x", name = "X" }`)
	stdout, stderr, err = d.Run(New, "-p", "kim@x.example=1", "second.jsonl")
	assert.Equal(t, 11, outcome.Code(err), stderr)
	assert.Contains(t, stderr, "the plan was made without the parameter")
	assert.NotContains(t, stdout+stderr, "kim@x.example")
}

// plan2 makes a second plan.
func (d *desk) plan2(name, script string) {
	d.Helper()
	d.write(name, script)
	_, stderr, err := d.Run(planning.New, "-o", "second.jsonl", name)
	require.NoError(d, err, stderr)
	_, err = os.Stat(filepath.Join(d.Env.Dir, "second.jsonl"))
	require.NoError(d, err)
}

// TestRequestsOfAnApplyAreTraced without secrets.
func TestRequestsOfAnApplyAreTraced(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.company.update(planhat.company.get_list()[1]._id, { phase = "Traced" })`})
	d.plan("a.lua")
	code, said := d.apply("--trace-http=trace.txt")
	require.Equal(t, 0, code, said)
	text, err := os.ReadFile(filepath.Join(d.Env.Dir, "trace.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "PUT "+d.planhat.URL()+"/companies/"+d.company(0)["_id"].(string))
	assert.Contains(t, string(text), `"phase":"Traced"`)
	assert.NotContains(t, string(text), d.planhat.APIToken())
}
