package apply

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// desk is a trial with a simulated Planhat of its own.
type desk struct {
	*trial.Trial
	planhat *simulator.Server
}

func start(t *testing.T, o simulator.Options) *simulator.Server {
	t.Helper()
	o.Seed, o.CallsPerMinute, o.PerSecond = 1, -1, -1
	if o.Companies == 0 {
		o.Companies = 5
	}
	s, err := simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newDesk(t *testing.T, o simulator.Options, files map[string]string) *desk {
	t.Helper()
	d := &desk{trial.New(t, files), start(t, o)}
	d.connect(d.planhat)
	return d
}

func (d *desk) connect(s *simulator.Server) {
	d.Variables["PLANHAT_API_TOKEN"], d.Variables["PLANHAT_API_URL"] = s.APIToken(), s.URL()
	d.Variables["PLANHAT_TENANT_TOKEN"], d.Variables["PLANHAT_ANALYTICS_URL"] = s.TenantToken(), s.AnalyticsURL()
}

func (d *desk) plan(args ...string) {
	d.Helper()
	_, stderr, err := d.Run(planning.New, append([]string{"-o", "plan.jsonl"}, args...)...)
	require.NoError(d, err, stderr)
	require.FileExists(d, filepath.Join(d.Env.Dir, "plan.jsonl"), stderr)
}

// apply applies the plan and returns the exit code and all that was printed.
func (d *desk) apply(args ...string) (code int, said string) {
	d.Helper()
	stdout, stderr, err := d.Run(New, append(args, "plan.jsonl")...)
	return outcome.Code(err), stdout + stderr
}

func (d *desk) write(name, text string) {
	d.Helper()
	require.NoError(d, os.WriteFile(filepath.Join(d.Env.Dir, name), []byte(text), 0o644))
}

// writes counts the requests that write.
func (d *desk) writes() (n int) {
	for _, c := range d.planhat.Calls() {
		if c.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// company returns the first company of the simulated Planhat, or another.
func (d *desk) company(n int) map[string]any { return d.planhat.Records("company")[n] }

const script = `
local tiers = require "tiers"
local region = os.getenv("REGION")
local list = planhat.company.get_list()
local created = planhat.company.create{ externalId = "a-1", name = "Acme" }
planhat.enduser.create{ companyId = created._id, email = "kim@acme.example" }
for row in csv.rows(args[1]) do
  planhat.company.bulk_upsert{ { externalId = row.id, name = row.name } }
end
planhat.company.update(list[1]._id, { name = "New name", custom = { Tier = tiers.best } })
planhat.company.delete(list[2]._id)
`

func files() map[string]string {
	return map[string]string{"sync.lua": script, "tiers.lua": `return { best = "Platinum" }`, "rows.csv": "id,name\ncompany-3,Changed\nnew-1,New\n"}
}

// planned is a desk with a plan of the script.
func planned(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, simulator.Options{}, files())
	d.Variables["REGION"] = "eu"
	d.plan("sync.lua", "rows.csv", "--allow-env", "REGION", "-p", "day=monday")
	return d
}

func TestAPlanIsAppliedOnce(t *testing.T) {
	d := planned(t)
	first, second := d.company(0), d.company(1)
	code, said := d.apply()
	assert.Equal(t, 12, code)
	assert.Contains(t, said, "not confirmed: the plan deletes 1 company and writes 5 records")
	assert.Zero(t, d.writes())

	code, said = d.apply("--yes", "--verify")
	require.Equal(t, 0, code, said)
	assert.Contains(t, said, "plan of sync.lua, run 1: 1 deleted, 3 created, 2 updated\n")
	assert.NotContains(t, said, "not as planned")
	now := d.planhat.Record("company", first["_id"].(string))
	assert.Equal(t, "New name", now["name"])
	assert.Equal(t, "Platinum", now["custom"].(map[string]any)["Tier"])
	assert.Nil(t, d.planhat.Record("company", second["_id"].(string)))
	var acme map[string]any
	for _, c := range d.planhat.Records("company") {
		if c["externalId"] == "a-1" {
			acme = c
		}
	}
	require.NotNil(t, acme)
	found := false
	for _, person := range d.planhat.Records("enduser") {
		found = found || person["email"] == "kim@acme.example" && person["companyId"] == acme["_id"]
	}
	assert.True(t, found, "the enduser belongs to the new company")

	before := d.writes()
	code, said = d.apply("--yes")
	assert.Equal(t, 11, code)
	assert.Contains(t, said, "you can apply a plan only once")
	assert.Equal(t, before, d.writes())
}

// TestEachCauseIsNamed: whatever has changed, apply names it and sends nothing.
func TestEachCauseIsNamed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(d *desk)
		args   []string
		says   string
	}{
		{"script", func(d *desk) { d.write("sync.lua", script+"-- more\n") }, nil, "the script sync.lua has changed"},
		{"script is gone", func(d *desk) { require.NoError(d, os.Remove(filepath.Join(d.Env.Dir, "sync.lua"))) }, nil, "the script sync.lua is missing"},
		{"module", func(d *desk) { d.write("tiers.lua", `return { best = "Gold" }`) }, nil, "tiers.lua has changed"},
		{"input file", func(d *desk) { d.write("rows.csv", "id,name\n") }, nil, "the input file rows.csv has changed"},
		{"variable", func(d *desk) { d.Variables["REGION"] = "us" }, nil, "the environment variable REGION has another value"},
		{"variable is gone", func(d *desk) { delete(d.Variables, "REGION") }, nil, "the environment variable REGION is no longer set"},
		{"arguments", nil, []string{"sync.lua", "other.csv"}, "the arguments differ: the plan was made with rows.csv"},
		{"another script", nil, []string{"tiers.lua", "rows.csv"}, "the plan was made from the script sync.lua, not from tiers.lua"},
		{"parameter", nil, []string{"-p", "day=friday"}, "the parameter day has another value"},
		{"parameter is missing", nil, []string{"-p", "night=friday"}, "the plan was made with the parameter day, which is not given"},
		{"standard input", func(d *desk) { d.write("in.txt", "x") }, []string{"--stdin", "in.txt"}, "the script read nothing from its standard input"},
		{"expired", func(d *desk) {
			later := d.Env.Now().Add(planfile.Life)
			d.Env.Now = func() time.Time { return later }
		}, nil, "the plan expired at"},
		{"host", func(d *desk) { d.connect(start(d.T, simulator.Options{})) }, nil, "the plan was made for the host "},
		{"truncated", func(d *desk) { d.edit(func(text string) string { return text[:len(text)-40] }) }, nil, "the file is not a whole plan: its last line is not complete"},
		{"altered", func(d *desk) {
			d.edit(func(text string) string { return strings.ReplaceAll(text, "New name", "Old name") })
		}, nil, "the file is not a whole plan: it was changed after it was written"},
		{"catalog", func(d *desk) {
			d.forge(func(h *planfile.Header) { h.Catalog = strings.Repeat("0", 64) })
		}, nil, "which knows another version of Planhat's API"},
		{"tenant", func(d *desk) {
			d.forge(func(h *planfile.Header) { h.Tenants[0].User = "5f0000000000000000000001" })
		}, nil, "the token belongs to another Planhat tenant"},
		{"touched property", func(d *desk) { d.set("company", 0, "name", "Theirs") }, nil,
			`name was "Blåbär Logistics ApS" when the plan was made, and is "Theirs" now`},
		{"touched custom property", func(d *desk) { d.set("company", 0, "custom", map[string]any{"Tier": "Gold"}) }, nil,
			`custom.Tier was "Silver" when the plan was made, and is "Gold" now`},
		{"touched property of a bulk row", func(d *desk) { d.set("company", 2, "name", "Theirs") }, nil, `and is "Theirs" now`},
		{"deleted", func(d *desk) { d.remove("company", 1) }, nil, "there is no company with the id"},
		{"deleted before an update", func(d *desk) { d.remove("company", 0) }, nil, "there is no company with the id"},
		{"bulk row is gone", func(d *desk) { d.remove("company", 2) }, nil, "the record no longer exists"},
		{"created meanwhile", func(d *desk) {
			require.NoError(d, d.planhat.Put("company", map[string]any{"externalId": "a-1", "name": "First"}))
		}, nil, "a company with the externalId a-1 exists"},
		{"created meanwhile by a bulk key", func(d *desk) {
			require.NoError(d, d.planhat.Put("company", map[string]any{"externalId": "new-1", "name": "First"}))
		}, nil, "the record exists now, with the _id"},
		{"another record", func(d *desk) {
			d.set("company", 2, "externalId", "moved")
			require.NoError(d, d.planhat.Put("company", map[string]any{"externalId": "company-3", "name": "Second"}))
		}, nil, "it was the record "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := planned(t)
			if tt.change != nil {
				tt.change(d)
			}
			flags, command := []string{"--yes"}, []string{}
			if len(tt.args) > 0 && strings.HasPrefix(tt.args[0], "-") {
				flags = append(flags, tt.args...)
			} else {
				command = tt.args
			}
			before := len(d.planhat.Calls())
			stdout, stderr, err := d.Run(New, append(append(flags, "plan.jsonl"), command...)...)
			assert.Equal(t, 11, outcome.Code(err), stdout+stderr)
			assert.Contains(t, stdout+stderr, tt.says)
			assert.Contains(t, stdout+stderr, "nothing was sent")
			for _, c := range d.planhat.Calls()[before:] {
				assert.Equal(t, http.MethodGet, c.Method)
			}
		})
	}
}

// edit changes the plan's file.
func (d *desk) edit(change func(text string) string) {
	d.Helper()
	name := filepath.Join(d.Env.Dir, "plan.jsonl")
	text, err := os.ReadFile(name)
	require.NoError(d, err)
	require.NoError(d, os.WriteFile(name, []byte(change(string(text))), 0o600))
}

// set changes a record as somebody else would.
func (d *desk) set(model string, n int, property string, value any) {
	d.Helper()
	body, err := json.Marshal(map[string]any{property: value})
	require.NoError(d, err)
	d.send(http.MethodPut, "/companies/"+d.planhat.Records(model)[n]["_id"].(string), string(body))
}

func (d *desk) send(method, path, body string) {
	d.Helper()
	req, err := http.NewRequestWithContext(d.Context(), method, d.planhat.URL()+path, strings.NewReader(body))
	require.NoError(d, err)
	req.Header.Set("Authorization", "Bearer "+d.planhat.APIToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(d, err)
	require.Equal(d, http.StatusOK, resp.StatusCode)
	require.NoError(d, resp.Body.Close())
}

func (d *desk) remove(model string, n int) {
	d.Helper()
	d.send(http.MethodDelete, "/companies/"+d.planhat.Records(model)[n]["_id"].(string), "")
}

// TestSkipStaleAppliesTheRest skips what has changed, and nothing else.
func TestSkipStaleAppliesTheRest(t *testing.T) {
	d := planned(t)
	d.set("company", 0, "name", "Theirs")
	d.set("company", 2, "web", "https://not-touched.example")
	code, said := d.apply("--yes", "--skip-stale")
	require.Equal(t, 3, code, said)
	assert.Contains(t, said, "1 deleted, 3 created, 1 updated")
	assert.Contains(t, said, "1 row has changed since the plan was made, and was skipped:")
	names := map[any]bool{}
	for _, c := range d.planhat.Records("company") {
		names[c["name"]] = true
	}
	assert.True(t, names["Theirs"] && names["Changed"] && names["Acme"] && names["New"])
	assert.False(t, names["New name"])
}

// TestWhatIsAlreadySo: a record that has the planned values is not stale.
func TestWhatIsAlreadySo(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.company.update(planhat.company.get_list()[1]._id, { name = "New name" })`})
	d.plan("a.lua")
	d.set("company", 0, "name", "New name")
	code, said := d.apply()
	require.Equal(t, 0, code, said)
}
