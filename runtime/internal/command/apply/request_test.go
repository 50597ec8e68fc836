package apply

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/changes"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

const deleting = `
local list = planhat.company.get_list{ sort = "_id" }
planhat.request{ method = "DELETE", path = "/companies/" .. list[2]._id }
`

// deletes counts the requests that delete.
func (d *desk) deletes() (n int) {
	for _, c := range d.planhat.Calls() {
		if c.Method == http.MethodDelete {
			n++
		}
	}
	return n
}

// changes returns what the journal has of all plans.
func (d *desk) changes() (all []changes.Change) {
	d.Helper()
	d.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		const few = 5
		for set := range int64(few) {
			page, err := changes.Page(ctx, db, set, 0, few)
			require.NoError(d, err)
			all = append(all, page...)
		}
	})
	return all
}

// TestDeletesByRequestNeedConsent: a DELETE of planhat.request is a delete to plan, consent and limits.
func TestDeletesByRequestNeedConsent(t *testing.T) {
	for name, script := range map[string]string{
		"a record": deleting, "something else": `planhat.request{ method = "delete", path = "/things/7" }`,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": script})
			d.write("phscript.toml", fmt.Sprintf("[profile.live]\nproduction = true\napi_url = %q\nanalytics_url = %[1]q\ntoken_env = \"LIVE\"\n", d.planhat.URL()))
			d.Variables["LIVE"] = d.planhat.APIToken()
			d.plan("--profile", "live", "a.lua")
			code, said := d.apply("--profile", "live")
			assert.Equal(t, 12, code, said)
			assert.Contains(t, said, "not confirmed: the plan deletes 1 record with planhat.request, and live is a production profile")
			code, said = d.apply("--profile", "live", "--yes")
			assert.Equal(t, 12, code, said)
			code, said = d.apply("--profile", "live", "--confirm", "live", "--max-deletes", "0")
			assert.Equal(t, 12, code, said)
			assert.Contains(t, said, "the plan deletes 1 record with planhat.request, and --max-deletes allows 0")
			assert.Zero(t, d.writes())
			code, said = d.apply("--profile", "live", "--confirm", "live")
			assert.Equal(t, 0, code, said)
			assert.Contains(t, said, "1 deleted")
			assert.Equal(t, 1, d.deletes())
		})
	}
}

// TestDeletesByRequestAreShown: the plan shows what is deleted with its method and path.
func TestDeletesByRequestAreShown(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": deleting + `
planhat.request{ method = "DELETE", path = "/things/7" }
planhat.request{ method = "POST", path = "/things", body = { a = 1 } }`})
	second := d.company(1)
	stdout, stderr, err := d.Run(planning.New, "a.lua")
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "2 to delete, 1 to send\n  delete with planhat.request: 2\n")
	assert.Contains(t, stdout, fmt.Sprintf("    - DELETE /companies/%s, %s, ", second["_id"], second["name"]))
	assert.Contains(t, stdout, "    - DELETE /things/7, line 5\n")
	assert.Contains(t, stdout, "  send with planhat.request: 1\n    > POST /things, line 6\n")
}

// TestDeletesByRequestAreChecked: the record is read again, and its values are kept.
func TestDeletesByRequestAreChecked(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": deleting})
	d.plan("a.lua")
	d.remove("company", 1)
	code, said := d.apply("--yes")
	assert.Equal(t, 11, code, said)
	assert.Contains(t, said, "there is no company with the id")
	assert.Equal(t, 1, d.deletes(), "only that of the other person")

	second := d.company(1)
	require.NoError(t, os.Remove(filepath.Join(d.Env.Dir, "plan.jsonl")))
	d.plan("a.lua")
	code, said = d.apply("--yes")
	require.Equal(t, 0, code, said)
	assert.Nil(t, d.planhat.Record("company", second["_id"].(string)))
	kept := d.changes()
	require.Len(t, kept, 1)
	assert.Equal(t, "company", kept[0].Model)
	assert.Contains(t, string(kept[0].Before), second["name"].(string))
}

// TestNewRecordsAreDeletedByRequest: a placeholder in a path becomes the id.
func TestNewRecordsAreDeletedByRequest(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local new = planhat.company.create{ externalId = "new", name = "New" }
planhat.request{ method = "DELETE", path = "/companies/" .. new._id }`})
	d.plan("a.lua")
	code, said := d.apply("--yes")
	require.Equal(t, 0, code, said)
	assert.Contains(t, said, "1 deleted, 1 created")
	for _, c := range d.planhat.Records("company") {
		assert.NotEqual(t, "new", c["externalId"])
	}
}

// TestListsOfRequestsAreSentWhole: the list that is the body of a planhat.request is one row of the
// plan, sent as it is, and counts as as many records as it has.
func TestListsOfRequestsAreSentWhole(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
		local rows = {}
		for i, c in ipairs(planhat.company.get_list{ sort = "_id", limit = 3 }) do
			rows[i] = { _id = c._id, phase = "Phase " .. i }
		end
		planhat.request{ method = "PUT", path = "/companies", body = rows }
		planhat.request{ method = "PUT", path = "/companies", body = { rows[1] } }`})
	d.write("phscript.toml", fmt.Sprintf("[profile.live]\nproduction = true\napi_url = %q\nanalytics_url = %[1]q\ntoken_env = \"LIVE\"\nconfirm_above = 3\n", d.planhat.URL()))
	d.Variables["LIVE"] = d.planhat.APIToken()
	said, stderr, err := d.Run(planning.New, "--profile", "live", "-o", "plan.jsonl", "a.lua")
	require.NoError(t, err, stderr)
	assert.Contains(t, said, "send with planhat.request: 4\n    > PUT /companies, 3 rows, line 6\n    > PUT /companies, line 7\n")
	code, said := d.apply("--profile", "live")
	assert.Equal(t, 12, code, said)
	assert.Zero(t, d.writes())
	code, said = d.apply("--profile", "live", "--yes")
	assert.Equal(t, 0, code, said)
	assert.Contains(t, said, "4 sent")
	var phases []string
	for _, c := range d.planhat.Records("company") {
		phases = append(phases, fmt.Sprint(c["phase"]))
	}
	assert.Subset(t, phases, []string{"Phase 1", "Phase 2", "Phase 3"})
}

// TestAShareOfDeletes: it is one of the records that the script has read.
func TestAShareOfDeletes(t *testing.T) {
	d := newDesk(t, simulator.Options{Companies: 5}, map[string]string{"a.lua": `
local list = planhat.company.get_list()
for i = 1, 2 do planhat.company.delete(list[i]._id) end
planhat.company.bulk_upsert{ { externalId = "company-4", name = "New" } }
`})
	d.plan("a.lua")
	code, said := d.apply("--yes", "--max-deletes", "39%")
	assert.Equal(t, 12, code, said)
	assert.Contains(t, said, "the plan deletes 2 companies of the 5 that it knows, and --max-deletes allows 39%")
	assert.Zero(t, d.deletes())
	code, said = d.apply("--yes", "--max-deletes", "40%")
	assert.Equal(t, 0, code, said)
}
