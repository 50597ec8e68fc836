package undo_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/apply"
	"github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/runs"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/undo"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/tests/traffic"
)

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		_ = flag.Set("rapid.checks", "15") // each writes a store
	}
	os.Exit(m.Run())
}

// tenant is a trial with a simulated Planhat.
type tenant struct {
	*trial.Trial
	planhat *simulator.Server
	// proxy leads to it, and finds requests that must not be sent.
	proxy *traffic.Proxy
}

func newTenant(t *testing.T, switches simulator.Switches) *tenant {
	t.Helper()
	server, err := simulator.New(simulator.Options{Companies: 6, Seed: 3, CallsPerMinute: -1, Switches: switches})
	require.NoError(t, err)
	proxy := traffic.Start(t, server)
	r := trial.New(t, nil)
	maps.Copy(r.Variables, proxy.Environment(server.APIToken(), server.TenantToken()))
	r.Variables["PHSCRIPT_CALLS_PER_MIN"] = "100000"
	return &tenant{r, server, proxy}
}

func code(err error) int { return outcome.Code(err) }

// script runs a script by hand.
func (r *tenant) script(t require.TestingT, source string, flags ...string) string {
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "s.lua"), []byte(source), 0o600))
	args := append([]string{"--allow-host", "127.0.0.1", "--yes", "--calls-per-min", "100000"}, flags...)
	_, stderr, err := r.Run(run.New, append(args, "s.lua")...)
	require.Zero(t, code(err), stderr)
	return stderr
}

// undo undoes a run.
func (r *tenant) undo(t require.TestingT, want int, flags ...string) (stdout, stderr string) {
	args := append([]string{"--allow-host", "127.0.0.1", "--calls-per-min", "100000"}, flags...)
	stdout, stderr, err := r.Run(undo.New, args...)
	require.Equal(t, want, code(err), "%s\n%s\n%v", stdout, stderr, err)
	return stdout, stderr + fmt.Sprint(err)
}

// unstable are properties that change with every write.
var unstable = []string{"updatedAt", "lastUpdated", "__v", "createdAt", "lastTouch", "lastTouchByType", "phaseSince"}

// store is all that is in the simulated Planhat, without what changes with every write.
func (r *tenant) store(t require.TestingT) map[string]map[string]string {
	var dump bytes.Buffer
	require.NoError(t, r.planhat.Dump(&dump))
	var models map[string][]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(dump.Bytes(), &models))
	out := map[string]map[string]string{}
	for model, records := range models {
		if model == "metrics" || model == "user_activity" {
			continue
		}
		for _, record := range records {
			var id string
			require.NoError(t, json.Unmarshal(record["_id"], &id))
			fields := map[string]string{}
			for name, value := range record {
				if slices.Contains(unstable, name) || empty(value) {
					continue
				}
				if text := plain(value); text != "{}" {
					fields[name] = text
				}
			}
			out[model+" "+id] = fields
		}
	}
	return out
}

func empty(v json.RawMessage) bool {
	return slices.Contains([]string{"null", `""`, "[]", "{}"}, string(v))
}

// plain writes an object without what is null in it.
func plain(v json.RawMessage) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(v, &object) != nil {
		return string(v)
	}
	for name, value := range object {
		if empty(value) {
			delete(object, name)
		}
	}
	text, _ := json.Marshal(object)
	return string(text)
}

// differences names what is not the same in two stores.
func differences(a, b map[string]map[string]string) (out []string) {
	for id := range b {
		if a[id] == nil {
			out = append(out, id+" is new")
		}
	}
	for id, fields := range a {
		if b[id] == nil {
			out = append(out, id+" is gone")
			continue
		}
		for name, value := range fields {
			if b[id][name] != value {
				out = append(out, fmt.Sprintf("%s.%s was %s, is %s", id, name, value, b[id][name]))
			}
		}
		for name, value := range b[id] {
			if _, there := fields[name]; !there {
				out = append(out, fmt.Sprintf("%s.%s is new: %s", id, name, value))
			}
		}
	}
	return out
}

func TestWhatOthersChangedStays(t *testing.T) {
	r := newTenant(t, nil)
	companies := r.planhat.Records("company")
	one, two := companies[0]["_id"].(string), companies[1]["_id"].(string)
	name, phase := companies[0]["name"].(string), companies[0]["phase"].(string)
	r.script(t, fmt.Sprintf(`
planhat.company.update(%q, { name = "Mine", phase = "Mine" })
planhat.company.update(%q, { name = "Mine" })
planhat.company.create{ externalId = "kept", name = "Kept" }
planhat.company.create{ externalId = "parent", name = "Parent" }
planhat.company.create{ externalId = "goes", name = "Goes" }`, one, two), "--undoable")
	r.script(t, fmt.Sprintf(`
planhat.company.update(%q, { name = "Theirs" })
planhat.company.delete(%q)
planhat.company.update("extid-kept", { name = "Theirs" })
planhat.enduser.create{ email = "kim@x.example", companyId = "extid-parent" }`, one, two))
	stdout, stderr := r.undo(t, 12, "1")
	assert.Contains(t, stderr, "not confirmed: undo run 1")
	assert.Contains(t, stdout, "2 of 5 changes can be reverted: 1 completely, 1 in part. 3 stay, because somebody has changed them since or other records belong to them. Automations that ran are not reverted.")
	assert.Contains(t, stdout, `name was changed since, from "Mine" to "Theirs"`)
	assert.Contains(t, stdout, "it was deleted since")
	assert.Contains(t, stdout, "\nreverted only in part:\n  company ")
	assert.Contains(t, stdout, "the run created it, and name was changed since")
	assert.Regexp(t, `externalId parent: the run created it, and the enduser [0-9a-f]{24} belongs to it`, stdout)
	assert.NotContains(t, stdout, "undone")

	stdout, _ = r.undo(t, 3, "1", "--yes", "--overwrite", "company.name")
	assert.Contains(t, stdout, "3 of 5 changes can be reverted. 2 stay, because")
	again := r.planhat.Record("company", one)
	assert.Equal(t, name, again["name"])
	assert.Equal(t, phase, again["phase"])
	for key, want := range map[string]bool{"kept": false, "parent": true, "goes": false} {
		there := slices.ContainsFunc(r.planhat.Records("company"), func(c map[string]any) bool { return c["externalId"] == key })
		assert.Equal(t, want, there, key)
	}
	// Run 2, by somebody else, recorded only its delete.
	stdout, _ = r.undo(t, 3, "2")
	assert.Contains(t, stdout, "0 of 1 change can be reverted. 1 deleted record: restore it from Planhat's Trash Bin before ")
}

// TestOneRunAfterTheOther: undo undoes the last run, then the one before; an undo can be
// undone too.
func TestOneRunAfterTheOther(t *testing.T) {
	r := newTenant(t, nil)
	id := r.planhat.Records("company")[0]["_id"].(string)
	start := r.planhat.Record("company", id)["phase"]
	phase := func() any { return r.planhat.Record("company", id)["phase"] }
	for _, value := range []string{"One", "Two"} {
		r.script(t, fmt.Sprintf(`planhat.company.update(%q, { phase = %q })`, id, value), "--undoable")
	}
	stdout, _ := r.undo(t, 0, "--yes")
	assert.Contains(t, stdout, "undo of run 2 (s.lua)")
	assert.Equal(t, "One", phase())
	stdout, _ = r.undo(t, 0, "--yes")
	assert.Contains(t, stdout, "undo of run 1 (s.lua)")
	assert.Equal(t, start, phase())
	_, _, err := r.Run(undo.New, "--allow-host", "127.0.0.1")
	require.EqualError(t, err, "there is no run left to undo in this account")
	stdout, _ = r.undo(t, 0, "4", "--yes") // that of run 1
	assert.Contains(t, stdout, "undo of run 4 (undo of run 1)")
	assert.Equal(t, "One", phase())
	stdout, _, err = r.Run(runs.New, "show", "4")
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^undoes +run 1$`, stdout)
	assert.Regexp(t, `(?m)^undone +by run 5;`, stdout)
	assert.Regexp(t, `(?m)^undo +until \d{4}-\d\d-\d\d: phscript undo 4 \(1 change recorded\)$`, stdout)
	stdout, _ = r.undo(t, 0, "--yes") // run 1 counts again
	assert.Contains(t, stdout, "undo of run 1 (s.lua)")

	stdout, _ = r.undo(t, 0, "--forget", "5")
	assert.Contains(t, stdout, "deleted the recorded changes of run 5")
	_, _, err = r.Run(undo.New, "--allow-host", "127.0.0.1", "5")
	require.ErrorContains(t, err, "no longer recorded")
	stdout, _ = r.undo(t, 0, "--forget-record", id)
	assert.Contains(t, stdout, "deleted the data of record "+id)
	stdout, _ = r.undo(t, 3, "2")
	assert.Contains(t, stdout, "0 of 1 change can be reverted. 1 was not read before the change")
}

// TestLookingAtRecordsIsBounded: what belongs to new records is asked for in few lists
// of each model.
func TestLookingAtRecordsIsBounded(t *testing.T) {
	r := newTenant(t, nil)
	r.script(t, `for i = 1, 2 do planhat.company.create{ externalId = "new-" .. i, name = "New" } end`, "--undoable")
	before := r.planhat.CountsByOperation()
	r.undo(t, 12)
	for operation, n := range r.planhat.CountsByOperation() {
		assert.LessOrEqual(t, n-before[operation], 2, operation)
	}
}

// TestRunsOfOtherAccountsAreNotOffered: without a number, undo undoes the last run of the
// account that the settings name.
func TestRunsOfOtherAccountsAreNotOffered(t *testing.T) {
	r, other := newTenant(t, nil), newTenant(t, nil)
	r.script(t, `planhat.company.create{ externalId = "here", name = "Here" }`, "--undoable")
	here := r.Variables["PLANHAT_API_URL"]
	r.Variables["PLANHAT_API_URL"] = other.proxy.URL
	_, stderr := r.undo(t, 2, "--yes")
	assert.Contains(t, stderr, "there is no run left to undo in this account")
	_, stderr = r.undo(t, 2, "1", "--yes")
	assert.Contains(t, stderr, "run 1 can't be undone here: it wrote to ")
	r.script(t, `planhat.company.create{ externalId = "there", name = "There" }`, "--undoable")
	r.Variables["PLANHAT_API_URL"] = here
	stdout, _ := r.undo(t, 12)
	assert.Contains(t, stdout, "undo of run 1 (s.lua)")
}

// TestAppliedPlansAreTakenBack: apply records everything, and the plan of an undo is a file
// like others.
func TestAppliedPlansAreTakenBack(t *testing.T) {
	r := newTenant(t, nil)
	before := r.store(t)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "p.lua"), []byte(`
local list = planhat.company.get_list()
planhat.company.update(list[1]._id, { name = "Planned", custom = { Tier = "Gold" } })
planhat.company.bulk_upsert{ { name = "Keyless 1" }, { name = "Keyless 2" } }
local new = planhat.company.create{ externalId = "new", name = "New" }
planhat.enduser.create{ email = "new@x.example", companyId = new._id }`), 0o600))
	flags := []string{"--allow-host", "127.0.0.1", "--calls-per-min", "100000"}
	_, stderr, err := r.Run(plan.New, append(flags, "-o", "plan.jsonl", "p.lua")...)
	require.Zero(t, code(err), stderr)
	stdout, stderr, err := r.Run(apply.New, append(flags, "plan.jsonl")...)
	require.Zero(t, code(err), stdout+stderr)
	assert.Contains(t, stdout, "plan of p.lua, run 1: ")
	_, stderr = r.undo(t, 0, "-o", "undo.jsonl")
	assert.Contains(t, stderr, "wrote the plan to undo.jsonl; to apply it: phscript apply undo.jsonl")
	assert.NotEqual(t, before, r.store(t))
	_, stderr, err = r.Run(apply.New, append(flags, "undo.jsonl")...)
	assert.Equal(t, 12, code(err))
	assert.Contains(t, stderr, "not confirmed: the undo deletes 3 companies and 1 enduser and writes 1 record")
	stdout, stderr, err = r.Run(apply.New, append(flags, "--yes", "undo.jsonl")...)
	require.Zero(t, code(err), stdout+stderr)
	assert.Equal(t, before, r.store(t))
}

// TestSeveralLevels: new records are deleted before those that they belong to, and what belongs to
// records that are created again gets their new ids.
func TestSeveralLevels(t *testing.T) {
	r := newTenant(t, nil)
	before := r.store(t)
	r.script(t, `
local company = planhat.company.create{ externalId = "new", name = "New" }
local deal = planhat.deal.create{ companyId = company._id, externalId = "deal", name = "Deal" }
planhat.line_item.create{ dealId = deal._id, externalId = "item", product = "Platform", type = "subscription", mrr = 100, length = 12 }
local person = planhat.enduser.create{ companyId = company._id, email = "kim@new.example" }
planhat.task.create{ companyId = company._id, mainType = "task", action = "Call", endusers = json.array{ person._id } }`, "--undoable")
	stdout, _ := r.undo(t, 0, "--yes")
	assert.Contains(t, stdout, "5 of 5 changes can be reverted")
	assert.Empty(t, differences(before, r.store(t)))

	r.script(t, `
local company = planhat.company.create{ externalId = "old", name = "Old" }
local person = planhat.enduser.create{ companyId = company._id, email = "kim@old.example" }
planhat.task.create{ companyId = company._id, sourceId = "old", mainType = "task", action = "Call", endusers = json.array{ person._id } }`)
	r.script(t, `
planhat.task.delete(planhat.task.get_by_id("srcid-old")._id)
local company = planhat.company.get_by_id("extid-old")
planhat.enduser.delete(planhat.enduser.get_list{ email = "kim@old.example" }[1]._id)
planhat.company.delete(company._id)`, "--undoable")
	stdout, _ = r.undo(t, 0, "--yes", "--recreate")
	assert.Contains(t, stdout, "3 of 3 changes can be reverted")
	find := func(model, key, value string) map[string]any {
		records := r.planhat.Records(model)
		i := slices.IndexFunc(records, func(one map[string]any) bool { return one[key] == value })
		require.GreaterOrEqual(t, i, 0, value)
		return records[i]
	}
	company, person, task := find("company", "externalId", "old"), find("enduser", "email", "kim@old.example"), find("task", "sourceId", "old")
	assert.Equal(t, company["_id"], person["companyId"])
	assert.Equal(t, company["_id"], task["companyId"])
	assert.Equal(t, []any{person["_id"]}, task["endusers"])

	// Whatever was deleted first, what belongs to others is created after these.
	r.script(t, fmt.Sprintf("planhat.company.delete(%q)\nplanhat.enduser.delete(%q)", company["_id"], person["_id"]), "--undoable")
	stdout, _ = r.undo(t, 0, "--yes", "--recreate")
	assert.Contains(t, stdout, "2 of 2 changes can be reverted")
	assert.Equal(t, find("company", "externalId", "old")["_id"], find("enduser", "email", "kim@old.example")["companyId"])
}
