package serve

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// doing is what runs show --json says of a run at work.
type doing struct {
	Status   history.Status `json:"status"`
	Calls    int            `json:"calls"`
	Written  int            `json:"written"`
	Rejected int            `json:"rejected"`
	Warnings int            `json:"warnings"`
	Hint     string         `json:"hint"`
	Why      string         `json:"asked_why"`
	Task     *struct {
		Name        string
		Done, Total int64
	} `json:"task"`
}

const importing = `-- @param count:integer default=2
-- @param region:choice(eu, us)
log.warn("starting in " .. params.region)
local task = require("progress").start{ name = "companies", unit = "rows", total = 9 }
for i = 1, params.count do
  planhat.company.create{ name = "C" .. i, externalId = "c" .. i }
end
planhat.company.bulk_upsert{ { externalId = "c1", name = "C1" }, { externalId = "", name = "rejected" } }
task:add(params.count)
print("half done")
time.sleep(600)
`

// TestWhatARunAtWorkHasDone: its calls, rows and task are there long before it ends, and
// parameters are checked before it is queued.
func TestWhatARunAtWorkHasDone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"import\"\nscript = \"import.lua\"\nparams = { region = \"eu\" }\ndry_run = false\n"+never+
			"[[schedule]]\nname = \"fails\"\nscript = \"fails.lua\"\n"+never)
		w.file("import.lua", importing)
		w.file("fails.lua", `planhat.company.get_lst()`+"\n")
		w.serve().says("serving")
		_, errs, code := w.try("schedule", "run", "import", "--param", "count=many")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, `the parameter count must be a whole number, not "many"`)
		_, errs, code = w.try("schedule", "run", "import", "--param", "regoin=us")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "the script has no parameter 'regoin' (did you mean 'region'?)")
		id := queuedRun.FindStringSubmatch(w.do("schedule", "run", "import", "-p", "count=4", "--reason", "the file is there now"))[1]
		var d doing
		patience.Await(t, 100*time.Millisecond, func() bool {
			d = doing{}
			require.NoError(t, json.Unmarshal([]byte(w.do("runs", "show", "--json", id)), &d))
			return d.Calls == 5 && d.Task != nil && d.Task.Done == 4
		}, "the progress of the run is never stored")
		assert.Equal(t, history.Running, d.Status)
		assert.Equal(t, [3]int{4, 1, 2}, [3]int{d.Written, d.Rejected, d.Warnings})
		assert.Equal(t, "companies", d.Task.Name)
		assert.EqualValues(t, 9, d.Task.Total)
		assert.Equal(t, "the file is there now", d.Why)
		shown := w.do("runs", "show", id)
		assert.Regexp(t, `(?m)^asked by +\S+: the file is there now$`, shown)
		assert.Regexp(t, `(?m)^doing +companies, 4 of 9 rows.*\ncalls so far +5\nwritten so far +4\nrejected so far +1\nlast line .*$`, shown)
		w.do("runs", "cancel", id, "--reason", "enough")
		r := w.becomes(id, history.Cancelled)
		assert.Regexp(t, "^cancelled by .*: enough$", r.Reason)
		assert.Equal(t, 5, r.Calls)

		failed := w.start("fails")
		w.becomes(failed, history.Failed)
		require.NoError(t, json.Unmarshal([]byte(w.do("runs", "show", "--json", failed)), &d))
		assert.NotEmpty(t, d.Hint)
		assert.NotContains(t, w.do("runs", "show", failed), "so far")
	})
}
