package faults

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// createScript creates records one at a time, some with a key and some
// without, and tells how each call ended.
const createScript = `
local planhat, json = require "planhat", require "json"
local company
repeat
  local ok, made = pcall(planhat.company.create, { name = "Acme", externalId = "acme" })
  company = ok and made or select(2, pcall(planhat.company.get_by_id, "extid-acme"))
until company._id

local ends = json.array{}
local function create(kind, model, record)
  local ok, err = pcall(planhat[model].create, record)
  ends[#ends + 1] = {
    kind = kind, name = record.subject or record.action, ok = ok,
    uncertain = not ok and err.message:find("may have been stored", 1, true) ~= nil,
  }
end
for i = 1, tonumber(args[1]) do
  create("keyed", "task", { mainType = "task", action = "task " .. i, sourceId = "task-" .. i, companyId = company._id })
  create("keyless", "note", { type = "note", subject = "note " .. i, companyId = company._id })
end
return json.encode(ends)
`

// TestCreatesThroughChaos holds that a create is never carried out twice, and
// that an error which does not say so leaves nothing behind.
func TestCreatesThroughChaos(t *testing.T) {
	const each = 120
	var keyed, keyless atomic.Int64 // creates that were left open
	t.Cleanup(func() {
		assert.Positive(t, keyless.Load(), "no create was left open: the faults are too tame to prove anything")
		assert.Less(t, keyed.Load(), keyless.Load(), "records with a key are looked up")
	})
	open := map[string]*atomic.Int64{"keyed": &keyed, "keyless": &keyless}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			server := start(t, seed, chaos)
			var ends []struct {
				Kind, Name    string
				OK, Uncertain bool
			}
			run(t, host(t, server), createScript, &ends, fmt.Sprint(each))
			require.Len(t, ends, 2*each)
			have := stored(server, "task", "action")
			for subject, n := range stored(server, "note", "subject") {
				have[subject] = n
			}
			for _, end := range ends {
				n := have[end.Name]
				switch {
				case end.OK:
					require.Equal(t, 1, n, "%s was created", end.Name)
				case end.Uncertain:
					require.LessOrEqual(t, n, 1, "%s may have been created", end.Name)
					open[end.Kind].Add(1)
				default:
					require.Zero(t, n, "%s was not created", end.Name)
				}
			}
			assert.Len(t, server.Records("company"), 1)
		})
	}
}
