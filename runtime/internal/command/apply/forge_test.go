package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// forge changes the header of the plan and makes its hash fit.
func (d *desk) forge(change func(*planfile.Header)) {
	d.Helper()
	d.alter(0, func(line []byte) []byte {
		var h planfile.Header
		require.NoError(d, json.Unmarshal(line, &h))
		change(&h)
		first, err := json.Marshal(h)
		require.NoError(d, err)
		return first
	})
}

// alter changes a line of the plan, counted from 0, and makes its hash fit.
func (d *desk) alter(at int, change func(line []byte) []byte) {
	d.Helper()
	d.edit(func(text string) string {
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		lines[at] = string(change([]byte(lines[at]))) + "\n"
		last := len(lines) - 1
		var end planfile.Trailer
		require.NoError(d, json.Unmarshal([]byte(lines[last]), &end))
		sum := sha256.Sum256([]byte(strings.Join(lines[:last], "")))
		end.SHA256 = hex.EncodeToString(sum[:])
		trailer, err := json.Marshal(end)
		require.NoError(d, err)
		return strings.Join(lines[:last], "") + string(trailer) + "\n"
	})
}

// replace changes a text in a line of the plan and makes its hash fit.
func (d *desk) replace(at int, old, now string) {
	d.Helper()
	d.alter(at, func(line []byte) []byte {
		require.Contains(d, string(line), old)
		return bytes.TrimSuffix(bytes.Replace(line, []byte(old), []byte(now), 1), []byte("\n"))
	})
}

// TestAlteredPlansAreRefused: a plan that phscript would not write is refused before anything
// happens, and remains to be applied.
func TestAlteredPlansAreRefused(t *testing.T) {
	const del, upd, cre, req = 1, 2, 3, 4
	for name, tt := range map[string]struct {
		line      int
		old, now  string
		says      string
		unaltered bool // it is not known that the plan was altered
	}{
		"action of a delete":    {line: del, old: `"action":"delete"`, now: `"action":"update"`, says: "step 1: row 1 is to update, which company.delete does not do"},
		"unknown action":        {line: upd, old: `"action":"update"`, now: `"action":"erase"`, says: "step 2: row 1 is to erase"},
		"action of a request":   {line: req, old: `"action":"delete"`, now: `"action":"send"`, says: "step 4: row 1 is to send, which planhat.request does not do"},
		"method of a request":   {line: req, old: `"method":"DELETE"`, now: `"method":"PUT"`, says: "step 4: row 1 is to delete"},
		"unknown method":        {line: req, old: `"method":"DELETE"`, now: `"method":"GET"`, says: `step 4: a plan cannot have the method "GET"`},
		"model of a request":    {line: req, old: `"model":"planhat"`, now: `"model":"company"`, says: "step 4: company.request is not a request of planhat.request"},
		"address as a path":     {line: req, old: `"path":"/`, now: `"path":"https://evil.example/`, says: `step 4: the path "https://evil.example/`},
		"path that leaves":      {line: req, old: `"path":"/`, now: `"path":"/../`, says: "cannot be used"},
		"client":                {line: del, old: `"client":1`, now: `"client":7`, says: "step 1: account 7 is not one of the plan's"},
		"no placeholders":       {line: 0, old: `"placeholders":"00000000`, now: `"placeholders":"","x":"`, says: `line 1: "" is not how placeholders begin`},
		"operation that reads":  {line: upd, old: `"operation":"update"`, now: `"operation":"get_list"`, says: `step 2: a plan cannot have the operation "get_list"`},
		"placeholder":           {line: cre, old: `"defines":["0`, now: `"defines":["5`, says: "is not a placeholder"},
		"no placeholder":        {line: cre, old: `"defines":["`, now: `"needs":["`, says: "the placeholder of its _id is not listed"},
		"id with a path":        {line: del, old: `"_id":"`, now: `"_id":"../users/`, says: `step 1: row 1 has the invalid _id "../users/`},
		"no id":                 {line: del, old: `"_id":"`, now: `"name":"`, says: "step 1: row 1 names no record"},
		"row number":            {line: upd, old: `"row":1`, now: `"row":0`, says: "step 2: the row number 0 is invalid"},
		"step number":           {line: upd, old: `"step":2`, now: `"step":1`, says: "step 1: its number is not higher"},
		"body":                  {line: cre, old: `"body":{`, now: `"body":[],"x":{`, says: "step 3: row 1 has no properties"},
		"unknown model":         {line: upd, old: `"model":"company"`, now: `"model":"planet"`, says: "this phscript does not know planet.update", unaltered: true},
		"values shown and sent": {line: upd, old: `"after":"New name"`, now: `"after":"Good name"`, says: `the plan shows "Good name" for name, and would send "New name"`, unaltered: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local list = planhat.company.get_list{ sort = "_id" }
planhat.company.delete(list[2]._id)
planhat.company.update(list[1]._id, { name = "New name" })
planhat.company.create{ externalId = "a-1", name = "Acme" }
planhat.request{ method = "DELETE", path = "/companies/" .. list[3]._id }`})
			d.plan("a.lua")
			whole, err := os.ReadFile(filepath.Join(d.Env.Dir, "plan.jsonl"))
			require.NoError(t, err)
			d.replace(tt.line, tt.old, tt.now)
			code, said := d.apply("--yes")
			assert.Equal(t, 11, code, said)
			assert.Contains(t, said, tt.says)
			if !tt.unaltered {
				assert.Contains(t, said, "the plan was altered: ")
			}
			assert.Zero(t, d.writes())
			d.write("plan.jsonl", string(whole))
			code, said = d.apply("--yes")
			require.Equal(t, 0, code, said)
			assert.Contains(t, said, "run 1: 2 deleted, 1 created, 1 updated", "no run was begun before")
		})
	}
}

// TestBlindRowsNeedConsent: that rows were not looked up is not left to the first line.
func TestBlindRowsNeedConsent(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.company.delete(planhat.company.get_list()[2]._id)`})
	d.plan("a.lua")
	d.replace(1, `"action":"delete"`, `"action":"delete","not_looked_up":true`)
	code, said := d.apply("--yes")
	assert.Equal(t, 12, code, said)
	assert.Contains(t, said, "1 row of company.delete not looked up")
	assert.Zero(t, d.writes())
}

// TestTotalsDoNotDecide: which models a plan writes to is not left to the first line.
func TestTotalsDoNotDecide(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": "-- @writes company\nplanhat.company.update(planhat.company.get_list()[1]._id, { name = 'N' })"})
	d.plan("a.lua")
	d.forge(func(h *planfile.Header) { h.Totals = nil })
	d.replace(1, `"model":"company"`, `"model":"enduser"`)
	code, said := d.apply("--yes")
	assert.Equal(t, 11, code, said)
	assert.Contains(t, said, "the plan writes to enduser, which @writes on line 1 of a.lua does not name")
}
