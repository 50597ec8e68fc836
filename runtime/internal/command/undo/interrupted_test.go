package undo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/apply"
	"github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/run"
)

// TestPlansThatWereTakenBackAreNotContinued: what an undo has undone of an interrupted apply
// does not count as done. The undo does not wait after an apply that has ended.
func TestPlansThatWereTakenBackAreNotContinued(t *testing.T) {
	r := newTenant(t, nil)
	before := r.store(t)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "p.lua"), []byte(`
for i = 1, 3 do planhat.company.create{ externalId = "new-" .. i, name = "New " .. i } end`), 0o600))
	flags := []string{"--allow-host", "127.0.0.1", "--calls-per-min", "100000"}
	_, stderr, err := r.Run(plan.New, append(flags, "-o", "plan.jsonl", "p.lua")...)
	require.Zero(t, code(err), stderr)
	require.NoError(t, r.planhat.InjectFaults(simulator.Fault{Kind: simulator.FaultStatus, Status: 401, Nth: 2, Method: "POST"}))
	applying := slices.Concat(flags, []string{"plan.jsonl"})
	stdout, stderr, err := r.Run(apply.New, applying...)
	require.NotZero(t, code(err), stdout+stderr)
	require.Contains(t, stdout, "1 created, 2 not sent yet")

	stdout, _ = r.undo(t, 0, "--yes")
	assert.Contains(t, stdout, "1 of 1 change can be reverted")
	assert.Empty(t, differences(before, r.store(t)))
	stdout, stderr, err = r.Run(apply.New, applying...)
	assert.Equal(t, 11, code(err), stdout+stderr)
	assert.Contains(t, stderr, "\n  - run 1 of this plan was undone by run 2\nhint: make a new plan: phscript plan ")
	assert.Empty(t, differences(before, r.store(t)))
}

// TestRunsElsewhereDoNotBlock: a newer run that is not recorded matters only if it wrote to the
// account.
func TestRunsElsewhereDoNotBlock(t *testing.T) {
	r, other := newTenant(t, nil), newTenant(t, nil)
	settings := ""
	for name, url := range map[string]string{"here": r.proxy.URL, "there": other.proxy.URL} {
		settings += fmt.Sprintf("[profile.%s]\napi_url = %q\ntoken_env = \"THE_TOKEN\"\n", name, url)
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "phscript.toml"), []byte(settings), 0o600))
	r.Variables["THE_TOKEN"] = r.Variables["PLANHAT_API_TOKEN"]
	delete(r.Variables, "PLANHAT_API_TOKEN")
	delete(r.Variables, "PLANHAT_API_URL")
	const create = `planhat.company.create{ externalId = "new", name = "New" }`
	r.script(t, create, "--undoable", "--profile", "here")
	r.script(t, create, "--profile", "there")
	stdout, _ := r.undo(t, 0, "--yes", "--profile", "here")
	assert.Contains(t, stdout, "undo of run 1 (s.lua)")

	r.script(t, create, "--undoable", "--profile", "here")
	r.script(t, `planhat.company.update("extid-new", { name = "Newer" })`, "--profile", "here")
	_, stderr := r.undo(t, 2, "--yes", "--profile", "here")
	assert.Contains(t, stderr, "run 5 (s.lua) is newer than run 4, but its changes were not recorded")
}

// TestNoUndoOfNothingIsOffered: the summary names undo only if it can take something back.
func TestNoUndoOfNothingIsOffered(t *testing.T) {
	const rejected = `pcall(planhat.company.create, { sourceId = planhat.company.get_list()[1].sourceId })`
	const field = `planhat.custom_field.delete(planhat.custom_field.get_list()[1]._id)`
	const create = `planhat.company.create{ externalId = "new", name = "New" }`
	r := newTenant(t, nil)
	for i, source := range []string{rejected, field, rejected + "\n" + create} {
		require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "s.lua"), []byte(source), 0o600))
		_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "--yes", "--calls-per-min", "100000", "--undoable", "--confirm-field", "Tier", "s.lua")
		require.Contains(t, []int{0, 3}, code(err), stderr)
		assert.Equal(t, i == 2, strings.Contains(stderr, "phscript undo"), stderr)
	}
}

// TestKeysOfNewRecordsAreGivenBack: a record gets its key back once the new record that has it now is
// deleted.
func TestKeysOfNewRecordsAreGivenBack(t *testing.T) {
	r := newTenant(t, nil)
	before := r.store(t)
	r.script(t, `
local moved = planhat.enduser.get_list{ limit = 1 }[1]
planhat.enduser.update(moved._id, { externalId = "moved", position = "CEO" })
planhat.enduser.create{ externalId = moved.externalId, companyId = moved.companyId, email = "new@planhat.example" }
local other = planhat.company.get_list{ limit = 1 }[1]
planhat.company.bulk_upsert{ { _id = other._id, externalId = "moved" }, { _id = planhat.company.get_list{ limit = 2 }[2]._id, externalId = "moved too" } }
planhat.company.create{ externalId = other.externalId, name = "New" }`, "--undoable")
	stdout, stderr := r.undo(t, 0, "--yes")
	assert.Contains(t, stdout, "5 of 5 changes can be reverted", stderr)
	assert.Empty(t, differences(before, r.store(t)))
}
